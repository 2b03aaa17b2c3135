/**
 * The part `routes`: the provider's paths as rows of a table, the host of each path, and where to look for an id of unknown
 * owner. A path without a row still works: it is a plain call on any account.
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
  /**
   * Every host of the provider. Their addresses in response headers are replaced with the gateway's. Absent: only the host of the
   * call.
   */
  allOrigins?(settings: Settings, credential: Credential): readonly string[]
  /**
   * Whether the provider understands an `Idempotency-Key` on this row, or on a path without a row. If not, the key is not sent to
   * the provider. The gateway's own promise about keys holds in both cases.
   */
  takesIdempotencyKey(path: string, match: RouteMatch | undefined): boolean
  /** Whether the path may be retired. Then a 404 says nothing about the job or id that the path names. Absent: no path is. */
  mayBeRetired?(path: string): boolean
  /**
   * How to find out whether an account has an id of unknown owner. Undefined: there is no way, or the text cannot be an id of this
   * resource. Then the call goes to any account. `searchFor` of `shared/id-searches.ts` does most of the work.
   */
  searchFor(match: RouteMatch, ref: IdRef, id: string): IdSearch | undefined
  /**
   * A list of all ids of a resource that an account owns, to look for many unknown ids at once. Absent: they are looked for one
   * by one.
   */
  ownListOf?(resource: string): OwnList | undefined
  /**
   * Why a token that sees only its own may not call the row: its body may name things at places that no column knows, or it is
   * about a whole account. A sentence. Undefined: the columns of the row decide.
   */
  closedToOwn?(route: Route): string | undefined
  /**
   * Whether a text at a place that no column knows may be the id of something that an account has. Absent: any word of 16 letters and
   * digits or more, with a digit.
   */
  mayBeId?(text: string): boolean
}

/** A GET (a POST if there is a `body`) that shows whether an account has an id: 2xx means yes, 404 no. `{id}` is replaced. */
export interface IdSearch {
  path: string
  /** The JSON body, for a list that is read with POST. */
  body?: string
  /** The call is a list. This JSON pointer with `*` leads to its ids. */
  rows?: string
  /** The path may be retired, so its 404 says nothing about the id. */
  mayBeRetired?: true
  /** The searches to make, all of them, if the account's credential cannot be used on `path`. */
  otherwise?: readonly Omit<IdSearch, 'otherwise'>[]
}

/** A list of everything of one resource that an account owns, without public things. All pointers lead into the answer. */
export interface OwnList {
  /** The path already has a query. The next page is read with `&` and the parameter `token` added. */
  path: string
  rows: string
  token: string
  next: string
  more: string
  /** Whether the list is complete: the account does not own an id that no page shows. */
  showsAll: boolean
}
