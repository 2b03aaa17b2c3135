/** The provider's operations, from catalogue.json, and which of them a request means. */
import { type Found, toRoutes } from '../../catalogue/routes.ts'
import rows from '../catalogue.json'

export type OwnerId = {
  in: 'path' | 'query' | 'body'
  name: string
  pointer?: string
  resource: string
  required?: boolean
  mayBeShared?: boolean
  list?: string
}

export type Terminal = {
  statusPointer: string
  done: (string | number)[]
  failed: (string | number)[]
  pending: (string | number)[]
}

export type Row = {
  method: string
  host: string
  path: string
  family: 'v1' | 'v2' | 'v3' | 'ws'
  kind: string
  ownerIdIn: OwnerId[]
  createdIdOut: string[]
  listedIdOut: string[]
  mixesSharedRows: boolean
  terminal: Terminal | null
  successStatus: number
  queryParams: string[]
  pathExample: Record<string, string>
  queryExample: Record<string, string>
  requestContentType: string | null
  requestExample: unknown
  responseExample: unknown
  errorExamples: { status: number; body: unknown }[]
}

export const CATALOGUE = rows as unknown as Row[]

/** Where the socket of an interactive avatar is served here; the real one is on another host. */
const REALTIME_PATH = '/v2-alpha/interactive-avatar/session/{session_id}'

export function rowName(row: Row): string {
  return `${row.method} ${row.path}`
}

export function findRow(name: string): Row | undefined {
  return CATALOGUE.find((row) => rowName(row) === name)
}

export type Match = Found<Row>

export const matchRow = toRoutes(CATALOGUE, (row) => ({
  method: row.method === 'WSS' ? 'GET' : row.method,
  path: row.path === '{realtime_endpoint}' ? REALTIME_PATH : row.path,
}))
