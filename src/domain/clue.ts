/**
 * What is kept of a client's own text to recognise its job by: a title may be megabytes long, and a ledger with a few of
 * those could not be read any more. Rows of the provider's are cut in the same way before they are compared.
 */
import type { Lease } from './lease.ts'

const KEPT_CHARS = 256

export function keptClue({ title, callbackId }: Lease['clue']): Lease['clue'] {
  return {
    ...(title === undefined ? {} : { title: keptTitle(title) }),
    ...(callbackId === undefined ? {} : { callbackId: keptCallbackId(callbackId) }),
  }
}

export function keptTitle(title: string): string {
  return title.slice(0, KEPT_CHARS)
}

/** Two that are equal stay equal, and two that are not stay apart, as surely as chance can. */
export function keptCallbackId(id: string): string {
  if (id.length <= KEPT_CHARS) return id
  const mark = `~${id.length}.${hashOf(id, 0)}${hashOf(id, 1)}`
  return id.slice(0, KEPT_CHARS - mark.length) + mark
}

/** True: it is not the client's own text any more, and nobody knows it under this name. */
export function isCut(callbackId: string): boolean {
  return callbackId.length === KEPT_CHARS && /~\d+\.[0-9a-f]{32}$/.test(callbackId)
}

/** cyrb53's mixing, twice with other seeds: at once, where SHA-256 would have to be waited for. 16 hex digits. */
function hashOf(text: string, seed: number): string {
  let high = 0xdeadbeef ^ seed
  let low = 0x41c6ce57 ^ seed
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    high = Math.imul(high ^ code, 2654435761)
    low = Math.imul(low ^ code, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0')
}
