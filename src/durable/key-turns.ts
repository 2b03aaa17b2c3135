/** What a call under an Idempotency-Key should do, and what became of it. */
import { turnOf, type KeyTurn } from '#domain/idempotency.ts'
import type { KeyEnd } from '#domain/ports.ts'
import type { Waits } from '#domain/waits.ts'
import type { DeskTables } from './desk-tables.ts'

export function beginKey(
  tables: DeskTables,
  name: string,
  requestId: string,
  { keepKeyMs: keepMs, keepUnknownKeyMs: keepUnknownMs, staleKeyMs: staleMs }: Waits
): KeyTurn {
  const record = tables.findKey(name)
  // Asked again because the answer was lost: the key is still its own.
  if (record?.requestId === requestId && !record.answer && !record.isUnknown)
    return { kind: 'fresh' }
  const turn = turnOf(record, Date.now(), { keepMs, keepUnknownMs, staleMs })
  if (turn.kind === 'fresh') tables.saveKey(name, { requestId, startedAt: Date.now() })
  return turn
}

export function endKey(tables: DeskTables, name: string, requestId: string, end: KeyEnd): void {
  const record = tables.findKey(name)
  if (record?.requestId !== requestId) return
  const endedAt = Date.now()
  if (end.kind === 'forget') return tables.dropKey(name)
  if (end.kind === 'keep') {
    return tables.saveKey(name, { ...record, endedAt, answer: end.answer })
  }
  const { kind: _, ...how } = end
  return tables.saveKey(name, { ...record, endedAt, isUnknown: true, ...how })
}
