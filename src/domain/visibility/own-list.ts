/**
 * Own ids are kept by the list that shows them. This file finds that list from the route table: a list `GET /videos` shows the
 * things that `GET /videos/{id}` reads.
 */

interface Row {
  method: string
  path: string
  kind: string
  ids: readonly { in: string; at: string }[]
  reports?: { watch: string }
}

interface MakingRow {
  path: string
  job?: {
    watch: string
    id: string | readonly string[]
    ask: string
    alias?: { watch: string; id: string }
  } | null
}

/** The row that reads one thing of the list. Undefined: there is none. */
export function detailOf<R extends Row>(
  table: readonly R[],
  list: Pick<Row, 'path'>
): R | undefined {
  return table.find(
    ({ method, path, ids }) =>
      method === 'GET' &&
      path.startsWith(`${list.path}/{`) &&
      path.indexOf('/', list.path.length + 1) === -1 &&
      ids.some((ref) => ref.in === 'path')
  )
}

/** The path of a row that reads one thing, without its id: the name of its list. */
function listOf(path: string): string | undefined {
  const [, list] = /^(.+)\/\{\w+\}$/.exec(path.replace(/\?.*$/, '')) ?? []
  return list
}

/** The list that shows what a row's answer names at `pointer`. Empty: no list does. */
export function listOfMade(table: readonly Row[], row: MakingRow, pointer: string): string {
  const { job } = row
  const isJobs = job && (typeof job.id === 'string' ? [job.id] : job.id).includes(pointer)
  if (job && isJobs) return newestListOf(table, job.watch) ?? listOf(job.ask) ?? ''
  const details = table.filter((one) => one.method === 'GET' && isNear(one.path, row.path))
  const { alias } = job ?? {}
  const shown =
    alias?.id === pointer
      ? details.find((one) => one.reports?.watch === alias.watch)
      : namedLike(details, row, pointer)
  return shown ? (listOf(shown.path) ?? '') : ''
}

/** Of jobs that an older version of the API makes, too: the list of the newest one, which shows all. Undefined: they have several. */
function newestListOf(table: readonly Row[], watch: string): string | undefined {
  const isList = (path: string | undefined) =>
    table.some((one) => one.method === 'GET' && one.path === path)
  const lists = table
    .filter(({ reports }) => reports?.watch === watch)
    .flatMap(({ path }) => listOf(path) ?? [])
    .filter((path) => isList(path))
  const names = new Set(lists.map((path) => path.split('/').slice(2).join('/')))
  return names.size === 1 ? lists.at(-1) : undefined
}

/** Whether the path reads one thing, in the same version of the API. */
function isNear(path: string, other: string): boolean {
  return listOf(path) !== undefined && path.split('/')[1] === other.split('/')[1]
}

/** The list that shows the jobs of a creation whose lease names this row. Empty: no list does. */
export function listOfJobs(table: readonly (Row & MakingRow)[], name: string): string {
  const row = table.find(({ method, path }) => `${method} ${path}` === name)
  const [pointer] = [row?.job?.id ?? []].flat()
  return row && pointer !== undefined ? listOfMade(table, row, pointer) : ''
}

/** By the name of the member: what `/data/asset_id` names is read at `/assets/{asset_id}`. Rows of a batch are of the list above it. */
function namedLike(details: readonly Row[], { path }: MakingRow, pointer: string): Row | undefined {
  const name = pointer.split('/').findLast((key) => key !== '*') ?? ''
  const above = details
    .filter((one) => path.startsWith(`${listOf(one.path)}/`) || path === listOf(one.path))
    .toSorted((a, b) => (listOf(a.path) ?? '').length - (listOf(b.path) ?? '').length)[0]
  if (pointer.startsWith('/data/items/') && path.includes('/batches/{')) return above
  if (pointer === '/data/id') return above
  if (name !== 'id') return details.find((one) => one.path.endsWith(`/{${name}}`))
  // The videos of a session are shown by the list of videos.
  const [, version] = path.split('/')
  return details.find((one) => listOf(one.path) === `/${version}/${path.split('/').at(-1)}`)
}
