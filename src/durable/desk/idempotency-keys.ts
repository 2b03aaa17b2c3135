/** Idempotency keys of a tenant: whose turn it is under one, and how it ended. */
import { turnOf, type KeyTurn } from '#domain/creations/idempotency.ts'
import type { KeyEnd } from '#domain/ports/desk.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export class KeyBook {
  readonly #tables: DeskTables
  readonly #durations: () => Durations

  constructor(tables: DeskTables, durations: () => Durations) {
    this.#tables = tables
    this.#durations = durations
  }

  begin(name: string, requestId: string): KeyTurn {
    const { keepKeyMs: keepMs, keepUnknownKeyMs: keepUnknownMs, staleKeyMs } = this.#durations()
    const record = this.#tables.findKey(name)
    // Asked again because the answer was lost: the key is still its own.
    if (record?.requestId === requestId && !record.answer && !record.isUnknown)
      return { kind: 'fresh' }
    const turn = turnOf(record, Date.now(), { keepMs, keepUnknownMs, staleMs: staleKeyMs })
    if (turn.kind === 'fresh') this.#tables.saveKey(name, { requestId, startedAt: Date.now() })
    return turn
  }

  end(name: string, requestId: string, end: KeyEnd): void {
    const record = this.#tables.findKey(name)
    if (record?.requestId !== requestId) return
    const endedAt = Date.now()
    if (end.kind === 'forget') this.#tables.dropKey(name)
    else if (end.kind === 'keep') {
      this.#tables.saveKey(name, { ...record, endedAt, answer: end.answer })
    } else {
      const { kind: _, ...how } = end
      this.#tables.saveKey(name, { ...record, endedAt, isUnknown: true, ...how })
    }
  }
}
