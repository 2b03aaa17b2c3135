/**
 * Shortens a client's texts, such as a title, that are stored to recognise a job. A title may be megabytes long, and an object
 * could not read many of them. Texts in a provider's rows are shortened in the same way before they are compared. Pure.
 */
import { hexHashNow } from '#domain/text/hash.ts'
import type { Lease } from '#domain/slots/lease.ts'

const KEPT_CHARS = 256
/** How much of a text is hashed. Hashing megabytes would take as long as the rest of the call. */
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

/** A short form of a callback id. Equal ids have equal forms, and different ids have different ones. */
export function shortCallbackId(id: string): string {
  return shortId(id)
}

/** A short form of any text in the place of an id. */
export function shortId(id: string): string {
  if (id.length <= KEPT_CHARS) return id
  const mark = `~${id.length}.${hexHashNow(sampleOf(id)).slice(0, 32)}`
  return id.slice(0, KEPT_CHARS - mark.length) + mark
}

/** The two ends of a text that is much too long for an id. */
function sampleOf(id: string): string {
  if (id.length <= HASHED_CHARS) return id
  return id.slice(0, HASHED_CHARS / 2) + id.slice(-HASHED_CHARS / 2)
}

/** Whether the callback id was shortened. Then it must not be shown as the client's own text. */
export function isCut(callbackId: string): boolean {
  return callbackId.length === KEPT_CHARS && /~\d+\.[0-9a-f]{32}$/.test(callbackId)
}
