/**
 * What is kept of a client's own text, to recognise its job by. A title may be megabytes long, and an object could not read a
 * ledger with a few of those. Texts in rows of a list are shortened the same way before they are compared. Pure.
 */
import { hexHashNow } from '#domain/text/hash.ts'
import type { Lease } from '#domain/slots/lease.ts'

const KEPT_CHARS = 256
/** To hash megabytes would take as long as the rest of the call. */
const HASHED_CHARS = 32_768

export function shortFingerprint({
  title,
  callbackId,
}: Lease['fingerprint']): Lease['fingerprint'] {
  return {
    ...(title === undefined ? {} : { title: shortTitle(title) }),
    ...(callbackId === undefined ? {} : { callbackId: shortCallbackId(callbackId) }),
  }
}

function shortTitle(title: string): string {
  return title.slice(0, KEPT_CHARS)
}

/** Equal ids stay equal, and different ids stay different, as surely as a hash can tell them apart. */
export function shortCallbackId(id: string): string {
  return shortId(id)
}

/** The same for any text in the place of an id. */
export function shortId(id: string): string {
  if (id.length <= KEPT_CHARS) return id
  const mark = `~${id.length}.${hexHashNow(sampleOf(id)).slice(0, 32)}`
  return id.slice(0, KEPT_CHARS - mark.length) + mark
}

/** The two ends of a text that is far too long for an id. */
function sampleOf(id: string): string {
  if (id.length <= HASHED_CHARS) return id
  return id.slice(0, HASHED_CHARS / 2) + id.slice(-HASHED_CHARS / 2)
}

/** It is not the client's own text any more, so it must not be shown as such. */
export function isCut(callbackId: string): boolean {
  return callbackId.length === KEPT_CHARS && /~\d+\.[0-9a-f]{32}$/.test(callbackId)
}
