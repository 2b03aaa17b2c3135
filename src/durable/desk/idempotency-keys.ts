/** Decides which request may run under an idempotency key of the tenant, and saves how it ended. */
import {
  endedKey,
  isSameRun,
  turnOf,
  type KeyRecord,
  type KeyTurn,
} from '#domain/creations/idempotency.ts'
import type { KeyEnd } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'

export class IdempotencyKeys {
  readonly #tables: DeskTables
  readonly #ports: () => Ports

  constructor(tables: DeskTables, ports: () => Ports) {
    this.#tables = tables
    this.#ports = ports
  }

  begin(name: string, requestId: string): KeyTurn {
    const startedAt = this.#ports().now()
    const record = this.#tables.keys.find(name, startedAt)
    if (isSameRun(record, requestId)) return { kind: 'fresh' }
    const turn = this.#turnOf(record, startedAt)
    if (turn.kind === 'fresh') this.#tables.keys.save(name, { requestId, startedAt })
    return turn
  }

  /** What a key stands for. Undefined: it is free. */
  standsFor(name: string): Exclude<KeyTurn, { kind: 'fresh' }> | undefined {
    const at = this.#ports().now()
    const turn = this.#turnOf(this.#tables.keys.find(name, at), at)
    return turn.kind === 'fresh' ? undefined : turn
  }

  #turnOf(record: KeyRecord | undefined, now: number): KeyTurn {
    const { keepKeyMs: keepMs, keepUnknownKeyMs, staleKeyMs: staleMs } = this.#ports().durations
    const spans = { keepMs, keepUnknownMs: keepUnknownKeyMs, staleMs }
    return turnOf(record, now, spans, this.#tables.keys.lineEnd)
  }

  /** Begins and ends the key of an item. No answer is kept: it is made from the item, as after a lost answer. */
  hold(name: string, requestId: string): void {
    const at = this.#ports().now()
    this.#tables.keys.save(name, { requestId, startedAt: at, endedAt: at, isUnknown: true })
  }

  end(name: string, requestId: string, end: KeyEnd): void {
    const now = this.#ports().now()
    const record = this.#tables.keys.find(name, now)
    if (record?.requestId !== requestId) return
    const ended = endedKey(record, end, now)
    if (ended) this.#tables.keys.saveEnded(name, ended, now)
    else this.#tables.inTransaction(() => this.#tables.keys.drop(name, now))
  }

  requestsOf(key: string): string[] {
    return this.#tables.keys.requestsOf(key, this.#ports().now())
  }
}
