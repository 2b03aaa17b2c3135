/**
 * Runs a call that needs slots on the first account that grants them: usable accounts in the tenant's order, then those that seem
 * full. The next account is tried only after the provider itself refused the call.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { choiceNote, passedAsParked, type PassedAccount } from '#domain/slots/choice-note.ts'
import type { LeaseAnswer, LeaseAsk } from '#domain/slots/lease.ts'
import {
  passedFor,
  whyNoSlot,
  type LeaseRefusal,
  type ParkedAccount,
} from '#domain/slots/why-no-slot.ts'
import { rowOf } from '#flows/accounts/report-refusal.ts'
import type { Eligible } from '#flows/routing/choose-accounts.ts'
import type { ProxyAnswer, ReadCall } from '#flows/upstream/proxy-call.ts'
import { fullLast } from './full-last.ts'
import { noSlotError, slotsFull } from './no-slot-errors.ts'

const ACCOUNTS_TRIED_MAX = 3
const UNANSWERED_RETRY_MS = 5000

/**
 * The result of a call on one account. `refused`: it certainly started nothing; without `answer` the gateway writes the error.
 * `retry`: the call was sent with an older credential than the account has by now.
 */
export type Attempt =
  | { kind: 'done'; answer: ProxyAnswer }
  | { kind: 'refused'; answer?: ProxyAnswer; parking?: Parking }
  | { kind: 'retry'; account: Account; answer: ProxyAnswer }

/** An account that granted the lease, and the lease request. */
export interface Granted {
  account: Account
  ask: LeaseAsk
}

interface SlotWork {
  ask: LeaseAsk
  /** The part of the lease request that depends on the account. */
  askOn?(account: Account): Promise<Partial<LeaseAsk>>
  /** Called when an account did not answer a lease request, so that it may have a left-over lease. */
  noteUnanswered?(): void
  attempt(granted: Granted): Promise<Attempt>
}

/** Returns the answer of the account that served the call, else the first refusal. Throws when no account took it. */
export async function serveWithSlot(
  ports: Ports,
  call: ReadCall,
  eligible: Eligible,
  work: SlotWork
): Promise<ProxyAnswer> {
  const search = newSearch(ports, call, eligible, work.ask)
  let refusal: ProxyAnswer | undefined
  let isRetried = false
  for (let tried = 0; tried < ACCOUNTS_TRIED_MAX;) {
    const granted = await acquireNext(ports, search, work)
    if (!granted) break
    const result = await work.attempt(granted)
    if (result.kind === 'done') return result.answer
    if (result.kind === 'retry') {
      if (isRetried) return result.answer
      isRetried = true
      search.candidates.unshift(result.account)
      continue
    }
    tried += 1
    refusal ??= result.answer
    const { account } = granted
    const { email } = account
    if (result.parking) search.parked.push({ account, parking: result.parking })
    search.passed.push(
      result.parking ? passedAsParked(email, result.parking) : { email, why: 'refused' }
    )
  }
  if (refusal) return refusal
  throw noSlotLeft(ports, search)
}

/** One search for slots. It asks each account once. */
interface Search {
  call: ReadCall
  ask: LeaseAsk
  /** Accounts still to be asked, in order. */
  candidates: Account[]
  parked: ParkedAccount[]
  refusals: LeaseRefusal[]
  /** What is kept of both for the story of the job. */
  passed: PassedAccount[]
  isPinned: boolean
  /** Accounts that a waiting client did not ask, because the waiting line knows when they have free slots. */
  unasked: Account[]
  isPatient: boolean
  hasGranted: boolean
  /** The name under which this isolate remembers a refusal. */
  pool: string
  startedAt: number
  /** The email of the only account that could serve the call. */
  onlyEmail: string | undefined
}

/** Begins a search. Throws at once if this isolate remembers that the same search has just failed. */
function newSearch(ports: Ports, call: ReadCall, eligible: Eligible, ask: LeaseAsk): Search {
  const startedAt = ports.now()
  const part = call.provider.accounts.credentialKindFor?.(call.path)
  const wish = { isJob: true, meter: ask.meter, row: rowOf(call), part }
  const { accounts, balancing } = eligible
  const choice = pickAccounts(accounts, wish, ports.hints, startedAt, ports.random, balancing)
  const pool = poolOf(call, eligible, ask)
  const onlyEmail = eligible.isPinned ? eligible.accounts[0]?.email : undefined
  const remembered = ports.hints.refusal(pool, startedAt)
  if (remembered) throw slotsFull(remembered.retryAt, onlyEmail, startedAt, told(call, remembered))
  return {
    ...choice,
    call,
    ask: part === undefined ? ask : { ...ask, part },
    refusals: [],
    passed: choice.parked.map(({ account, parking }) => passedAsParked(account.email, parking)),
    isPinned: eligible.isPinned,
    unasked: [],
    isPatient: eligible.isPatient === true,
    hasGranted: false,
    pool,
    startedAt,
    onlyEmail,
  }
}

/** The name of a search: tenant, provider, and everything that narrows the choice of accounts or slots. */
function poolOf(call: ReadCall, eligible: Eligible, ask: LeaseAsk): string {
  const isNarrow = eligible.isPinned || call.provider.accounts.missingFor !== undefined
  const pinned = isNarrow ? eligible.accounts.map((account) => account.key).join(',') : ''
  const { count, slots, limit, meter, mayBeJob } = ask
  const what = [count, slots, limit, meter, mayBeJob]
  return [call.tenant, call.provider.name, pinned, ...what].join(' ')
}

/** The next account that grants the lease. Undefined: none is left. */
async function acquireNext(
  ports: Ports,
  search: Search,
  work: SlotWork
): Promise<Granted | undefined> {
  for (let account = search.candidates.shift(); account; account = search.candidates.shift()) {
    if (isLeftToTheLine(ports, search, account)) {
      search.unasked.push(account)
      continue
    }
    const ask = { ...search.ask, ...(await work.askOn?.(account)), ...noteFor(ports, search) }
    const answer = await acquire(ports, account, ask, work)
    if (answer.ok) {
      search.hasGranted = true
      ports.hints.noteFree(account.key, answer.free, ports.now())
      if (answer.free <= 0) ports.hints.markFull(account.key, ports.now())
      else ports.hints.markRoom(account.key)
      return { account, ask }
    }
    markRefusal(ports, search, account, answer)
    if (answer.reason === 'full')
      search.candidates = await fullLast(ports, search.call, search.candidates)
  }
  return acquireWithoutScope(ports, search, work)
}

/** For a job: why the accounts before this one did not get it. */
function noteFor(
  ports: Ports,
  { ask, passed, candidates, unasked, isPinned }: Search
): Pick<LeaseAsk, 'choice'> {
  if (ask.kind !== 'job') return {}
  const now = ports.now()
  const seemFull = [...unasked, ...candidates].filter(({ key }) => ports.hints.isFull(key, now))
  const last = seemFull.map(({ email }) => ({ email, why: 'seemed_full' as const }))
  return { choice: choiceNote([...last, ...passed], isPinned) }
}

/** Whether a waiting client skips the account. It asks accounts that seem free, up to the first that is full. */
function isLeftToTheLine(ports: Ports, { isPatient, refusals }: Search, { key }: Account): boolean {
  if (!isPatient) return false
  return refusals.some(({ reason }) => reason === 'full') || ports.hints.isFull(key, ports.now())
}

/** Asks one account for the lease. If the object does not answer, nothing is granted, and a lease that it may have is released. */
async function acquire(
  ports: Ports,
  { key, email }: Account,
  ask: LeaseAsk,
  work: SlotWork
): Promise<LeaseAnswer> {
  try {
    return await ports.slots(key).acquire(ask)
  } catch {
    work.noteUnanswered?.()
    ports.log('acquire_failed', { email, requestId: ask.leaseId })
    const releasing = ports.slots(key).release(ask.leaseId)
    ports.defer(releasing.catch(() => {}))
    const retryAt = ports.now() + UNANSWERED_RETRY_MS
    const detail = 'its slots could not be asked'
    const parking = { scope: 'jobs', reason: 'busy', detail, until: retryAt, streak: 1 } as const
    return { ok: false, reason: 'parked', retryAt, parking }
  }
}

function markRefusal(ports: Ports, search: Search, account: Account, answer: LeaseRefusal): void {
  search.refusals.push(answer)
  search.passed.push(passedFor(account.email, answer))
  const hasYielded = search.ask.yields && answer.reason === 'full' && answer.isQueued
  if (answer.reason === 'full' && !answer.ofGuesses && !hasYielded)
    ports.hints.markFull(account.key, ports.now(), answer.retryAt)
  if (answer.reason !== 'parked' || !answer.parking) return
  ports.hints.markParked(account.key, answer.parking, ports.now())
  search.parked.push({ account, parking: answer.parking })
}

/**
 * Asks one account although every account is parked because its key lacks a scope, so that the client gets the provider's own
 * refusal.
 */
async function acquireWithoutScope(
  ports: Ports,
  search: Search,
  work: SlotWork
): Promise<Granted | undefined> {
  const [first] = search.parked
  const isOnlyScope = search.parked.every(({ parking }) => parking.reason === 'scope')
  const isRefusedElsewhere = search.refusals.some(({ reason }) => reason !== 'parked')
  const isOver = search.hasGranted || search.unasked.length > 0 || isRefusedElsewhere
  if (!first || !isOnlyScope || isOver) return undefined
  search.hasGranted = true
  const { account } = first
  const own = await work.askOn?.(account)
  const note = noteFor(ports, search)
  const ask = { ...search.ask, ...own, ...note, ignoredReason: 'scope' } as const
  const answer = await acquire(ports, account, ask, work)
  return answer.ok ? { account, ask } : undefined
}

function noSlotLeft(ports: Ports, search: Search) {
  const { hints, durations } = ports
  const now = ports.now()
  const expectedFreeAt = search.unasked.map(
    ({ key }) => hints.fullUntil(key) ?? now + durations.typicalJobMs
  )
  const why = whyNoSlot({ ...search, expectedFreeAt })
  // What yields to the line says nothing of the slots that others would find.
  const hasYielded = search.ask.yields && why.kind === 'full' && why.isQueued
  if (why.kind === 'full' && why.isSure && !hasYielded)
    hints.markRefusal(search.pool, why.retryAt, search.startedAt, why.isQueued)
  const shown = why.kind === 'full' ? { ...why, ...told(search.call, why) } : why
  return noSlotError(shown, search.ask, search.onlyEmail, now)
}

/** A call that has waited is not told to wait. */
function told({ waitSeconds }: ReadCall, { isQueued }: { isQueued?: boolean }) {
  return { isQueued: isQueued === true && waitSeconds === undefined }
}
