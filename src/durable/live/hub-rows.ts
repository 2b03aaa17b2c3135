/** Rows of a hub: the accounts' cards, tickets that were not used yet, and until when metrics are collected. */
import type { PoolQueue } from '#domain/live/pool-account.ts'
import type { Card, Ticket } from '#domain/live/hub.ts'
import { cardName } from '#domain/live/hub.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS live_card (name TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS live_ticket (hash TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS live_state (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL);
`

export interface HubState {
  isWhole: boolean
  /** The accounts were listed and asked since the hub began to look. */
  isFilled: boolean
  /** Until when the hub looks without a socket. Epoch ms. */
  lookUntil: number
  /** What waits, as the desks said when the hub looked last. */
  queues?: PoolQueue[]
}

const IDLE: HubState = { isWhole: true, isFilled: false, lookUntil: 0 }

export class HubRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(SCHEMA)
  }

  cards(): Card[] {
    return this.#records<Card>('SELECT record FROM live_card ORDER BY name')
  }

  card(name: string): Card | undefined {
    return this.#records<Card>('SELECT record FROM live_card WHERE name = ?', name)[0]
  }

  saveCard(card: Card): void {
    this.#sql.exec(
      'INSERT INTO live_card (name, record) VALUES (?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      cardName(card.account),
      JSON.stringify(card)
    )
  }

  dropCard(name: string): void {
    this.#sql.exec('DELETE FROM live_card WHERE name = ?', name)
  }

  state(): HubState {
    return this.#records<HubState>('SELECT record FROM live_state')[0] ?? IDLE
  }

  saveState(state: HubState): void {
    this.#sql.exec(
      'INSERT INTO live_state (id, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      JSON.stringify(state)
    )
  }

  saveTicket(hash: string, ticket: Ticket): void {
    const sql = 'INSERT INTO live_ticket (hash, record) VALUES (?, ?) ON CONFLICT DO NOTHING'
    this.#sql.exec(sql, hash, JSON.stringify(ticket))
  }

  /** Takes the ticket out, so that a second use finds none. */
  takeTicket(hash: string): Ticket | undefined {
    return this.#records<Ticket>('DELETE FROM live_ticket WHERE hash = ? RETURNING record', hash)[0]
  }

  get isEmpty(): boolean {
    return this.cards().length === 0 && this.state() === IDLE
  }

  /** Deletes tickets that are over. Returns how many are left. */
  forgetTickets(now: number): number {
    const sql = "DELETE FROM live_ticket WHERE json_extract(record, '$.until') <= ?"
    this.#sql.exec(sql, now)
    return this.#sql.exec<{ left: number }>('SELECT COUNT(*) AS left FROM live_ticket').one().left
  }

  /** Forgets everything but tickets. */
  clear(): void {
    this.#sql.exec('DELETE FROM live_card')
    this.#sql.exec('DELETE FROM live_state')
  }

  #records<T>(sql: string, ...values: string[]): T[] {
    const rows = this.#sql.exec<{ record: string }>(sql, ...values).toArray()
    return rows.map(({ record }) => JSON.parse(record) as T)
  }
}
