/**
 * Keeps the ids of events that were forwarded to endpoints because they are about no job of ours. A provider that got no answer
 * sends an event again for some days, so the ids are kept for four days. Their table is called `news`.
 */
export const FORWARDED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS news (day INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (day, name)) WITHOUT ROWID;
`

const DAY_MS = 86_400_000
const DAYS = 4

export class ForwardedEventRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  /** True the first time that an id is given. */
  add(id: string, now: number): boolean {
    const today = Math.floor(now / DAY_MS)
    // Tomorrow is searched, too, because the clock may have gone back at midnight.
    for (let day = today - DAYS; day <= today + 1; day += 1) {
      const sql = 'SELECT day FROM news WHERE day = ? AND name = ?'
      if (this.#sql.exec(sql, day, id).toArray().length > 0) return false
    }
    this.#sql.exec('INSERT INTO news (day, name) VALUES (?, ?)', today, id)
    return true
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM news')
  }

  removeOld(now: number): void {
    this.#sql.exec('DELETE FROM news WHERE day < ?', Math.floor(now / DAY_MS) - DAYS)
  }
}
