/**
 * Searches a provider's list for the jobs of lost creations, page after page, and applies what the rows mean for each
 * creation. A row proves more than a missing row: see domain/jobs/match-lost-creations.ts.
 */
import { shortCallbackId, shortFingerprint } from '#domain/jobs/fingerprint.ts'
import { instantOf } from '#domain/text/timestamps.ts'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import {
  NO_CHANGE,
  type Change,
  type EndedJob,
  type JobStart,
  type Lease,
} from '#domain/slots/lease.ts'
import {
  afterSearch,
  isLost,
  isOlder,
  matchRows,
  mayBeJobOf,
  type Candidate,
  type Match,
} from '#domain/jobs/match-lost-creations.ts'
import { answerLostAt, searchAgainLater } from '#domain/jobs/reconcile.ts'
import type { JobSearch } from '#providers/contract/provider.ts'
import {
  fewAtOnce,
  get,
  learnJobOwners,
  reportsIn,
  saysUnknown,
  type Answer,
  type ReconcileContext,
} from './status-checks.ts'

/** The most pages of one list in one search. The next search goes on after them. */
const PAGES_MAX = 20
/** The longest time of one search. Running jobs are checked in the same alarm, which may take fifteen minutes. */
const SEARCH_MS = 40_000
/** The most rows that one search opens, to read what the list does not show. */
const DETAILS_MAX = 20
const MEMORY_MAX = 20_000

/**
 * `isQuick`: a client waits for the result, so only the first page is read. `unanswered`: requests about which the desk did not
 * answer, or the provider under their key; no search for these counts as whole.
 */
interface SearchOptions {
  isQuick: boolean
  unanswered: ReadonlySet<string>
}

/** `isWhole`: every row was read that may be a job of these creations. */
interface SearchedList {
  rows: Candidate[]
  isWhole: boolean
}

export async function searchProviderList(
  context: ReconcileContext,
  finder: JobSearch,
  wanted: readonly Lease[],
  { isQuick, unanswered }: SearchOptions
): Promise<void> {
  const { ports, desk } = context
  const list =
    (await readList(context, finder, wanted, isQuick)) ??
    (await readNewerList(context, finder, wanted, isQuick))
  if (list) await openRows(context, finder, wanted, list.rows)
  const wantedIds = new Set(wanted.map((lease) => lease.id))
  const lost = lostIn(context, finder, wantedIds)
  const now = ports.now()
  if (!list) {
    if (isQuick) return
    for (const lease of lost)
      if (wantedIds.has(lease.id)) desk.apply(searchAgainLater(lease, now, ports.durations))
    return
  }
  const matches = matchList(context, list.rows, lost)
  const isExact = (lease: Lease) => matches.get(lease.id)?.kind === 'exact'
  const found: [Lease, JobStart][] = []
  const ended: EndedJob[] = []
  // Exact matches are applied first, because they may take a job from a suspect.
  for (const lease of [...lost.filter(isExact), ...lost.filter((one) => !isExact(one))]) {
    const match = matches.get(lease.id) ?? { kind: 'none' }
    const row = 'row' in match ? match.row : undefined
    const isUnchanged = match.kind === 'suspect' && row?.id === lease.jobId
    if (isUnchanged && !wantedIds.has(lease.id)) continue
    const start = row && context.provider.jobs.startOf(lease, row.id)
    const isWhole = list.isWhole && !unanswered.has(lease.requestId)
    const change = afterSearch(lease, match, { isWhole, start }, now, ports.durations)
    if (change.ended.length > 0) ended.push(...change.ended)
    else desk.apply(isQuick ? withoutDelay(change, lease) : change)
    if (match.kind === 'exact' && start) found.push([lease, start])
  }
  // Together: of a creation of several jobs it matters whether all of them are absent.
  if (ended.length > 0) desk.apply({ ...NO_CHANGE, ended })
  remember(context, list.rows, now)
  // This comes last, because leases may change while it is awaited.
  for (const [lease, start] of found) await learnJobOwners(context, lease, [start])
}

/** The wanted creations, and suspects of the same list that are not due: an exact match may take their row from them. */
function lostIn(
  { provider, desk }: ReconcileContext,
  finder: JobSearch,
  wantedIds: ReadonlySet<string>
): Lease[] {
  const all = desk.leases()
  const isOfList = (lease: Lease) => provider.jobs.searchOf(lease)?.path === finder.path
  const suspects = all.filter(
    (lease) => !wantedIds.has(lease.id) && lease.state === 'suspect' && isOfList(lease)
  )
  return [...all.filter((lease) => wantedIds.has(lease.id) && isLost(lease)), ...suspects]
}

function matchList(
  context: ReconcileContext,
  rows: readonly Candidate[],
  lost: readonly Lease[]
): Map<string, Match> {
  const { ports, desk } = context
  // Rows are kept by id, because a list that grows while it is read may show a row on two pages.
  const byId = new Map(rows.map((row) => [row.id, row]))
  // In a long list few rows may be a job of these creations. Only those are looked up among thirty days of jobs.
  const possible = [...byId.values()]
    .map((row) => ({ ...row, ...remembered(context, row) }))
    .filter((row) => lost.some((lease) => mayBeJobOf(lease, row, ports.durations)))
  const known = desk.knownOf(possible.map((row) => row.id))
  return matchRows(lost, desk.leases(), possible, (id) => known.has(id), ports.durations)
}

/** The change with the earlier time of the next search, so that a quick search does not delay the alarm's searches. */
function withoutDelay(change: Change, before: Lease): Change {
  const put = change.put.map((lease) => {
    if (lease.id !== before.id || lease.state === 'running') return lease
    const { looks: _, ...rest } = lease
    const nextAt = Math.min(lease.nextAt, before.nextAt)
    return { ...rest, ...(before.looks === undefined ? {} : { looks: before.looks }), nextAt }
  })
  return { ...change, put }
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

/** Reads pages until every row of one is older than all of these creations. Undefined: the list could not be read. */
async function readList(
  context: ReconcileContext,
  finder: JobSearch,
  wanted: readonly Lease[],
  isQuick: boolean
): Promise<SearchedList | undefined> {
  const { ports } = context
  const { passes } = context.desk.memory
  const until = ports.now() + SEARCH_MS
  const begun = isQuick ? undefined : passBegun(context, finder, wanted)
  const startedAt = begun?.startedAt ?? ports.now()
  const rows: Candidate[] = [...(begun?.rows ?? [])]
  const isOlderThanAll = (row: Candidate) => wanted.every((lease) => isOlder(lease, row))
  // A quick search does not change the pass of the alarm.
  const endPass = () => void (isQuick || passes.delete(finder.path))
  let token: string | undefined = begun?.token
  for (let page = 0; page < (isQuick ? 1 : PAGES_MAX); page += 1) {
    const answer = await get(context, pathOf(finder, token))
    const read = answer && rowsIn(context, finder, answer, wanted)
    if (!read) {
      // The provider may have forgotten the token, so the pass starts again.
      endPass()
      return page === 0 && !begun ? undefined : { rows, isWhole: false }
    }
    rows.push(...read)
    token = nextToken(finder, answer, read.length, token)
    const isPast = read.length > 0 && read.every(isOlderThanAll)
    if (token === undefined && !isPast && saysMore(finder, answer)) {
      endPass()
      return { rows, isWhole: false }
    }
    if (token === undefined || isPast) {
      endPass()
      return { rows, isWhole: true }
    }
    if (ports.now() >= until) break
  }
  if (isQuick) return { rows, isWhole: false }
  if (token !== undefined && rows.length < MEMORY_MAX)
    passes.set(finder.path, { token, rows, startedAt })
  else endPass()
  return { rows, isWhole: false }
}

/**
 * The pass that an earlier search has begun. Undefined if one of these creations was lost after it began, because its row may be
 * on a page that was read before.
 */
function passBegun({ ports, desk }: ReconcileContext, finder: JobSearch, wanted: readonly Lease[]) {
  const pass = desk.memory.passes.get(finder.path)
  const isLater = (lease: Lease) => answerLostAt(lease, ports.durations) > (pass?.startedAt ?? 0)
  return wanted.some(isLater) ? undefined : pass
}

/** Reads the newer list if the older one is retired. */
async function readNewerList(
  context: ReconcileContext,
  finder: JobSearch,
  wanted: readonly Lease[],
  isQuick: boolean
): Promise<SearchedList | undefined> {
  if (!finder.otherwise) return undefined
  const answer = await get(context, finder.path)
  const isGone = answer !== undefined && saysUnknown(context.provider, answer)
  return isGone ? readList(context, finder.otherwise, wanted, isQuick) : undefined
}

/** Whether the answer says that there are more rows, but not how to get them. */
function saysMore({ more }: JobSearch, { body }: Answer): boolean {
  return more !== undefined && valueAt(body, more) === true
}

function pathOf({ path, token: name, counted }: JobSearch, token: string | undefined): string {
  if (token === undefined) return path
  const parameter = counted?.page ?? name ?? 'token'
  const [pathname = '', search] = path.split('?')
  const query = new URLSearchParams(search)
  query.set(parameter, token)
  return `${pathname}?${query}`
}

/** The token of the next page. `rows`: how many the page had. */
function nextToken(
  { next, more, counted, isExact }: JobSearch,
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

/** The rows of an answer. Undefined: the answer gives no information. A search by name that finds no job has no rows. */
function rowsIn(
  context: ReconcileContext,
  finder: JobSearch,
  answer: Answer,
  wanted: readonly Lease[]
): Candidate[] | undefined {
  const { provider, ports } = context
  if (finder.isExact && saysUnknown(provider, answer)) return []
  if (answer.status !== 200 || answer.body === undefined) return undefined
  const at = finder.rows.replace(/\/\*$/, '')
  const isList = finder.rows.endsWith('/*')
  if (isList && !Array.isArray(valueAt(answer.body, at) ?? [])) return undefined
  if (isList && valueAt(answer.body, at) === undefined) return undefined
  const verdict = provider.answers.judge({ ...answer, isJobCall: false, now: ports.now() })
  if (verdict.kind !== 'ok') return undefined
  const theirNow = Date.parse(answer.headers.get('date') ?? '')
  const aheadMs = Number.isNaN(theirNow) ? 0 : theirNow - ports.now()
  const found = valuesAt(answer.body, finder.rows)
  // A row without an id may be one of the jobs that are searched for.
  if (found.some((row) => textAt(row, finder.id) === undefined)) return undefined
  return found.flatMap((row) => candidateOf(context, finder, row, aheadMs, wanted[0]) ?? [])
}

/** Reads a row. `aheadMs`: how far the provider's clock is ahead of ours. `lease`: one of the leases that are searched for. */
function candidateOf(
  { provider }: ReconcileContext,
  finder: JobSearch,
  row: unknown,
  aheadMs: number,
  lease: Lease | undefined
): Candidate | undefined {
  const id = textAt(row, finder.id)
  if (id === undefined) return undefined
  const title = textAt(row, finder.title)
  const callbackId = finder.callbackId === undefined ? undefined : textAt(row, finder.callbackId)
  const word = finder.status === undefined ? undefined : textAt(row, finder.status)
  const state = word === undefined || !lease ? undefined : provider.jobs.stateOfRow?.(lease, word)
  const made = instantOf(valueAt(row, finder.createdAt))
  return {
    id,
    ...(made === undefined ? {} : { times: [made, made - aheadMs] }),
    ...shortFingerprint({
      ...(title === undefined ? {} : { title }),
      ...(callbackId ? { callbackId } : {}),
    }),
    ...(state === undefined ? {} : { state }),
  }
}

/** Opens rows that may be a wanted job, to read what the list does not show: a callback id, and whether the job is over. */
async function openRows(
  context: ReconcileContext,
  finder: JobSearch,
  wanted: readonly Lease[],
  rows: readonly Candidate[]
): Promise<void> {
  const { desk, ports } = context
  const { details } = finder
  const near = rows.filter((row) => {
    const full = { ...row, ...remembered(context, row) }
    return wanted.some((lease) => mayBeJobOf(lease, full, ports.durations))
  })
  const known = desk.knownOf(near.map((row) => row.id))
  const possible = near.filter((row) => !known.has(row.id))
  const needsNames = details !== undefined && wanted.some((lease) => lease.fingerprint.callbackId)
  const unopened = needsNames
    ? possible.filter((row) => !desk.memory.rows.get(row.id)?.isOpened)
    : []
  await fewAtOnce(unopened.slice(0, DETAILS_MAX), async ({ id }) => {
    const answer = await get(context, (details ?? '').replace('{id}', encodeURIComponent(id)))
    const callbackId = textAt(answer?.body, '/data/callback_id')
    const named = callbackId ? { callbackId: shortCallbackId(callbackId) } : {}
    if (answer?.status === 200) note(context, id, { ...named, isOpened: true })
  })
  const stateless = possible.filter(
    (row) => row.state === undefined && desk.memory.rows.get(row.id)?.state !== 'over'
  )
  await fewAtOnce(stateless.slice(0, DETAILS_MAX), async ({ id }) => {
    const [lease] = wanted
    const ask = lease && context.provider.jobs.startOf(lease, id)?.ask
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
