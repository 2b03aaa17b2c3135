/** Kling's operations, from catalogue.json, and which of them a request means. */
import { type Match, toRoutes } from '../../catalogue/routes.ts'
import { type CommonRow, findRowIn } from '../../catalogue/rows.ts'
import type { Doc } from '../../text/json.ts'
import rows from '../catalogue.json'

export type Row = CommonRow & {
  family: 'new' | 'v1' | 'account' | 'console'
  responseExample: Doc
  /** Which credentials it takes: an API key alone, an API key or a signed token, none. */
  keys: 'api' | 'both' | 'none'
}

export const CATALOGUE = rows as unknown as Row[]

export type KlingMatch = Match<Row>

export const matchRow = toRoutes(CATALOGUE, (row) => row)

export const findRow = findRowIn(CATALOGUE)

/** The row that reads one task of a create path: its example has the shape of the task's answers. */
export function taskExample(path: string): Doc {
  return (findRow(`GET ${path}/{id}`)?.responseExample.data ?? {}) as Doc
}
