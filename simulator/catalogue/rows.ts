/** What the catalogues of both providers have in common. */

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

export type CommonRow = {
  method: string
  host: string
  path: string
  kind: string
  ownerIdIn: OwnerId[]
  terminal: Terminal | null
  successStatus: number
  queryParams: string[]
  pathExample: Record<string, string>
  queryExample: Record<string, string>
  requestContentType: string | null
  requestExample: unknown
}

/** Method and path template. */
export function rowName(row: CommonRow): string {
  return `${row.method} ${row.path}`
}

export function findRowIn<Row extends CommonRow>(rows: Row[]): (name: string) => Row | undefined {
  return (name) => rows.find((row) => rowName(row) === name)
}
