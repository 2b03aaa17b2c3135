/** A row of the matrix: one call, with what it names there. */
export interface Call {
  method: string
  path: string
  body?: string | Uint8Array<ArrayBuffer>
  contentType?: string
}

export interface Row {
  /** The first column. */
  name: string
  /** A call that names what exists. Made again once a call has changed it. */
  make: () => Promise<Call>
  isDropIn?: boolean
  /** Who is let in changes something: what the call names is made again. */
  changes: boolean
}

export interface Section {
  title: string
  rows: Row[]
}

export function json(method: string, path: string, body?: unknown): Call {
  if (body === undefined) return { method, path }
  return { method, path, body: JSON.stringify(body), contentType: 'application/json' }
}
