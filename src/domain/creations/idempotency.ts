/**
 * Decides what a request under an Idempotency-Key does: the same key on the same method and path starts nothing again. A 2xx is
 * replayed for a day, whatever the repeat's body is. After a refusal the key is free again. A key with an unknown outcome is kept
 * longer than any job can go without a report, so that the outcome can still be read under it. The key of a queued creation counts
 * while it waits, which may be days, and a day longer. Pure.
 */
export const KEY_FORM = /^[A-Za-z0-9_:.-]{1,255}$/
export const KEY_RULE = 'Idempotency-Key: 1 to 255 of A-Z a-z 0-9 _ : . -'
export const KEPT_ANSWER_CHARS_MAX = 64 * 1024

export interface KeptAnswer {
  status: number
  contentType: string
  /** The answer's body, sealed. */
  body: string
  email?: string
  jobIds?: string[]
  /** The creation was queued. The answer is kept until a day after it has left the line. */
  isQueued?: true
}

export interface KeyRecord {
  requestId: string
  startedAt: number
  /** When the request ended. Absent in records of older versions. */
  endedAt?: number
  /** Absent: the request still runs, its outcome is unknown, or its answer is not kept (`done`). */
  answer?: KeptAnswer
  isUnknown?: boolean
  /** For an unknown outcome: the request was answered, but the answer could not be kept. */
  done?: { jobIds?: string[] }
  /** For an unknown outcome: the gateway searches for the job. The name of this field is stored, so it stays. */
  isSought?: boolean
  email?: string
}

export type KeyTurn =
  | { kind: 'fresh' }
  | { kind: 'running' }
  | { kind: 'replay'; answer: KeptAnswer }
  | ({ kind: 'unknown' } & Pick<KeyRecord, 'requestId' | 'email' | 'done' | 'isSought'> & {
        startedAt?: number
        /** The request's Worker crashed before it ended the key, perhaps before it sent anything. */
        isStale?: boolean
      })

export interface KeySpans {
  /** How long an answer is kept, and how long a call without an outcome. */
  keepMs: number
  keepUnknownMs: number
  /** After this time a call that has not ended its key never will, and its outcome is unknown. */
  staleMs: number
}

/** What the line has of a request: it waits, or left the line at that time (epoch ms). Undefined: the request queued nothing. */
export type LineEnd = 'waits' | number | undefined

/** What a request with this key may do. `lineEnd` is asked only about a key that would not count any more. */
export function turnOf(
  record: KeyRecord | undefined,
  now: number,
  spans: KeySpans,
  lineEnd: (requestId: string) => LineEnd = () => undefined
): KeyTurn {
  if (!record || !counts(record, now, spans, lineEnd)) return { kind: 'fresh' }
  if (record.answer) return { kind: 'replay', answer: record.answer }
  const isOver = record.isUnknown === true || now - record.startedAt >= spans.staleMs
  if (!isOver) return { kind: 'running' }
  const { requestId, startedAt, email, done, isSought } = record
  return {
    kind: 'unknown',
    requestId,
    startedAt,
    isStale: record.isUnknown !== true,
    ...(email === undefined ? {} : { email }),
    ...(done === undefined ? {} : { done }),
    ...(isSought === undefined ? {} : { isSought }),
  }
}

function counts(
  record: KeyRecord,
  now: number,
  spans: KeySpans,
  lineEnd: (requestId: string) => LineEnd
): boolean {
  return now < keptUntil(record, spans) || outlives(lineEnd(record.requestId), now, spans.keepMs)
}

/** Whether a key counts because of its queued creation, however old the key is. */
export function outlives(end: LineEnd, now: number, keepMs: number): boolean {
  return end === 'waits' || (end !== undefined && now < end + keepMs)
}

/** Whether the key may be that of a queued creation: its answer says so, or it has none. */
export function mayBeQueued({ answer }: KeyRecord): boolean {
  return answer === undefined || answer.isQueued === true
}

/** When the record expires. Epoch ms. */
function keptUntil(record: KeyRecord, { keepMs, keepUnknownMs }: KeySpans): number {
  const isAnswered = record.answer !== undefined || record.done !== undefined
  if (isAnswered) return (record.endedAt ?? record.startedAt) + keepMs
  return record.startedAt + keepUnknownMs
}

/** Whether a repeat is answered `request_in_progress`: while the job is searched for, but at most `soughtMs`. */
export function isInProgress(
  turn: { startedAt?: number; isSought?: boolean },
  now: number,
  soughtMs: number
): boolean {
  return turn.isSought === true && now - (turn.startedAt ?? 0) < soughtMs
}

/** Whether the request already has the key. It asks again if the object's answer was lost. */
export function isSameRun(record: KeyRecord | undefined, requestId: string): boolean {
  return record?.requestId === requestId && !record.answer && !record.isUnknown
}

export type KeyEnd =
  | { kind: 'keep'; answer: KeptAnswer }
  /** `done`: the call was answered, but the answer cannot be kept. */
  | { kind: 'unknown'; email?: string; done?: { jobIds?: string[] }; isSought?: boolean }
  | { kind: 'forget' }

/** The record of a key whose request has ended; undefined: the key is forgotten. */
export function endedKey(record: KeyRecord, end: KeyEnd, endedAt: number): KeyRecord | undefined {
  if (end.kind === 'forget') return undefined
  if (end.kind === 'keep') return { ...record, endedAt, answer: end.answer }
  const { kind: _, ...how } = end
  return { ...record, endedAt, isUnknown: true, ...how }
}
