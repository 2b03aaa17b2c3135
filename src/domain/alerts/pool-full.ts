/**
 * Decides when a pool counts as full: calls were refused for ten minutes, without a pause of five. The desk keeps the state
 * (durable/alerts/desk-alerts.ts). Workers tell it about refusals at most once a minute.
 */
import type { Durations } from '#domain/runtime/durations.ts'

export interface FullPool {
  /** The first refusal, and the latest one that was written. Epoch ms. */
  since: number
  lastAt: number
  /** The account whose object told the alerts; absent: they were not told. */
  via?: string
  /** The account whose object was asked to tell them. Its answer may have been lost. */
  asked?: string
}

type Spans = Pick<Durations, 'poolFullMs' | 'poolFreeMs' | 'poolNoteMs'>

/** The state after a refusal; the same object if nothing has to be written. */
export function afterRefusal(pool: FullPool | undefined, now: number, spans: Spans): FullPool {
  if (!pool || isOver(pool, now, spans)) return { ...pool, since: now, lastAt: now }
  return now - pool.lastAt < spans.poolNoteMs / 2 ? pool : { ...pool, lastAt: now }
}

/** Whether the alerts must be told that it is full. */
export function mustRaise({ since, via }: FullPool, now: number, { poolFullMs }: Spans): boolean {
  return via === undefined && now - since >= poolFullMs
}

export function isOver({ lastAt }: FullPool, now: number, { poolFreeMs }: Spans): boolean {
  return now - lastAt >= poolFreeMs
}
