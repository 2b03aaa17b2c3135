/** What the lists of one older call are read with, and how many pages they may take. */
import { valueAt } from '#domain/text/json-pointer.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { NewerAnswer, NewerCall } from '#providers/contract/provider.ts'

/** How many pages one older call may ask for, counted for each account, and how many of these may be public ones. */
export const QUESTIONS_MAX = 40
export const PUBLIC_PAGES_MAX = 20

export interface ListReader {
  ports: Ports
  call: ProxyCall
  /** A refusal ends the older call. */
  ask(call: NewerCall): Promise<NewerAnswer>
  /** Goes on when the client disconnects. A refusal is an answer like any other. */
  askAside(call: NewerCall): Promise<NewerAnswer>
  lose(what: string): void
  /** What is left for all lists of the older call. */
  budget: { questions: number; publicPages: number }
}

export function rowsIn(body: unknown): unknown[] {
  const found = valueAt(body, '/data')
  return Array.isArray(found) ? found : []
}
