/** Rows that the operator added (contract 14.8): kept by the registrar, copied to KV as one value. */
import { ADDED_ROUTES_MAX, overlap, type AddedRoute } from '#domain/routing/added-route.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS added_route (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'

export class AddedRoutes {
  readonly #storage: DurableObjectStorage
  readonly #touch: () => void

  /** `touch`: the copy is behind; called in the transaction of the change. */
  constructor(storage: DurableObjectStorage, touch: () => void) {
    this.#storage = storage
    this.#touch = touch
    storage.sql.exec(SCHEMA)
  }

  /** Oldest first. */
  all(): AddedRoute[] {
    const rows = this.#storage.sql.exec<{ record: string }>('SELECT record FROM added_route')
    const routes = rows.toArray().map(({ record }) => JSON.parse(record) as AddedRoute)
    return routes.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  /** What stands in KV. */
  copy(): string {
    return JSON.stringify(this.all())
  }

  add(route: AddedRoute): 'added' | 'taken' | 'full' {
    const known = this.all()
    // Asked again because the answer was lost: it is there already.
    if (known.some((one) => one.id === route.id)) return 'added'
    const isTaken = known.some(
      (one) => one.provider === route.provider && overlap(one.route, route.route)
    )
    if (isTaken) return 'taken'
    if (known.length >= ADDED_ROUTES_MAX) return 'full'
    this.#storage.transactionSync(() => {
      const insert = 'INSERT INTO added_route (id, record) VALUES (?, ?)'
      this.#storage.sql.exec(insert, route.id, JSON.stringify(route))
      this.#touch()
    })
    return 'added'
  }

  /** The row that is gone; undefined: there is none. */
  remove(id: string): AddedRoute | undefined {
    const gone = this.all().find((one) => one.id === id)
    if (!gone) return undefined
    this.#storage.transactionSync(() => {
      this.#storage.sql.exec('DELETE FROM added_route WHERE id = ?', id)
      this.#touch()
    })
    return gone
  }
}
