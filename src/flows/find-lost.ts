/**
 * Looks for the jobs of creations whose answers were lost, surest first: what the desk knows, the provider's own answer
 * under the same key, then the provider's list. One search of a list serves all that are looked for in it.
 */
import { parseJson } from '#domain/json-text.ts'
import { instantOf } from '#domain/instant.ts'
import { textAt, valueAt, valuesAt } from '#domain/json-pointer.ts'
import type { JobStart, Lease } from '#domain/lease.ts'
import {
  afterSearch,
  isBefore,
  matchRows,
  mayBe,
  type Candidate,
  type Match,
} from '#domain/lost-creations.ts'
import type { Looked } from '#domain/ports.ts'
import { cannotLook, givenUpAt, lookedInVain } from '#domain/reconcile.ts'
import type { Finder } from '#providers/provider.ts'
import {
  fewAtOnce,
  get,
  reportsIn,
  saysUnknown,
  send,
  type Answer,
  type Errands,
} from './ask-provider.ts'

/** Pages of one list in one look; the next one goes on there. */
const PAGES_MAX = 20
/** How many rows are opened in one look to read what the list does not show. */
const DETAILS_MAX = 20
const MEMORY_MAX = 20_000
/** The provider forgets its keys after a day. */
const KEY_MS = 23 * 60 * 60 * 1000
/** After so many answers that said nothing, the key is asked under no more. */
const KEY_ASKS_MAX = 6

/** `isQuick`: somebody waits for it. */
export async function findLost(
  errands: Errands,
  leases: readonly Lease[],
  isQuick = false
): Promise<Looked> {
  let looked: Looked = { kind: 'unknown' }
  const blind = new Set<string>()
  for (const requestId of new Set(leases.map((lease) => lease.requestId))) {
    const known = await askDesk(errands, requestId)
    if (known === 'unasked') blind.add(requestId)
    if (known === true) continue
    const byKey = await askUnderKey(errands, requestId)
    if (byKey.kind !== 'unknown') looked = byKey
  }
  const open = leases.flatMap((lease) => stillLost(errands, lease) ?? [])
  const lists = new Map<string, { finder: Finder; leases: Lease[] }>()
  for (const lease of open) {
    const finder = errands.provider.finderOf(lease)
    if (!finder) {
      lookBlindly(errands, lease)
      continue
    }
    const list = lists.get(finder.path) ?? { finder, leases: [] }
    lists.set(finder.path, { finder, leases: [...list.leases, lease] })
  }
  for (const { finder, leases: sought } of lists.values())
    await searchFor(errands, finder, sought, { isQuick, blind })
  return looked
}

/** Unbound, or taken for a job that is not surely its own. */
function isLost({ state, kind, jobId }: Lease): boolean {
  return kind === 'job' && (state === 'unbound' || (state === 'suspect' && jobId !== undefined))
}

function stillLost({ desk }: Errands, lease: Lease): Lease | undefined {
  const now = desk.leases().find((one) => one.id === lease.id)
  return now && isLost(now) ? now : undefined
}

/** No list has this kind: only what was asked so far can name it. */
function lookBlindly({ ports, desk, provider }: Errands, lease: Lease): void {
  const isAskable = provider.askUnderKey?.(lease) && lease.upstreamKey !== undefined
  const mayTell = isAskable && (lease.looks ?? 0) < KEY_ASKS_MAX
  const later = mayTell ? lookedInVain : cannotLook
  desk.apply(later(lease, ports.now(), ports.waits))
}

/**
 * What the creation's own answer named, when its binding failed; or that another account made it, when this one had refused
 * it and giving the slot back failed. `unasked`: the desk did not answer.
 */
async function askDesk(errands: Errands, requestId: string): Promise<boolean | 'unasked'> {
  const { ports, provider, desk } = errands
  const { tenant, email } = desk.account
  const lease = desk.leases().find((one) => one.requestId === requestId)
  const made = await ports
    .desk(lease?.tenant ?? tenant, provider.name)
    .madeBy(requestId)
    .catch(() => 'unasked' as const)
  if (made === 'unasked') return made
  if (!made) return false
  const mine = desk.leases().filter((one) => one.requestId === requestId && isLost(one))
  if (made.email === email) desk.bind(requestId, made.starts)
  else desk.apply({ put: [], drop: mine.map((one) => one.id), ended: [] })
  return true
}

/**
 * Asks for the creation again under its own key with a body that cannot start anything: whoever knows the key gives the
 * first answer again. Anything but that answer says nothing.
 */
async function askUnderKey(errands: Errands, requestId: string): Promise<Looked> {
  const { ports, provider, desk } = errands
  const unknown: Looked = { kind: 'unknown' }
  const lease = desk.leases().find((one) => one.requestId === requestId && isLost(one))
  const now = ports.now()
  const call = lease && provider.askUnderKey?.(lease)
  const isOver = lease && now >= givenUpAt(lease, ports.waits)
  if (!lease?.upstreamKey || !call || !isOver) return unknown
  if (now - lease.acquiredAt >= KEY_MS || (lease.looks ?? 0) >= KEY_ASKS_MAX) return unknown
  const answer = await send(errands, {
    method: 'POST',
    path: call.path,
    headers: { 'content-type': 'application/json', 'idempotency-key': lease.upstreamKey },
    body: call.body,
  })
  if (!answer) return unknown
  if (answer.status === 409 && provider.saysInProgress?.(answer)) return { kind: 'later' }
  if (answer.status < 200 || answer.status >= 300) return unknown
  const starts = provider.startsIn?.(lease, answer.body) ?? []
  const ledger = desk.leases()
  const isOthers = (start: JobStart) =>
    desk.knows(start.jobId) &&
    !ledger.some((one) => one.requestId === requestId && one.jobId === start.jobId)
  if (starts.length === 0 || starts.some(isOthers)) return unknown
  if (!ledger.some((one) => one.requestId === requestId && isLost(one))) return unknown
  desk.bind(requestId, starts)
  await learn(errands, lease, starts)
  return { kind: 'found', starts, body: answer.text }
}

async function learn({ ports, provider, desk }: Errands, lease: Lease, starts: JobStart[]) {
  const { tenant, email } = desk.account
  const rest = { email, source: 'created', mayBeShared: false, lease: lease.requestId } as const
  await ports
    .desk(tenant, provider.name)
    .learn(starts.map(({ jobId: id }) => ({ id, ...rest })))
    .catch(() => ports.log('learn_failed', { requestId: lease.requestId }))
}

async function searchFor(
  errands: Errands,
  finder: Finder,
  sought: readonly Lease[],
  { isQuick, blind }: { isQuick: boolean; blind: ReadonlySet<string> }
): Promise<void> {
  const { ports, provider, desk } = errands
  const search = await readList(errands, finder, sought, isQuick)
  if (search) await openRows(errands, finder, sought, search.rows)
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
    for (const lease of lost)
      if (due.has(lease.id)) desk.apply(lookedInVain(lease, now, ports.waits))
    return
  }
  const rows = search.rows.map((row) => ({ ...row, ...remembered(errands, row) }))
  const matches = matchRows(lost, all, rows, (id) => desk.knows(id), ports.waits)
  const isFirst = ({ kind }: Match) => (kind === 'exact' ? 0 : 1)
  const inOrder = lost.toSorted((a, b) => order(matches, a, isFirst) - order(matches, b, isFirst))
  for (const lease of inOrder) {
    const match = matches.get(lease.id) ?? { kind: 'none' }
    const row = 'row' in match ? match.row : undefined
    if (!due.has(lease.id) && match.kind === 'suspect' && row?.id === lease.jobId) continue
    const start = row && provider.startOf(lease, row.id)
    const isWhole = search.isWhole && !blind.has(lease.requestId)
    desk.apply(afterSearch(lease, match, { isWhole, start }, now, ports.waits))
    if (match.kind === 'exact' && start) await learn(errands, lease, [start])
  }
  remember(errands, search.rows, now)
}

function order(matches: Map<string, Match>, lease: Lease, rank: (match: Match) => number): number {
  return rank(matches.get(lease.id) ?? { kind: 'none' })
}

function remembered({ desk }: Errands, { id, state, callbackId }: Candidate): Partial<Candidate> {
  const known = desk.memory.rows.get(id)
  return { ...known, ...(state ? { state } : {}), ...(callbackId ? { callbackId } : {}) }
}

function remember({ desk }: Errands, rows: readonly Candidate[], now: number): void {
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
  errands: Errands,
  finder: Finder,
  sought: readonly Lease[],
  isQuick: boolean
): Promise<{ rows: Candidate[]; isWhole: boolean } | undefined> {
  const { passes } = errands.desk.memory
  const pass = isQuick ? undefined : passes.get(finder.path)
  // Its first pages were read before some of these were given up: their rows may stand there.
  const isYounger = (lease: Lease) => givenUpAt(lease, errands.ports.waits) > (pass?.startedAt ?? 0)
  const begun = sought.some(isYounger) ? undefined : pass
  const startedAt = begun?.startedAt ?? errands.ports.now()
  const rows: Candidate[] = [...(begun?.rows ?? [])]
  const isOlder = (row: Candidate) => sought.every((lease) => isBefore(lease, row))
  let token: string | undefined = begun?.token
  for (let page = 0; page < (isQuick ? 1 : PAGES_MAX); page += 1) {
    const answer = await get(errands, pathOf(finder, token))
    const read = answer && rowsIn(errands, finder, answer, sought)
    if (!read) return page === 0 && !begun ? undefined : { rows, isWhole: false }
    rows.push(...read)
    token = answer && nextToken(finder, answer, read.length, token)
    const isPast = read.length > 0 && read.every(isOlder)
    if (token === undefined || isPast) {
      if (!isQuick) passes.delete(finder.path)
      return { rows, isWhole: true }
    }
  }
  if (!isQuick && token !== undefined) passes.set(finder.path, { token, rows, startedAt })
  return { rows, isWhole: false }
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
  errands: Errands,
  finder: Finder,
  answer: Answer,
  sought: readonly Lease[]
): Candidate[] | undefined {
  const { provider, ports } = errands
  if (finder.isExact && saysUnknown(provider, answer)) return []
  if (answer.status !== 200 || parseJson(answer.text) === undefined) return undefined
  const at = finder.rows.replace(/\/\*$/, '')
  if (finder.rows.endsWith('/*') && !Array.isArray(valueAt(answer.body, at) ?? [])) return undefined
  if (finder.rows.endsWith('/*') && valueAt(answer.body, at) === undefined) return undefined
  const theirs = Date.parse(answer.headers.get('date') ?? '')
  const aheadMs = Number.isNaN(theirs) ? 0 : theirs - ports.now()
  const [lease] = sought
  return valuesAt(answer.body, finder.rows).flatMap((row): Candidate[] => {
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
        ...(title === undefined ? {} : { title }),
        ...(callbackId ? { callbackId } : {}),
        ...(state === undefined ? {} : { state }),
      },
    ]
  })
}

/** Reads of rows that may be ours what the list does not show: a callback id, and whether the job is over. */
async function openRows(
  errands: Errands,
  finder: Finder,
  sought: readonly Lease[],
  rows: readonly Candidate[]
): Promise<void> {
  const { desk, ports } = errands
  const { details } = finder
  const possible = rows.filter(
    (row) =>
      !desk.knows(row.id) &&
      sought.some((lease) => mayBe(lease, { ...row, ...remembered(errands, row) }, ports.waits))
  )
  const wantsNames = details !== undefined && sought.some((lease) => lease.clue.callbackId)
  const nameless = wantsNames
    ? possible.filter((row) => desk.memory.rows.get(row.id)?.callbackId === undefined)
    : []
  await fewAtOnce(nameless.slice(0, DETAILS_MAX), async ({ id }) => {
    const answer = await get(errands, (details ?? '').replace('{id}', encodeURIComponent(id)))
    const callbackId = textAt(answer?.body, '/data/callback_id')
    if (callbackId) note(errands, id, { callbackId })
  })
  const stateless = possible.filter(
    (row) => row.state === undefined && desk.memory.rows.get(row.id)?.state !== 'over'
  )
  await fewAtOnce(stateless.slice(0, DETAILS_MAX), async ({ id }) => {
    const [lease] = sought
    const ask = lease && errands.provider.startOf(lease, id)?.ask
    const answer = ask === undefined ? undefined : await get(errands, ask)
    if (ask === undefined || answer?.status !== 200) return
    const isOver = reportsIn(errands.provider, ask, answer).some(
      ({ state }) => state === 'completed' || state === 'failed' || state === 'ending'
    )
    if (isOver) note(errands, id, { state: 'over' })
  })
}

function note({ desk, ports }: Errands, id: string, what: Partial<Candidate>): void {
  const before = desk.memory.rows.get(id)
  desk.memory.rows.set(id, { seenAt: ports.now(), ...before, ...what })
}

/** What has become of a creation as far as its account's object knows. */
export function lookedAt({ desk }: Pick<Errands, 'desk'>, requestId: string, last: Looked): Looked {
  const live = desk.leases().filter((lease) => lease.requestId === requestId)
  const over = desk.ended(requestId)
  const named = [...live, ...over.map((end) => end.lease)].filter(
    (lease) => lease.jobId !== undefined && lease.state !== 'suspect' && lease.state !== 'unbound'
  )
  if (live.some(isLost)) return last.kind === 'found' ? { kind: 'unknown' } : last
  if (named.length > 0) {
    const starts = named.map(({ jobId = '', watch, ask }) => ({
      jobId,
      watch,
      ...(ask === undefined ? {} : { ask }),
    }))
    return {
      kind: 'found',
      starts,
      ...(last.kind === 'found' && last.body !== undefined ? { body: last.body } : {}),
    }
  }
  const isAbsent = live.length === 0 && over.every(({ outcome }) => outcome.status === 'absent')
  return isAbsent && over.length > 0 ? { kind: 'absent' } : { kind: 'unknown' }
}
