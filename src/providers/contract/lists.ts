/**
 * The part `lists`: how to make one answer out of the lists and numbers of several accounts. Rows of pool `merge` and `sum` need
 * it.
 */
import type { Route } from './route-row.ts'

export interface ProviderLists {
  /** The shape of a list that shows all accounts. Undefined: this row is no such list, and one account answers. */
  shapeOf(route: Route): ListShape | undefined
  /** JSON pointers to the numbers that are added up over all accounts. Absent or undefined: the row has no such numbers. */
  sumsOf?(route: Route): readonly string[] | undefined
  /**
   * The lists of rows that are public, and so the same in every account, which show ids of this resource. Absent or empty: none
   * does, and no id of the resource is known to be public.
   */
  publicRowsOf?(resource: string): readonly PublicRows[]
  /** The answer of this list without any row, as JSON. */
  emptyList?(route: Route, requestId: string): string
}

/** `ids`: JSON pointers to the ids in a row. The other members are those of a `WholeList`. */
export interface PublicRows {
  path: string
  query: Readonly<Record<string, string>>
  limit: number
  ids: readonly string[]
}

/** All pointers lead into the answer. All names are those of query parameters. */
export interface ListShape {
  /** Arrays of rows. Only lists without pages have more than one. */
  rows: readonly string[]
  /** JSON pointer to the id in a row. Absent: the id has one of the usual names. */
  id?: string
  /** Further ids in a row that belong to the row's account. */
  owned?: readonly string[]
  /** The list is read with POST. `limit` and `token` are members of the JSON body. */
  isAskedInBody?: boolean
  /** For pages that are only counted, without a total or an end: their parameters, the default size and the largest. */
  counted?: { page: string; size: string; usual: number; most: number }
  /** JSON pointer to the number of rows on the page. */
  count?: string
  limit?: string
  /** How many rows a page has without `limit`. A list of several accounts then has as many, if no account alone has more. */
  usual?: number
  token?: string
  /** JSON pointers to the token of the next page, and to whether there is one. */
  next?: string
  more?: string
  /** The parameter for pages counted from 1, if the list has them besides tokens. */
  page?: string
  totals: readonly string[]
  /** JSON pointers to the time of a row. The first one that finds a value counts. */
  times: readonly string[]
  /** The query parameter that chooses between `public` and `private` rows. */
  shared?: { query: string }
}
