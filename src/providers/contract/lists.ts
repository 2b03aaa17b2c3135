/** The part `lists`: how the lists and numbers of several accounts become one answer. Rows of pool `merge` and `sum` need it. */
import type { Route } from './route-row.ts'

export interface ProviderLists {
  /** The shape of a list that shows all accounts. Undefined: this row is no such list, and one account answers. */
  shapeOf(route: Route): ListShape | undefined
  /** JSON pointers to the numbers that are added up over all accounts. Absent or undefined: this row is no such sum. */
  sumsOf?(route: Route): readonly string[] | undefined
}

/** Pointers lead into the answer, names are query parameters. */
export interface ListShape {
  /** Arrays of rows. Only lists without pages have more than one. */
  rows: readonly string[]
  /** Where a row has its id. Absent: under one of the usual names. */
  id?: string
  /** Further ids in a row that belong to the row's account. */
  owned?: readonly string[]
  /** The list is asked for with POST; `limit` and `token` stand in the JSON body. */
  isAskedInBody?: boolean
  /** Pages that are only counted, without a total or an end: the parameters, the usual size and the largest. */
  counted?: { page: string; size: string; usual: number; most: number }
  /** Where the number of rows on the page stands. */
  count?: string
  limit?: string
  token?: string
  /** The token of the next page, and whether there is one. */
  next?: string
  more?: string
  /** The parameter of pages counted from 1, where the list has them beside tokens. */
  page?: string
  totals: readonly string[]
  /** Where a row has its time; the first that is there counts. */
  times: readonly string[]
  /** The query parameter that tells `public` from `private` rows. */
  shared?: { query: string }
}
