/** Makes the calls that the catalogue documents: every row with its own example. */
import { readFileSync } from 'node:fs'

export interface CatalogueRow {
  method: string
  host: string
  path: string
  family: string
  kind: string
  successStatus: number
  pathExample: Record<string, string>
  queryExample: Record<string, string>
  requestContentType: string | null
  requestExample: unknown
  responseExample: unknown
}

export const CATALOGUE = JSON.parse(
  readFileSync(new URL('../../../simulator/heygen/catalogue.json', import.meta.url), 'utf8')
) as CatalogueRow[]
export const HTTP_ROWS = CATALOGUE.filter((row) => row.method !== 'WSS')
/** Calls that remove or end something come last, so that the other rows find the things that they name. */
const ENDING = /\/(delete|trash|stop|cancel)$|\.stop$/
export const IN_ORDER = [
  ...HTTP_ROWS.filter((row) => !isEnding(row)),
  ...HTTP_ROWS.filter((row) => isEnding(row)),
]
export interface Sent {
  bytes: Uint8Array<ArrayBuffer>
  contentType: string
  json?: Record<string, unknown>
}

export async function bodyOf(row: CatalogueRow): Promise<Sent | undefined> {
  const type = row.requestContentType
  if (!type) return undefined
  if (type === 'application/json') {
    const bytes = new TextEncoder().encode(JSON.stringify(row.requestExample))
    return { bytes, contentType: type, json: row.requestExample as Record<string, unknown> }
  }
  if (type === 'multipart/form-data') {
    const form = new FormData()
    form.append('file', new Blob([rawBytes()], { type: 'image/png' }), 'a.png')
    const encoded = new Response(form)
    const contentType = encoded.headers.get('content-type') ?? ''
    return { bytes: new Uint8Array(await encoded.arrayBuffer()), contentType }
  }
  return { bytes: rawBytes(), contentType: 'image/png' }
}

/** Every possible byte, so that the test fails if anything handles the bytes as text. */
function rawBytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 1024 }, (_, index) => index % 256)
}

export function pathOf(row: CatalogueRow): string {
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(row.pathExample[name] ?? '')
  )
  const query = new URLSearchParams(row.queryExample).toString()
  return query ? `${path}?${query}` : path
}

export function nameOf(row: CatalogueRow): string {
  return `${row.method} ${row.path}`
}

function isEnding(row: CatalogueRow): boolean {
  return row.method === 'DELETE' || ENDING.test(row.path)
}

/** Rows of one kind go through the same code of the gateway. Only the values in the table differ. */
export function kindOf(row: CatalogueRow): string {
  const [, family] = row.path.split('/')
  const answer = typeof row.responseExample
  return [family, row.kind, row.method, row.host, row.requestContentType, answer].join(' ')
}

/** null in the example matches any type, since most members may be null. */
export function findDifferences(example: unknown, got: unknown, at: string): string[] {
  if (example === null || got === null) return []
  if (typeOf(example) !== typeOf(got)) return [`${at} is ${typeOf(got)}, not ${typeOf(example)}`]
  if (Array.isArray(example) && Array.isArray(got)) {
    const both = example.length > 0 && got.length > 0
    return both ? findDifferences(example[0], got[0], `${at}/0`) : []
  }
  if (typeof example !== 'object') return []
  const wanted = example as Record<string, unknown>
  const members = got as Record<string, unknown>
  const extra = Object.keys(members).filter((name) => !(name in wanted))
  return [
    ...extra.map((name) => `${at}/${name} is extra`),
    ...Object.keys(wanted).flatMap((name) =>
      name in members
        ? findDifferences(wanted[name], members[name], `${at}/${name}`)
        : [`${at}/${name} is missing`]
    ),
  ]
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value
}

/** Whether the gateway answers the row itself, as it does for webhook endpoints (test/gateway/events/endpoints.test.ts). */
export function isOwn(row: CatalogueRow): boolean {
  return /^\/(v1\/webhook|v3\/webhooks\/(endpoints|event-types))(\/|$)/.test(row.path)
}
