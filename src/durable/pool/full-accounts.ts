/**
 * Remembers which accounts of the pool were full, as isolates of the Worker saw it, and tells isolates that do not know it. One row
 * keeps most of it for the time after a restart. Nothing depends on it but the order in which accounts are tried (decision 0051).
 */
import { SEEN_MS, SeenFull, type SlotsSeen } from '#domain/accounts/seen-full.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS seen_full (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL, saved_at INTEGER NOT NULL)
`

/** Fewer full accounts are found without the row. */
const WORTH_SAVING = 6
/** The row is written when so many accounts, and this share of them, have changed since, and when it is half as old as it may get. */
const CHANGES_MIN = 2
const SHARE = 0.1
const SAVE_EVERY_MS = SEEN_MS / 2

export class FullAccounts {
  readonly #sql: SqlStorage
  readonly #now: () => number
  readonly #seen = new SeenFull()
  /** The accounts in the row. Undefined: the row was not read yet. */
  #saved: Set<string> | undefined
  #savedAt = 0

  constructor(storage: DurableObjectStorage, now: () => number) {
    this.#sql = storage.sql
    this.#now = now
    this.#sql.exec(SCHEMA)
  }

  /** Notes what an isolate has seen. */
  note(seen: readonly SlotsSeen[]): void {
    if (seen.length === 0) return
    this.#load()
    this.#seen.note(seen)
    const full = this.list()
    if (full.length >= WORTH_SAVING && this.#isRowOld(full)) this.#save(full)
  }

  list(): Required<SlotsSeen>[] {
    this.#load()
    return this.#seen.list(this.#now())
  }

  #isRowOld(full: readonly SlotsSeen[]): boolean {
    const changes = this.#changesTo(full)
    const isWrong = changes >= Math.max(CHANGES_MIN, full.length * SHARE)
    return isWrong || this.#now() >= this.#savedAt + SAVE_EVERY_MS
  }

  /** How many accounts are full and not in the row, or the reverse. */
  #changesTo(full: readonly SlotsSeen[]): number {
    const saved = this.#load()
    const kept = full.filter(({ account }) => saved.has(account)).length
    return full.length - kept + saved.size - kept
  }

  clear(): void {
    this.#seen.clear()
    this.#saved = new Set()
    this.#sql.exec('DELETE FROM seen_full')
  }

  #load(): Set<string> {
    if (this.#saved) return this.#saved
    const sql = 'SELECT record, saved_at FROM seen_full WHERE id = 1'
    const row = this.#sql.exec<{ record: string; saved_at: number }>(sql).toArray()[0]
    const saved = row ? (JSON.parse(row.record) as Required<SlotsSeen>[]) : []
    this.#seen.note(saved)
    this.#savedAt = row?.saved_at ?? 0
    this.#saved = new Set(saved.map(({ account }) => account))
    return this.#saved
  }

  #save(full: readonly SlotsSeen[]): void {
    this.#savedAt = this.#now()
    this.#saved = new Set(full.map(({ account }) => account))
    this.#sql.exec(
      `INSERT INTO seen_full (id, record, saved_at) VALUES (1, ?, ?)
       ON CONFLICT DO UPDATE SET record = excluded.record, saved_at = excluded.saved_at`,
      JSON.stringify(full),
      this.#savedAt
    )
  }
}
