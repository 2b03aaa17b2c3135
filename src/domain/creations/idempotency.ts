/**
 * Idempotency keys: the same key on the same method and path starts nothing again. A 2xx is replayed for a day, whatever the
 * body is this time. A refusal forgets the key. An unknown outcome is kept longer than any job can go without a report, so
 * that it can still be answered under its key. Pure.
 */
export const KEY_FORM = /^[A-Za-z0-9_:.-]{1,255}$/
export const KEPT_ANSWER_CHARS_MAX = 64 * 1024

export interface KeptAnswer {
  status: number
  contentType: string
  /** Sealed. */
  body: string
  email?: string
  jobIds?: string[]
}

export interface KeyRecord {
  requestId: string
  startedAt: number
  /** When its outcome became known. Absent in records of older versions. */
  endedAt?: number
  /** Absent: it still runs, its outcome is unknown, or its answer is not kept (`done`). */
  answer?: KeptAnswer
  isUnknown?: boolean
  /** Of an unknown one: it was answered, and the answer could not be kept. */
  done?: { jobIds?: string[] }
  /** Of an unknown one: its job is searched for. The name is the stored one. */
  isSought?: boolean
  email?: string
}

export type KeyTurn =
  | { kind: 'fresh' }
  | { kind: 'running' }
  | { kind: 'replay'; answer: KeptAnswer }
  | ({ kind: 'unknown' } & Pick<KeyRecord, 'requestId' | 'email' | 'done' | 'isSought'> & {
        startedAt?: number
        /** Its Worker died without ending the key, perhaps before it sent anything. */
        isStale?: boolean
      })

export interface KeySpans {
  /** How long an answer is kept, and a call without an outcome. */
  keepMs: number
  keepUnknownMs: number
  /** A call that has not ended its key by then never will. Its outcome is unknown. */
  staleMs: number
}

/** What a request with this key may do. */
export function turnOf(record: KeyRecord | undefined, now: number, spans: KeySpans): KeyTurn {
  if (!record || now >= keptUntil(record, spans)) return { kind: 'fresh' }
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

/** Epoch ms. */
function keptUntil(record: KeyRecord, { keepMs, keepUnknownMs }: KeySpans): number {
  const isAnswered = record.answer !== undefined || record.done !== undefined
  if (isAnswered) return (record.endedAt ?? record.startedAt) + keepMs
  return record.startedAt + keepUnknownMs
}

/** A repeat is answered `request_in_progress` while the job is searched for, but not for longer than `soughtMs`. */
export function isInProgress(
  turn: { startedAt?: number; isSought?: boolean },
  now: number,
  soughtMs: number
): boolean {
  return turn.isSought === true && now - (turn.startedAt ?? 0) < soughtMs
}

/** A request that did not get the answer to its question asks again: the key is still its own. */
export function isSameRun(record: KeyRecord | undefined, requestId: string): boolean {
  return record?.requestId === requestId && !record.answer && !record.isUnknown
}

export type KeyEnd =
  | { kind: 'keep'; answer: KeptAnswer }
  /** `done`: it was answered, with an answer that cannot be kept. */
  | { kind: 'unknown'; email?: string; done?: { jobIds?: string[] }; isSought?: boolean }
  | { kind: 'forget' }

/** The record of a key whose request has ended; undefined: the key is forgotten. */
export function endedKey(record: KeyRecord, end: KeyEnd, endedAt: number): KeyRecord | undefined {
  if (end.kind === 'forget') return undefined
  if (end.kind === 'keep') return { ...record, endedAt, answer: end.answer }
  const { kind: _, ...how } = end
  return { ...record, endedAt, isUnknown: true, ...how }
}
