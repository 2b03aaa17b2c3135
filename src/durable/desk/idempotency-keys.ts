/** Decides which request may run under an idempotency key of the tenant, and saves how it ended. */
import { endedKey, isSameRun, turnOf, type KeyTurn } from '#domain/creations/idempotency.ts'
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
    const { now, durations } = this.#ports()
    const { keepKeyMs: keepMs, keepUnknownKeyMs: keepUnknownMs, staleKeyMs: staleMs } = durations
    const startedAt = now()
    const record = this.#tables.keys.find(name, startedAt)
    if (isSameRun(record, requestId)) return { kind: 'fresh' }
    const spans = { keepMs, keepUnknownMs, staleMs }
    const turn = turnOf(record, startedAt, spans, this.#tables.keys.lineEnd)
    if (turn.kind === 'fresh') this.#tables.keys.save(name, { requestId, startedAt })
    return turn
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
