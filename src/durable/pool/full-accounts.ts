/**
 * Remembers which accounts of the pool were full, as isolates of the Worker saw it, and tells isolates that do not know it. One row
 * keeps most of it for the time after a restart. Nothing depends on it but the order in which accounts are tried (decision 0051).
 */
import { SeenFull, type SlotsSeen } from '#domain/accounts/seen-full.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS seen_full (id INTEGER PRIMARY KEY CHECK (id = 1), record TEXT NOT NULL, saved_at INTEGER NOT NULL)
`

/** The row is written only if so many accounts are full, and after a change of this share of them, or this time after a smaller one. */
const WORTH_SAVING = 6
const SHARE = 0.1
const SAVE_EVERY_MS = 60_000

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

  note(seen: readonly SlotsSeen[]): void {
    this.#load()
    this.#seen.note(seen)
  }

  /** Notes what the isolate that asks has seen, and returns what others have. Only this writes the row: few creations ask. */
  answer(seen: readonly SlotsSeen[]): Required<SlotsSeen>[] {
    this.note(seen)
    const full = this.#seen.list(this.#now())
    if (full.length >= WORTH_SAVING && this.#isOld(full)) this.#save(full)
    return full
  }

  #isOld(full: readonly SlotsSeen[]): boolean {
    const saved = this.#load()
    const added = full.filter(({ account }) => !saved.has(account)).length
    const changed = added + (saved.size - (full.length - added))
    return changed >= full.length * SHARE || this.#now() >= this.#savedAt + SAVE_EVERY_MS
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
