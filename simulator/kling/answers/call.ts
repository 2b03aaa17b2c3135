/** One call of one account on one row of Kling's catalogue. */
import type { Site } from '../../answers/links.ts'
import { newUuid } from '../../state/random.ts'
import type { State } from '../../state/state.ts'
import type { KlingAccount, Resource } from '../../state/types.ts'
import { type Doc, isDoc } from '../../text/json.ts'
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
  site: Site
  /** Resources that the body names, by the documented pointer. */
  found: Map<string, Resource>
}

export function succeed(data: unknown): Doc {
  return { code: 0, message: 'SUCCEED', request_id: newUuid(), data }
}

/** An empty string counts as left out. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function asDoc(value: unknown): Doc {
  return isDoc(value) ? value : {}
}
