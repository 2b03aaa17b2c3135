/** HeyGen's operations, from catalogue.json, and which of them a request means. */
import { type Match, toRoutes } from '../../catalogue/routes.ts'
import { type CommonRow, findRowIn } from '../../catalogue/rows.ts'
import rows from '../catalogue.json'

export type Row = CommonRow & {
  family: 'v1' | 'v2' | 'v3' | 'ws'
  createdIdOut: string[]
  listedIdOut: string[]
  mixesSharedRows: boolean
  responseExample: unknown
  errorExamples: { status: number; body: unknown }[]
}

export const CATALOGUE = rows as unknown as Row[]

/** Where the socket of an interactive avatar is served here. The real one is on another host. */
const REALTIME_PATH = '/v2-alpha/interactive-avatar/session/{session_id}'

export const findRow = findRowIn(CATALOGUE)

export type HeygenMatch = Match<Row>

export const matchRow = toRoutes(CATALOGUE, (row) => ({
  method: row.method === 'WSS' ? 'GET' : row.method,
  path: row.path === '{realtime_endpoint}' ? REALTIME_PATH : row.path,
}))
