/** How useapi.net's calls are the provider's own; a provider has what of it fits. */
import type * as z from 'zod'

/** Mapping of useapi.net's text-to-speech calls to the provider's own. */
export interface ProviderSpeech {
  /** The fields of POST /tts/create beside `email`. */
  fields: z.ZodRawShape
  create(fields: Record<string, unknown>): { path: string; body: unknown }
  createAnswer(answer: unknown): Record<string, unknown>
  voicesPath(page: { limit: number; token?: string; language?: string }): string
  voicePath(voiceId: string): string
  voicesAnswer(answer: unknown): { list: Record<string, unknown>[]; next?: string }
  voiceAnswer(answer: unknown): Record<string, unknown>
  /** The provider's list, which may be gone by now: then what its voices speak is listed. */
  languagesPath: string
  languagesAnswer(answer: unknown): Record<string, unknown>[]
  languagesOf(voices: readonly Record<string, unknown>[]): Record<string, unknown>[]
}

/** useapi.net's calls that start tasks, on the provider's own. */
export interface ProviderTasks {
  calls: readonly TaskCall[]
  missing: readonly MissingCall[]
  /** Absent: the provider takes uploads itself, or has no use for them. */
  uploads?: ProviderUploads
  /** Where a task is read of whose creation nothing is known. */
  taskPath(id: string): string
  /** The provider's list of tasks, asked for with POST. */
  list(page: TaskPage): BuiltCall
  createdView(
    answer: unknown,
    made: { path: string; fields: Record<string, unknown> }
  ): Record<string, unknown>
  /** `path`: where it was read. Undefined: there is no such task in the answer. */
  taskView(answer: unknown, path: string): Record<string, unknown> | undefined
  historyView(answer: unknown): Record<string, unknown>
  /** useapi.net's status for a refusal, where the provider's own says something else. */
  statusOf(json: unknown): number | undefined
}

/** useapi.net's uploads, kept by the gateway for a provider that has none. */
export interface ProviderUploads {
  path: string
  /** Whether the provider's fields for media of this type also take base64, without a prefix. */
  isInline(type: string): boolean
}

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
  /** `readTask` gives a task as the provider shows it. */
  build(
    fields: Record<string, unknown>,
    readTask: (id: string) => Promise<unknown>
  ): BuiltCall | Promise<BuiltCall>
  /** For what answers at once. */
  answer?(answer: unknown): Record<string, unknown>
}

export type BuiltCall = { path: string; body: unknown } | { wrong: string }

/** A call without a counterpart: 501 with the sentence. */
export interface MissingCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  why: string
}
