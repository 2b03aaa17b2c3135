/**
 * The part `useapi`: translates useapi.net's calls to the provider's own calls, and the answers to useapi.net's shape. A provider
 * has those that it can serve. Accounts, jobs and the scheduler of useapi.net need nothing here.
 */
import type * as z from 'zod/mini'

export interface ProviderUseapi {
  /** Text-to-speech at `/v1/<name>/tts`. */
  speech?: UseapiSpeech
  /** Calls that start tasks, below `/v1/<name>`. */
  tasks?: UseapiTasks
}

/** Paths are the provider's own, with their query. Answers are its parsed JSON. */
export interface UseapiSpeech {
  /** The fields of POST /tts/create besides `email`. */
  fields: z.core.$ZodShape
  create(fields: Record<string, unknown>): { path: string; body: unknown }
  createAnswer(answer: unknown): Record<string, unknown>
  voicesPath(page: { limit: number; token?: string; language?: string }): string
  voicePath(voiceId: string): string
  voicesAnswer(answer: unknown): { list: Record<string, unknown>[]; next?: string }
  voiceAnswer(answer: unknown): Record<string, unknown>
  /** The path of the provider's list of languages. If it is retired, the languages of the voices are listed. */
  languagesPath: string
  languagesAnswer(answer: unknown): Record<string, unknown>[]
  languagesOf(voices: readonly Record<string, unknown>[]): Record<string, unknown>[]
}

export interface UseapiTasks {
  calls: readonly TaskCall[]
  missing: readonly MissingCall[]
  /** Absent: the provider takes uploads itself, or needs none. */
  uploads?: UseapiUploads
  /** The path that reads a task that the gateway did not start. */
  taskPath(id: string): string
  /** The provider's list of tasks, which is read with POST. */
  list(page: TaskPage): BuiltCall
  createdView(
    answer: unknown,
    made: { path: string; fields: Record<string, unknown> }
  ): Record<string, unknown>
  /** `path`: the path of the call that gave the answer. Undefined: the answer contains no task. */
  taskView(answer: unknown, path: string): Record<string, unknown> | undefined
  historyView(answer: unknown): Record<string, unknown>
  /** useapi.net's HTTP status for a refusal, if the provider's status means something else there. */
  statusOf(json: unknown): number | undefined
}

/** useapi.net's uploads. The gateway keeps them for a day if the provider takes no uploads. */
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
  /** The fields besides `email`, `maxJobs`, `replyUrl` and `replyRef`. */
  fields: z.core.$ZodShape
  /** `readTask` returns a task in the provider's shape. */
  build(
    fields: Record<string, unknown>,
    readTask: (id: string) => Promise<unknown>
  ): BuiltCall | Promise<BuiltCall>
  /** The answer of a call that starts no task. */
  answer?(answer: unknown): Record<string, unknown>
}

/** `wrong`: a sentence that says why the provider has no call for these fields. */
export type BuiltCall = { path: string; body: unknown } | { wrong: string }

/** A call without a counterpart at the provider. The answer is 501 with the sentence. */
export interface MissingCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  why: string
}
