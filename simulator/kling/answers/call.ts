/** One call of one account on one row of Kling's catalogue. */
import type { State } from '../../state/state.ts'
import type { Doc, Resource } from '../../state/types.ts'
import type { KlingAccount } from '../accounts/accounts.ts'
import type { Row } from '../catalogue/catalogue.ts'

export type Call = {
  state: State
  row: Row
  name: string
  account: KlingAccount
  params: Record<string, string>
  query: URLSearchParams
  body: Doc
  /** The body as it came, for marks like [fail]. */
  text: string
  origin: string
  /** Things that the body names, by the documented pointer. */
  found: Map<string, Resource>
}

export function succeed(data: unknown): Doc {
  return { code: 0, message: 'SUCCEED', request_id: crypto.randomUUID(), data }
}

/** Optional fields are left out or empty. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function asDoc(value: unknown): Doc {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Doc) : {}
}
