/**
 * Idempotency keys: the same key on the same method and path starts nothing again. A 2xx is replayed for a day after it
 * was given, whatever the body says this time; a refusal forgets the key; an unknown outcome is kept longer than any job
 * can be unheard of, so that what became of it can be told under its key.
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
  /** When its end became known; absent on records of older versions. */
  endedAt?: number
  /** Absent: still running, or nobody knows what became of it. */
  answer?: KeptAnswer
  isUnknown?: boolean
  /** Of an unknown one: it was answered, with what could not be kept. */
  done?: { jobIds?: string[] }
  /** Of an unknown one: the provider can be asked for it. */
  isSought?: boolean
  email?: string
}

export type KeyTurn =
  | { kind: 'fresh' }
  | { kind: 'running' }
  | { kind: 'replay'; answer: KeptAnswer }
  | ({ kind: 'unknown' } & Pick<KeyRecord, 'requestId' | 'email' | 'done' | 'isSought'> & {
        startedAt?: number
        /** It never said how it ended: its Worker died, maybe before it sent anything. */
        isStale?: boolean
      })

export interface KeySpans {
  /** After an answer, and after the start of what has none. */
  keepMs: number
  keepUnknownMs: number
  /** A run that has not ended by then never will; its outcome is unknown. */
  staleMs: number
}

/** What a request with a key finds. */
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

/** A day from the answer; what has none, longer than a job can be unheard of. Epoch ms. */
export function keptUntil(record: KeyRecord, { keepMs, keepUnknownMs }: KeySpans): number {
  const isTold = record.answer !== undefined || record.done !== undefined
  if (isTold) return (record.endedAt ?? record.startedAt) + keepMs
  return record.startedAt + keepUnknownMs
}

/** Whether an unknown outcome is still said to be in progress: it is being looked for, and not for too long. */
export function isInProgress(
  turn: { startedAt?: number; isSought?: boolean },
  now: number,
  soughtMs: number
): boolean {
  return turn.isSought === true && now - (turn.startedAt ?? 0) < soughtMs
}
