/**
 * One search of a provider's list for the jobs of lost creations, page after page, and what it means for each of them.
 * The list shows what ran, so presence proves much and absence little: see domain/lost-creations.ts.
 */
import { shortCallbackId, shortFingerprint } from '#domain/jobs/fingerprint.ts'
import { instantOf } from '#domain/text/timestamps.ts'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { Change, JobStart, Lease } from '#domain/slots/lease.ts'
import {
  afterSearch,
  isBefore,
  isLost,
  matchRows,
  mayBe,
  type Candidate,
  type Match,
} from '#domain/jobs/match-lost-creations.ts'
import { answerLostAt, searchAgainLater } from '#domain/jobs/reconcile.ts'
import type { Finder } from '#providers/contract/provider.ts'
import {
  fewAtOnce,
  get,
  learnJobOwners,
  reportsIn,
  saysUnknown,
  type Answer,
  type ReconcileContext,
} from './status-checks.ts'

/** Pages of one list in one look; the next one goes on there. */
const PAGES_MAX = 20
/** Or after so long: what runs is asked about in the same alarm, which may take a quarter of an hour. */
const LOOK_MS = 40_000
/** How many rows are opened in one look to read what the list does not show. */
const DETAILS_MAX = 20
const MEMORY_MAX = 20_000

/**
 * `isQuick`: somebody waits for it, so only the first page is read. `blind`: requests of which the desk could not be asked
 * now; no search for these counts as whole.
 */
export async function searchProviderList(
  context: ReconcileContext,
  finder: Finder,
  sought: readonly Lease[],
  { isQuick, blind }: { isQuick: boolean; blind: ReadonlySet<string> }
): Promise<void> {
  const { ports, provider, desk } = context
  const search =
    (await readList(context, finder, sought, isQuick)) ??
    (await readElse(context, finder, sought, isQuick))
  if (search) await openRows(context, finder, sought, search.rows)
  const all = desk.leases()
  const due = new Set(sought.map((lease) => lease.id))
  const isHere = (lease: Lease) => provider.finderOf(lease)?.path === finder.path
  // Those that hold a row although nobody looks for them now: an exact match may take it from them.
  const held = all.filter(
    (lease) => !due.has(lease.id) && lease.state === 'suspect' && isHere(lease)
  )
  const lost = [...all.filter((lease) => due.has(lease.id) && isLost(lease)), ...held]
  const now = ports.now()
  if (!search) {
    if (isQuick) return
    for (const lease of lost)
      if (due.has(lease.id)) desk.apply(searchAgainLater(lease, now, ports.durations))
    return
  }
  // A list that grows while it is read shows a row on two pages.
  const read = new Map(search.rows.map((row) => [row.id, row]))
  // Of a long list few rows are of the time in question, and only those are asked for in thirty days of jobs.
  const rows = [...read.values()]
    .map((row) => ({ ...row, ...remembered(context, row) }))
    .filter((row) => lost.some((lease) => mayBe(lease, row, ports.durations)))
  const known = desk.knownOf(rows.map((row) => row.id))
  const matches = matchRows(lost, all, rows, (id) => known.has(id), ports.durations)
  const isFirst = ({ kind }: Match) => (kind === 'exact' ? 0 : 1)
  const inOrder = lost.toSorted((a, b) => order(matches, a, isFirst) - order(matches, b, isFirst))
  const starts: [Lease, JobStart][] = []
  for (const lease of inOrder) {
    const match = matches.get(lease.id) ?? { kind: 'none' }
    const row = 'row' in match ? match.row : undefined
    if (!due.has(lease.id) && match.kind === 'suspect' && row?.id === lease.jobId) continue
    const start = row && provider.startOf(lease, row.id)
    const isWhole = search.isWhole && !blind.has(lease.requestId)
    const change = afterSearch(lease, match, { isWhole, start }, now, ports.durations)
    desk.apply(isQuick ? besides(change, lease) : change)
    if (match.kind === 'exact' && start) starts.push([lease, start])
  }
  remember(context, search.rows, now)
  // Last: while it is awaited, leases change.
  for (const [lease, start] of starts) await learnJobOwners(context, lease, [start])
}

/** A look that somebody waits for does not put off those of the alarm. */
function besides(change: Change, before: Lease): Change {
  const put = change.put.map((lease) => {
    if (lease.id !== before.id || lease.state === 'running') return lease
    const { looks: _, ...rest } = lease
    const nextAt = Math.min(lease.nextAt, before.nextAt)
    return { ...rest, ...(before.looks === undefined ? {} : { looks: before.looks }), nextAt }
  })
  return { ...change, put }
}

function order(matches: Map<string, Match>, lease: Lease, rank: (match: Match) => number): number {
  return rank(matches.get(lease.id) ?? { kind: 'none' })
}

function remembered(
  { desk }: ReconcileContext,
  { id, state, callbackId }: Candidate
): Partial<Candidate> {
  const known = desk.memory.rows.get(id)
  return { ...known, ...(state ? { state } : {}), ...(callbackId ? { callbackId } : {}) }
}

function remember({ desk }: ReconcileContext, rows: readonly Candidate[], now: number): void {
  const { rows: known } = desk.memory
  if (known.size > MEMORY_MAX) known.clear()
  for (const { id, state } of rows) {
    const before = known.get(id)
    const over = state === 'over' ? { state } : {}
    known.set(id, { seenAt: now, ...before, ...over })
  }
}

/**
 * The rows that may be their jobs, and whether all of them were seen: pages are read until every row on one is older
 * than the oldest of these creations. Undefined: the list could not be read.
 */
async function readList(
  context: ReconcileContext,
  finder: Finder,
  sought: readonly Lease[],
  isQuick: boolean
): Promise<{ rows: Candidate[]; isWhole: boolean } | undefined> {
  const { ports } = context
  const { passes } = context.desk.memory
  const until = ports.now() + LOOK_MS
  const pass = isQuick ? undefined : passes.get(finder.path)
  // Its first pages were read before some of these were given up: their rows may stand there.
  const isYounger = (lease: Lease) => answerLostAt(lease, ports.durations) > (pass?.startedAt ?? 0)
  const begun = sought.some(isYounger) ? undefined : pass
  const startedAt = begun?.startedAt ?? ports.now()
  const rows: Candidate[] = [...(begun?.rows ?? [])]
  const isOlder = (row: Candidate) => sought.every((lease) => isBefore(lease, row))
  let token: string | undefined = begun?.token
  for (let page = 0; page < (isQuick ? 1 : PAGES_MAX); page += 1) {
    const answer = await get(context, pathOf(finder, token))
    const read = answer && rowsIn(context, finder, answer, sought)
    if (!read) {
      // Its place may be forgotten there: what was read so far would be believed for ever.
      if (!isQuick) passes.delete(finder.path)
      return page === 0 && !begun ? undefined : { rows, isWhole: false }
    }
    rows.push(...read)
    token = answer && nextToken(finder, answer, read.length, token)
    const isPast = read.length > 0 && read.every(isOlder)
    if (token === undefined && !isPast && answer && saysMore(finder, answer)) {
      if (!isQuick) passes.delete(finder.path)
      return { rows, isWhole: false }
    }
    const isOver = token === undefined || isPast
    if (!isOver && ports.now() >= until) break
    if (isOver) {
      if (!isQuick) passes.delete(finder.path)
      return { rows, isWhole: true }
    }
  }
  if (!isQuick && token !== undefined && rows.length < MEMORY_MAX)
    passes.set(finder.path, { token, rows, startedAt })
  else if (!isQuick) passes.delete(finder.path)
  return { rows, isWhole: false }
}

/** Older lists may be retired while what they listed stays. */
async function readElse(
  context: ReconcileContext,
  finder: Finder,
  sought: readonly Lease[],
  isQuick: boolean
): ReturnType<typeof readList> {
  if (!finder.otherwise) return undefined
  const answer = await get(context, finder.path)
  const isGone = answer !== undefined && saysUnknown(context.provider, answer)
  return isGone ? readList(context, finder.otherwise, sought, isQuick) : undefined
}

/** Without saying where. */
function saysMore({ more }: Finder, { body }: Answer): boolean {
  return more !== undefined && valueAt(body, more) === true
}

function pathOf({ path, token: name, counted }: Finder, token: string | undefined): string {
  if (token === undefined) return path
  const parameter = counted?.page ?? name ?? 'token'
  const [pathname = '', search] = path.split('?')
  const query = new URLSearchParams(search)
  query.set(parameter, token)
  return `${pathname}?${query}`
}

function nextToken(
  { next, more, counted, isExact }: Finder,
  { body }: Answer,
  rows: number,
  token: string | undefined
): string | undefined {
  if (isExact) return undefined
  if (counted) return rows < counted.size ? undefined : String(Number(token ?? 1) + 1)
  if (next === undefined) return undefined
  const hasMore = more === undefined || valueAt(body, more) !== false
  return hasMore ? textAt(body, next) : undefined
}

/** Undefined: the answer says nothing. That there is no job of this name says that there is no row. */
function rowsIn(
  context: ReconcileContext,
  finder: Finder,
  answer: Answer,
  sought: readonly Lease[]
): Candidate[] | undefined {
  const { provider, ports } = context
  if (finder.isExact && saysUnknown(provider, answer)) return []
  if (answer.status !== 200 || answer.body === undefined) return undefined
  const at = finder.rows.replace(/\/\*$/, '')
  if (finder.rows.endsWith('/*') && !Array.isArray(valueAt(answer.body, at) ?? [])) return undefined
  if (finder.rows.endsWith('/*') && valueAt(answer.body, at) === undefined) return undefined
  const verdict = provider.judge({ ...answer, isJobCall: false, now: ports.now() })
  if (verdict.kind !== 'ok') return undefined
  const theirs = Date.parse(answer.headers.get('date') ?? '')
  const aheadMs = Number.isNaN(theirs) ? 0 : theirs - ports.now()
  const [lease] = sought
  const found = valuesAt(answer.body, finder.rows)
  // A row that cannot be read may be ours.
  if (found.some((row) => textAt(row, finder.id) === undefined)) return undefined
  return found.flatMap((row): Candidate[] => {
    const id = textAt(row, finder.id)
    if (id === undefined) return []
    const title = textAt(row, finder.title)
    const callbackId = finder.callbackId === undefined ? undefined : textAt(row, finder.callbackId)
    const word = finder.status === undefined ? undefined : textAt(row, finder.status)
    const state = word === undefined || !lease ? undefined : provider.stateOfRow?.(lease, word)
    const made = instantOf(valueAt(row, finder.createdAt))
    return [
      {
        id,
        ...(made === undefined ? {} : { times: [made, made - aheadMs] }),
        ...shortFingerprint({
          ...(title === undefined ? {} : { title }),
          ...(callbackId ? { callbackId } : {}),
        }),
        ...(state === undefined ? {} : { state }),
      },
    ]
  })
}

/** Reads of rows that may be ours what the list does not show: a callback id, and whether the job is over. */
async function openRows(
  context: ReconcileContext,
  finder: Finder,
  sought: readonly Lease[],
  rows: readonly Candidate[]
): Promise<void> {
  const { desk, ports } = context
  const { details } = finder
  const near = rows.filter((row) =>
    sought.some((lease) => mayBe(lease, { ...row, ...remembered(context, row) }, ports.durations))
  )
  const known = desk.knownOf(near.map((row) => row.id))
  const possible = near.filter((row) => !known.has(row.id))
  const wantsNames = details !== undefined && sought.some((lease) => lease.fingerprint.callbackId)
  const nameless = wantsNames
    ? possible.filter((row) => !desk.memory.rows.get(row.id)?.isOpened)
    : []
  await fewAtOnce(nameless.slice(0, DETAILS_MAX), async ({ id }) => {
    const answer = await get(context, (details ?? '').replace('{id}', encodeURIComponent(id)))
    const callbackId = textAt(answer?.body, '/data/callback_id')
    const named = callbackId ? { callbackId: shortCallbackId(callbackId) } : {}
    if (answer?.status === 200) note(context, id, { ...named, isOpened: true })
  })
  const stateless = possible.filter(
    (row) => row.state === undefined && desk.memory.rows.get(row.id)?.state !== 'over'
  )
  await fewAtOnce(stateless.slice(0, DETAILS_MAX), async ({ id }) => {
    const [lease] = sought
    const ask = lease && context.provider.startOf(lease, id)?.ask
    const answer = ask === undefined ? undefined : await get(context, ask)
    if (!lease || ask === undefined || answer?.status !== 200) return
    const isOver = reportsIn(context.provider, ask, answer, lease).some(
      ({ state }) => state === 'completed' || state === 'failed' || state === 'ending'
    )
    if (isOver) note(context, id, { state: 'over' })
  })
}

function note(
  { desk, ports }: ReconcileContext,
  id: string,
  what: Partial<Candidate> & { isOpened?: true }
): void {
  const before = desk.memory.rows.get(id)
  desk.memory.rows.set(id, { seenAt: ports.now(), ...before, ...what })
}
