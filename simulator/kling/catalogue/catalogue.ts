/** Kling's operations, from catalogue.json, and which of them a request means. */
import type { OwnerId, Terminal } from '../../heygen/catalogue/catalogue.ts'
import { type Found, toRoutes } from '../../catalogue/routes.ts'
import type { Doc } from '../../state/types.ts'
import rows from '../catalogue.json'

export type Row = {
  method: string
  host: string
  path: string
  family: 'new' | 'v1' | 'account' | 'console'
  kind: string
  ownerIdIn: OwnerId[]
  terminal: Terminal | null
  successStatus: number
  queryParams: string[]
  pathExample: Record<string, string>
  queryExample: Record<string, string>
  requestContentType: string | null
  requestExample: unknown
  responseExample: Doc
  /** Which credentials it takes: API key alone, API key or signed token, none. */
  keys: 'api' | 'both' | 'none'
}

export const CATALOGUE = rows as unknown as Row[]

export type Match = Found<Row>

const match = toRoutes(CATALOGUE, (row) => row)

export function matchRow(method: string, path: string): Match | undefined {
  return match(method, path)
}

export function rowName(row: Row): string {
  return `${row.method} ${row.path}`
}

export function findRow(name: string): Row | undefined {
  return CATALOGUE.find((row) => rowName(row) === name)
}

/** The row that reads one task of a create path: its example has the shape of the task's answers. */
export function taskExample(path: string): Doc {
  return (findRow(`GET ${path}/{id}`)?.responseExample.data ?? {}) as Doc
}
