/** The only way in which a provider folder reaches its provider: it is handed one of these. */
import type { Settings } from '#domain/runtime/settings.ts'

/** One call to the provider on one account; `path` starts with `/`. Network failures throw. */
interface UpstreamCall {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
  timeoutMs: number
}

export interface Upstream {
  now(): number
  settings: Settings
  /** Never follows redirects; the body is read up to 1 MiB. Throws when the provider cannot be reached. */
  send(
    origin: string,
    call: UpstreamCall
  ): Promise<{ status: number; headers: Headers; text: string }>
  /** Where the provider wants its questions apart. */
  pause(ms: number): Promise<void>
}
