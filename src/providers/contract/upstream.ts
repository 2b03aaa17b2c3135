/** The only way in which a provider's folder calls the provider. */
import type { Settings } from '#domain/runtime/settings.ts'

export interface Upstream {
  /** Epoch ms. */
  now(): number
  settings: Settings
  /** Never follows redirects. Reads at most 1 MiB of the body. Throws when the provider cannot be reached or is too slow. */
  send(
    origin: string,
    call: UpstreamCall
  ): Promise<{ status: number; headers: Headers; text: string }>
  /** Waits. For a provider that limits how often it may be called. */
  pause(ms: number): Promise<void>
}

/** One call to the provider on one account. `path` starts with `/` and may have a query. */
interface UpstreamCall {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
  timeoutMs: number
}
