/**
 * The part `routes`: the provider's paths as rows of a table, the host that each is on, and where an id that nobody remembers
 * is looked for. A path without a row still works: it is a plain call on any account.
 */
import type { Credential } from '#domain/accounts/account.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import type { IdRef, Route, RouteMatch } from './route-row.ts'

export interface ProviderRoutes {
  /** One row for each documented path (`route-row.ts`). */
  table: readonly Route[]
  /** The row of a call: `matcher(table)` of `domain/routing`. `path` has no query. Undefined: no row. */
  match(method: string, path: string): RouteMatch | undefined
  /** The host that a call goes to, as `https://api.example.com`. Nothing in a request may change it. */
  origin(match: RouteMatch | undefined, settings: Settings, credential: Credential): string
  /** Every host of the provider: its addresses in response headers become ours. Absent: the host of the call alone. */
  allOrigins?(settings: Settings, credential: Credential): readonly string[]
  /**
   * Whether an `Idempotency-Key` means something to the provider on this row, or on a path without one. If not, the key is not
   * sent to it. The gateway's own promise about keys holds either way.
   */
  takesIdempotencyKey(path: string, match: RouteMatch | undefined): boolean
  /** Whether the path may be retired. Then a 404 on it says nothing of the job or id that it names. Absent: none is. */
  mayBeRetired?(path: string): boolean
  /**
   * How to find out whether an account has an id of which no owner is remembered. Undefined: it cannot be found out, or the id
   * has not the form of its resource; then the call goes to any account. `searchFor` of `shared/id-searches.ts` does most.
   */
  searchFor(match: RouteMatch, ref: IdRef, id: string): IdSearch | undefined
  /** One list that shows all ids of a resource that an account owns, for many unknown ids at once. Absent: one by one. */
  ownListOf?(resource: string): OwnList | undefined
}

/** A GET (POST with `body`) that shows whether an account has an id: 2xx says yes, 404 no. `{id}` in it is replaced. */
export interface IdSearch {
  path: string
  /** JSON, for a list that is asked for with POST. */
  body?: string
  /** The call is a list; this JSON pointer with `*` leads to the ids in it. */
  rows?: string
  /** The path may be retired: its 404 says nothing of the id. */
  mayBeRetired?: true
  /** All of these instead, where the account's credential cannot be used on `path`. */
  otherwise?: readonly Omit<IdSearch, 'otherwise'>[]
}

/** A list of everything of a resource that an account owns, without what is public. Pointers into the answer. */
export interface OwnList {
  /** It has a query already, so that `&` and the parameter `token` ask for the next page. */
  path: string
  rows: string
  token: string
  next: string
  more: string
  /** Once it was read to its end, an id that it did not show is not the account's. */
  showsAll: boolean
}
