/**
 * The rows of queued creations (table `queued`). `is_gone` 0: something is still owed, so after a restart one range has all that the
 * desk owes anybody. A row leaves the line by one write, and without its body. A choice does not touch it.
 */
import type { ItemRecord, ItemSort, NewItem } from '#domain/queue/item.ts'
import { firstTimedId, timeOf } from '#domain/text/time-ordered-id.ts'

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS queued (
    is_gone INTEGER NOT NULL,
    item TEXT NOT NULL,
    sort TEXT NOT NULL,
    record TEXT NOT NULL,
    sealed TEXT,
    PRIMARY KEY (is_gone, item)
  ) WITHOUT ROWID
`

/** The clients' own names for jobs. A row more for an item that has one. */
const NAMED_SCHEMA =
  'CREATE TABLE IF NOT EXISTS queued_name (name TEXT PRIMARY KEY, item TEXT NOT NULL) WITHOUT ROWID'

/** `sealed` stands last in the row, and these columns are read without it. */
const PLAIN = 'SELECT is_gone, item, sort, record FROM queued'

/** So much of the past goes at once, at most hourly. A number of rows instead would fall behind where more come in an hour. */
const FORGOTTEN_AT_ONCE_MS = 6 * 3_600_000

export interface ItemRow {
  item: string
  /** It left the line: it was begun, or it ended and that was told. */
  isGone: boolean
  sort: ItemSort
  record: ItemRecord
}

/** What `sealed` becomes when a row is written that stays in the line. */
type Body = 'kept' | 'dropped'

export class ItemRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    this.#sql.exec(SCHEMA)
    this.#sql.exec(NAMED_SCHEMA)
  }

  insert({ item, record, sealed }: NewItem, sort: ItemSort): void {
    const sql = 'INSERT INTO queued (is_gone, item, sort, record, sealed) VALUES (0, ?, ?, ?, ?)'
    this.#sql.exec(sql, item, JSON.stringify(sort), JSON.stringify(record), sealed)
    const { taskName } = record
    if (taskName === undefined) return
    const named = 'INSERT OR REPLACE INTO queued_name (name, item) VALUES (?, ?)'
    this.#sql.exec(named, taskName, item)
  }

  /** The last item that has this name of its client. */
  ofTaskName(name: string): ItemRow | undefined {
    const sql = 'SELECT item FROM queued_name WHERE name = ?'
    const [named] = this.#sql.exec<{ item: string }>(sql, name).toArray()
    return named && this.find(named.item)
  }

  /** Looks at both places that the item can have. */
  find(item: string): ItemRow | undefined {
    return this.#rows(`${PLAIN} WHERE is_gone IN (0, 1) AND item = ?`, item)[0]
  }

  /** The items of one ms. */
  ofMoment(at: number): ItemRow[] {
    const sql = `${PLAIN} WHERE is_gone IN (0, 1) AND item >= ? AND item < ?`
    return this.#rows(sql, firstTimedId(at), firstTimedId(at + 1))
  }

  /** All that is still owed. Bodies and records are not read. */
  *owed(): Iterable<{ item: string; sort: ItemSort }> {
    const sql = 'SELECT item, sort FROM queued WHERE is_gone = 0'
    for (const { item, sort } of this.#sql.exec<{ item: string; sort: string }>(sql).toArray())
      yield { item, sort: JSON.parse(sort) as ItemSort }
  }

  get owesAnything(): boolean {
    return this.#sql.exec('SELECT item FROM queued WHERE is_gone = 0 LIMIT 1').toArray().length > 0
  }

  /** When the first item that is kept was asked for. Undefined: there is none. */
  firstAt(): number | undefined {
    const sql = 'SELECT item FROM queued WHERE is_gone = 0 ORDER BY item LIMIT 1'
    const [row] = this.#sql.exec<{ item: string }>(sql).toArray()
    const times = [row && timeOf(row.item), this.oldestGoneAt()].filter((at) => at !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  sealedOf(item: string): string {
    const sql = 'SELECT sealed FROM queued WHERE is_gone = 0 AND item = ?'
    const [row] = this.#sql.exec<{ sealed: string | null }>(sql, item).toArray()
    return row?.sealed ?? ''
  }

  /** Writes an item that stays in the line. */
  save({ item, sort, record }: Omit<ItemRow, 'isGone'>, body: Body): void {
    const drop = body === 'dropped' ? ', sealed = NULL' : ''
    const sql = `UPDATE queued SET sort = ?, record = ?${drop} WHERE is_gone = 0 AND item = ?`
    this.#sql.exec(sql, JSON.stringify(sort), JSON.stringify(record), item)
  }

  /** Moves an item out of the line, without its body. */
  leave({ item, sort, record: before }: Omit<ItemRow, 'isGone'>, leftAt: number): void {
    const record = { ...before, leftAt }
    const sql =
      'UPDATE queued SET is_gone = 1, sort = ?, record = ?, sealed = NULL WHERE is_gone = 0 AND item = ?'
    this.#sql.exec(sql, JSON.stringify(sort), JSON.stringify(record), item)
  }

  /** The next item after this one that still has its body. */
  sealedAfter(after: string): { item: string; sealed: string } | undefined {
    const sql =
      'SELECT item, sealed FROM queued WHERE is_gone = 0 AND item > ? AND sealed IS NOT NULL ORDER BY item LIMIT 1'
    return this.#sql.exec<{ item: string; sealed: string }>(sql, after).toArray()[0]
  }

  /** Does nothing if the body is no longer `before`. */
  replaceSealed(item: string, before: string, sealed: string): void {
    const sql = 'UPDATE queued SET sealed = ? WHERE is_gone = 0 AND item = ? AND sealed = ?'
    this.#sql.exec(sql, sealed, item, before)
  }

  /** The next items after this one, at one of the two places. */
  after(isGone: boolean, item: string, limit: number): ItemRow[] {
    const sql = `${PLAIN} WHERE is_gone = ? AND item > ? ORDER BY item LIMIT ?`
    return this.#rows(sql, isGone ? 1 : 0, item, limit)
  }

  replaceRecord({ isGone, item }: ItemRow, record: ItemRecord): void {
    const sql = 'UPDATE queued SET record = ? WHERE is_gone = ? AND item = ?'
    this.#sql.exec(sql, JSON.stringify(record), isGone ? 1 : 0, item)
  }

  /** Deletes rows that left the line and were asked for before that time: the oldest, those of some hours. */
  forget(before: number): void {
    const oldest = this.oldestGoneAt()
    if (oldest === undefined) return
    const first = firstTimedId(Math.min(before, oldest + FORGOTTEN_AT_ONCE_MS))
    const old = 'FROM queued WHERE is_gone = 1 AND item < ?'
    // By their names, because an index by item would be a row more for each. A later item may have the name.
    const named = `DELETE FROM queued_name WHERE name IN (SELECT json_extract(record, '$.taskName') ${old}) AND item < ?`
    this.#sql.exec(named, first, first)
    this.#sql.exec(`DELETE ${old}`, first)
  }

  /** When the oldest item that left the line was asked for. Undefined: there is none. */
  oldestGoneAt(): number | undefined {
    const sql = 'SELECT item FROM queued WHERE is_gone = 1 ORDER BY item LIMIT 1'
    const [row] = this.#sql.exec<{ item: string }>(sql).toArray()
    return row && timeOf(row.item)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM queued')
    this.#sql.exec('DELETE FROM queued_name')
  }

  #rows(sql: string, ...values: (string | number)[]): ItemRow[] {
    return this.#sql
      .exec<{ is_gone: number; item: string; sort: string; record: string }>(sql, ...values)
      .toArray()
      .map((row) => ({
        item: row.item,
        isGone: row.is_gone === 1,
        sort: JSON.parse(row.sort) as ItemSort,
        record: JSON.parse(row.record) as ItemRecord,
      }))
  }
}
