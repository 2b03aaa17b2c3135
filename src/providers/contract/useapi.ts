/**
 * The part `useapi`: useapi.net's calls, sent as the provider's own calls and answered in useapi.net's shape. A provider has what
 * of it fits. Accounts, jobs and the scheduler of useapi.net need nothing here.
 */
import type * as z from 'zod'

export interface ProviderUseapi {
  /** Text-to-speech at `/v1/<name>/tts`. */
  speech?: UseapiSpeech
  /** Calls that start tasks, below `/v1/<name>`. */
  tasks?: UseapiTasks
}

/** Paths are the provider's own, with their query. Answers are its parsed JSON. */
export interface UseapiSpeech {
  /** The fields of POST /tts/create beside `email`. */
  fields: z.ZodRawShape
  create(fields: Record<string, unknown>): { path: string; body: unknown }
  createAnswer(answer: unknown): Record<string, unknown>
  voicesPath(page: { limit: number; token?: string; language?: string }): string
  voicePath(voiceId: string): string
  voicesAnswer(answer: unknown): { list: Record<string, unknown>[]; next?: string }
  voiceAnswer(answer: unknown): Record<string, unknown>
  /** The provider's list of languages. Where it is retired, the languages of the voices are listed instead. */
  languagesPath: string
  languagesAnswer(answer: unknown): Record<string, unknown>[]
  languagesOf(voices: readonly Record<string, unknown>[]): Record<string, unknown>[]
}

export interface UseapiTasks {
  calls: readonly TaskCall[]
  missing: readonly MissingCall[]
  /** Absent: the provider takes uploads itself, or needs none. */
  uploads?: UseapiUploads
  /** The path that reads a task of whose creation we know nothing. */
  taskPath(id: string): string
  /** The provider's list of tasks, asked for with POST. */
  list(page: TaskPage): BuiltCall
  createdView(
    answer: unknown,
    made: { path: string; fields: Record<string, unknown> }
  ): Record<string, unknown>
  /** `path`: where the answer was read. Undefined: the answer holds no task. */
  taskView(answer: unknown, path: string): Record<string, unknown> | undefined
  historyView(answer: unknown): Record<string, unknown>
  /** useapi.net's HTTP status for a refusal, where the provider's own status means something else. */
  statusOf(json: unknown): number | undefined
}

/** useapi.net's uploads, kept for a day by the gateway for a provider that takes none. */
export interface UseapiUploads {
  path: string
  /** Whether the provider's fields for media of this type also take base64, without a `data:` prefix. */
  isInline(type: string): boolean
}

/** `before` and `after`: epoch ms. */
interface TaskPage {
  size: number
  before?: number | undefined
  after?: number | undefined
  contentType?: string | undefined
}

export interface TaskCall {
  path: string
  /** Beside `email`, `maxJobs`, `replyUrl` and `replyRef`. */
  fields: z.ZodRawShape
  /** `readTask` gives a task in the provider's shape. */
  build(
    fields: Record<string, unknown>,
    readTask: (id: string) => Promise<unknown>
  ): BuiltCall | Promise<BuiltCall>
  /** For a call that answers at once and starts no task. */
  answer?(answer: unknown): Record<string, unknown>
}

/** `wrong`: the fields cannot be said to the provider, for the reason in the sentence. */
export type BuiltCall = { path: string; body: unknown } | { wrong: string }

/** A call that the provider has nothing for: 501 with the sentence. */
export interface MissingCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  why: string
}
