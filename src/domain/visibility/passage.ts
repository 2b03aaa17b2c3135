/**
 * Decides which rows of a route table an own token may call, by the columns of the table. Closed: what no line here names is refused
 * (docs/rfc/0010-sees-own.md, "Which rows pass").
 */

/** The columns of a row that decide. */
export interface RowFacts {
  kind: string
  pool: string
  ids: readonly { required: boolean }[]
  creates: readonly string[]
  job?: unknown
  notOffered?: string
}

/**
 * `absent`: like a path that is not there. `usual`: as for any token. `endpoints`: the flow shows the token's own alone. `closed`:
 * the provider says why. `list`: made of the token's own ids. `whole`: about whole accounts. `ids`: each id decides.
 */
export type Passage = 'absent' | 'usual' | 'endpoints' | 'closed' | 'list' | 'whole' | 'ids'

/** `isAdded`: the operator added the row. `isListed`: it is a list of all accounts. `isListable`: its things can be read one by one. */
export interface RowPlace {
  isAdded: boolean
  isClosed: boolean
  isListed: boolean
  isListable: boolean
}

export function passageOf(row: RowFacts | undefined, place: RowPlace): Passage {
  if (!row || place.isAdded) return 'absent'
  if (row.notOffered !== undefined || row.kind === 'read-shared') return 'usual'
  if (row.pool === 'gateway') return 'endpoints'
  if (place.isClosed) return 'closed'
  if (place.isListed) return place.isListable ? 'list' : 'whole'
  if (row.pool === 'sum' || row.pool === 'merge') return 'whole'
  if (row.pool === 'split') return 'ids'
  return row.ids.some((ref) => ref.required) || isMaking(row) ? 'ids' : 'whole'
}

const MAKING = new Set(['creates-job', 'sync-generation'])

/** Whether the call makes something, which then is the token's own. */
export function isMaking({ kind, creates, job }: RowFacts): boolean {
  if (kind === 'job-status' || kind === 'read-account') return false
  return MAKING.has(kind) || creates.length > 0 || job !== undefined
}
