/**
 * Keeps the routes that the operator added without a deploy (contract 14.8), in the registrar. KV has one copy of all of them.
 */
import { ADDED_ROUTES_MAX, overlap, type AddedRoute } from '#domain/routing/added-route.ts'

const SCHEMA =
  'CREATE TABLE IF NOT EXISTS added_route (id TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID'

export class AddedRouteRows {
  readonly #storage: DurableObjectStorage
  readonly #touch: () => void

  /** `touch` marks the KV copy as out of date. Called in the transaction of the change. */
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

  add(route: AddedRoute): 'added' | 'taken' | 'full' {
    const known = this.all()
    // The caller may repeat a call if it got no answer.
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

  /** Returns the removed route. Undefined: there is no route with this id. */
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
