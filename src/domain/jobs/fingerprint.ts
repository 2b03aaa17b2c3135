/**
 * What is kept of a client's own text to recognise its job by: a title may be megabytes long, and a ledger with a few of
 * those could not be read any more. Rows of the provider's are cut in the same way before they are compared.
 */
import { hexHashNow } from '#domain/text/hash.ts'
import type { Lease } from '#domain/slots/lease.ts'

const KEPT_CHARS = 256
/** Of megabytes the hash would take as long as the rest of the call. */
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

export function shortTitle(title: string): string {
  return title.slice(0, KEPT_CHARS)
}

/** Two that are equal stay equal, and two that are not stay apart, as surely as chance can. */
export function shortCallbackId(id: string): string {
  return shortId(id)
}

/** The same of whatever a client wrote in the place of an id. */
export function shortId(id: string): string {
  if (id.length <= KEPT_CHARS) return id
  const mark = `~${id.length}.${hexHashNow(sampleOf(id)).slice(0, 32)}`
  return id.slice(0, KEPT_CHARS - mark.length) + mark
}

/** Of what no client means as an id, its two ends. */
function sampleOf(id: string): string {
  if (id.length <= HASHED_CHARS) return id
  return id.slice(0, HASHED_CHARS / 2) + id.slice(-HASHED_CHARS / 2)
}

/** True: it is not the client's own text any more, and nobody knows it under this name. */
export function isCut(callbackId: string): boolean {
  return callbackId.length === KEPT_CHARS && /~\d+\.[0-9a-f]{32}$/.test(callbackId)
}
