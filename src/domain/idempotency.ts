/**
 * Idempotency keys of creations: for a day, the same key on the same method and path starts nothing again. A 2xx and an
 * unknown outcome are replayed, whatever the body says this time; a refusal forgets the key.
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
  /** Absent: still running, or nobody knows what became of it. */
  answer?: KeptAnswer
  isUnknown?: boolean
  email?: string
}

export type KeyTurn =
  | { kind: 'fresh' }
  | { kind: 'running' }
  | { kind: 'replay'; answer: KeptAnswer }
  | { kind: 'unknown'; requestId: string; email?: string }

/** What a request with a key finds. `staleMs`: a run that has not ended by then never will; its outcome is unknown. */
export function turnOf(
  record: KeyRecord | undefined,
  now: number,
  spans: { keepMs: number; staleMs: number }
): KeyTurn {
  if (!record || now - record.startedAt >= spans.keepMs) return { kind: 'fresh' }
  if (record.answer) return { kind: 'replay', answer: record.answer }
  const isOver = record.isUnknown === true || now - record.startedAt >= spans.staleMs
  if (!isOver) return { kind: 'running' }
  const { requestId, email } = record
  return { kind: 'unknown', requestId, ...(email === undefined ? {} : { email }) }
}
