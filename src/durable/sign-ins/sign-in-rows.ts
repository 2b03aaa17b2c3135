/** Rows of a tenant's sign-ins: five at most that are open, and the latest of those that ended. So the table is read whole. */
import type { Actor } from '#domain/access/audit.ts'
import { isOpen, type SignIn } from '#domain/accounts/sign-in.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS sign_in (id TEXT PRIMARY KEY, actor TEXT, record TEXT NOT NULL) WITHOUT ROWID'

/** Of those that ended within a day, so many are kept. */
const ENDED_MAX = 50

export class SignInRows {
  readonly #sql: SqlStorage

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql
    this.#sql.exec(SCHEMA)
  }

  find(id: string): SignIn | undefined {
    const sql = 'SELECT record FROM sign_in WHERE id = ?'
    const [row] = this.#sql.exec<{ record: string }>(sql, id).toArray()
    return row && (JSON.parse(row.record) as SignIn)
  }

  all(): SignIn[] {
    const rows = this.#sql.exec<{ record: string }>('SELECT record FROM sign_in').toArray()
    return rows.map(({ record }) => JSON.parse(record) as SignIn)
  }

  open(): SignIn[] {
    return this.all().filter(isOpen)
  }

  /** `by`: who started it. Only of a new one. */
  save(signIn: SignIn, by?: Actor): void {
    this.#sql.exec(
      'INSERT INTO sign_in (id, actor, record) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record',
      signIn.id,
      by === undefined ? null : JSON.stringify(by),
      JSON.stringify(signIn)
    )
  }

  /** Who started it. */
  actorOf(id: string): Actor | undefined {
    const sql = 'SELECT actor FROM sign_in WHERE id = ? AND actor IS NOT NULL'
    const [row] = this.#sql.exec<{ actor: string }>(sql, id).toArray()
    return row && (JSON.parse(row.actor) as Actor)
  }

  /** Deletes those that ended before this time, and the oldest of too many. */
  forget(time: number): void {
    const ended = this.all().flatMap(({ id, endedAt }) =>
      endedAt === undefined ? [] : [{ id, endedAt }]
    )
    const sorted = ended.toSorted((a, b) => b.endedAt - a.endedAt)
    for (const [at, { id, endedAt }] of sorted.entries())
      if (endedAt < time || at >= ENDED_MAX) this.#sql.exec('DELETE FROM sign_in WHERE id = ?', id)
  }

  forgetAll(): void {
    this.#sql.exec('DELETE FROM sign_in')
  }
}
