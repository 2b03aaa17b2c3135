/**
 * Makes the simulator's catalogue out of the three files of the reference: rows, added rows, and patches. A patch or an added row
 * that does not fit is an error, so that a mistake in the reference is noticed.
 */

type Json = Record<string, unknown>

interface ReferenceRow extends Json {
  method: string
  path: string
}

export interface Patch {
  method: string
  path: string
  /** The members of the row to replace, each as a whole. */
  change: Json
}

export interface Reference {
  rows: ReferenceRow[]
  added: ReferenceRow[]
  changed: Patch[]
}

export interface CatalogueRow extends Json {
  method: string
  path: string
  pathExample: Record<string, string>
  queryExample: Record<string, string>
}

/** `before`: the present catalogue. Its example ids stay, because the reference has none. */
export function toCatalogue(reference: Reference, before: readonly CatalogueRow[]): CatalogueRow[] {
  const rows = patched(reference)
  const known = new Map(before.map((row) => [nameOf(row), row]))
  const ids = Object.assign({}, ...before.map((row) => row.pathExample)) as Record<string, string>
  return rows.map((row) => toRow(row, known.get(nameOf(row)), ids))
}

/** Writes one row a line, with the spacing that the file has. */
export function printCatalogue(rows: readonly CatalogueRow[]): string {
  return `[\n${rows.map(print).join(',\n')}\n]\n`
}

function patched({ rows, added, changed }: Reference): ReferenceRow[] {
  const byName = new Map<string, ReferenceRow>()
  for (const row of [...rows, ...added]) {
    if (byName.has(nameOf(row))) throw new Error(`two rows ${nameOf(row)}`)
    byName.set(nameOf(row), row)
  }
  for (const patch of changed) {
    const row = byName.get(nameOf(patch))
    if (!row) throw new Error(`a patch of ${nameOf(patch)}, which has no row`)
    const unknown = Object.keys(patch.change).find((member) => !MEMBERS.has(member))
    if (unknown) throw new Error(`a patch of ${nameOf(patch)} changes ${unknown}, which no row has`)
    byName.set(nameOf(patch), { ...row, ...patch.change })
  }
  return [...byName.values()]
}

/** The members of a row that the catalogue takes from the reference. It leaves out those that only people read. */
const MEMBERS = new Set(
  `group name method host path family docsSlug docsUrl auth kind ownerIdIn createdIdOut listedIdOut mixesSharedRows
  terminal queryParams requestContentType requestExample successStatus responseExample errorExamples lifecycle
  routingHint notes evidence confidence responseConfidence inIndex`.split(/\s+/)
)

function toRow(
  row: ReferenceRow,
  before: CatalogueRow | undefined,
  ids: Record<string, string>
): CatalogueRow {
  const errors = row.errorExamples as { status: number; body: unknown }[]
  return {
    method: row.method,
    host: withoutRemark(row.host),
    path: row.path,
    family: row.family,
    kind: row.kind,
    ownerIdIn: row.ownerIdIn,
    createdIdOut: row.createdIdOut,
    listedIdOut: row.listedIdOut,
    mixesSharedRows: row.mixesSharedRows,
    terminal: row.terminal,
    successStatus: row.successStatus,
    queryParams: (row.queryParams as string[]).map(withoutRemark),
    pathExample: before?.pathExample ?? pathExampleOf(row, ids),
    queryExample: before?.queryExample ?? {},
    requestContentType: withoutRemark(row.requestContentType),
    requestExample: row.requestExample,
    responseExample: asSeen(row),
    errorExamples: errors.map(({ status, body }) => ({ status, body })),
  }
}

/**
 * Members that no page documents but that the code of a published client requires (heygen-mcp 0.0.3, with pydantic), so HeyGen must
 * send them. `at`: the names on the way to the object in the example.
 */
const SEEN_IN_CLIENTS: Record<string, { at: string[]; members: Json }> = {
  'GET /v2/user/remaining_quota': {
    at: ['data', 'details'],
    members: { streaming_avatar: 0, streaming_avatar_instance_quota: 0, seat: 1 },
  },
  'GET /v2/voices': {
    at: ['data', 'voices', '0'],
    members: { support_interactive_avatar: false },
  },
  'GET /v2/avatar_group.list': {
    at: ['data', 'avatar_group_list', '0'],
    members: { preview_image: 'https://files2.heygen.ai/p.webp' },
  },
}

function asSeen(row: ReferenceRow): unknown {
  const seen = SEEN_IN_CLIENTS[nameOf(row)]
  if (!seen) return row.responseExample
  const example = structuredClone(row.responseExample) as Json
  const object = seen.at.reduce<Json>((at, name) => at[name] as Json, example)
  Object.assign(object, seen.members)
  return example
}

/** Example ids for the path: the id in the answer, else the id of another row, else one of the same form. */
function pathExampleOf(row: ReferenceRow, ids: Record<string, string>): Record<string, string> {
  const data = (row.responseExample as { data?: Json } | null)?.data ?? {}
  const names = [...row.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return Object.fromEntries(
    names.map((name) => {
      const shown = data[name] ?? (names.length === 1 ? data.id : undefined)
      return [name, typeof shown === 'string' ? shown : (ids[name] ?? `${name}_abc123`)]
    })
  )
}

/** Removes the words in brackets at the end, which are for readers. */
function withoutRemark<T>(text: T): T {
  return (typeof text === 'string' ? text.replace(/ \(.*\)$/, '') : text) as T
}

function nameOf(row: { method: string; path: string }): string {
  return `${row.method} ${row.path}`
}

function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(', ')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, each]) => `${JSON.stringify(name)}: ${print(each)}`
  )
  return `{${members.join(', ')}}`
}
