/** The provider's operations, from catalogue.json, and which of them a request means. */
import rows from './catalogue.json'

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

type Compiled = { row: Row; segments: string[] }

const byShape = new Map<string, Compiled[]>()
for (const row of CATALOGUE) {
  const path = row.path === '{realtime_endpoint}' ? REALTIME_PATH : row.path
  const segments = path.split('/').slice(1)
  const shape = `${row.method === 'WSS' ? 'GET' : row.method} ${segments.length}`
  byShape.set(shape, [...(byShape.get(shape) ?? []), { row, segments }])
}
// Literal segments beat parameters, from the left.
for (const compiled of byShape.values()) {
  compiled.sort((a, b) => weigh(a).localeCompare(weigh(b)))
}

export function rowName(row: Row): string {
  return `${row.method} ${row.path}`
}

export function findRow(name: string): Row | undefined {
  return CATALOGUE.find((row) => rowName(row) === name)
}

export type Match = { row: Row; params: Record<string, string> }

export function matchRow(method: string, path: string): Match | undefined {
  const segments = path.split('/').slice(1)
  // A HEAD is answered as its GET; the runtime leaves the body out.
  const asked = method === 'HEAD' ? 'GET' : method
  for (const compiled of byShape.get(`${asked} ${segments.length}`) ?? []) {
    const params = bindParams(compiled.segments, segments)
    if (params) return { row: compiled.row, params }
  }
  return undefined
}

function bindParams(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith('{')) {
      if (!segment) return undefined
      params[part.slice(1, -1)] = decode(segment)
    } else if (part !== segment) return undefined
  }
  return params
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function weigh(compiled: Compiled): string {
  return compiled.segments.map((segment) => (segment.startsWith('{') ? '1' : '0')).join('')
}
