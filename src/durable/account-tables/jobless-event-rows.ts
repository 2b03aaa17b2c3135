/** Events that are no job's and were told: a provider sends again what it got no answer to, for some days. */
export const NEWS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS news (day INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (day, name)) WITHOUT ROWID;
`

const DAY_MS = 86_400_000
const DAYS = 4

export class NewsRows {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
  }

  isNew(name: string, now: number): boolean {
    const today = Math.floor(now / DAY_MS)
    // Also tomorrow: the clock may have gone back at midnight.
    for (let day = today - DAYS; day <= today + 1; day += 1) {
      const sql = 'SELECT day FROM news WHERE day = ? AND name = ?'
      if (this.#sql.exec(sql, day, name).toArray().length > 0) return false
    }
    this.#sql.exec('INSERT INTO news (day, name) VALUES (?, ?)', today, name)
    return true
  }

  forget(now: number): void {
    this.#sql.exec('DELETE FROM news WHERE day < ?', Math.floor(now / DAY_MS) - DAYS)
  }
}
