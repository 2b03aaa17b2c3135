/** Makes the summary of an account out of what its object knows. Pure. */
import { tenantNameOf } from '#domain/access/tenant.ts'
import type { Account } from '#domain/accounts/account.ts'
import { findParking } from '#domain/accounts/parking.ts'
import type { Hook } from '#domain/events/webhook.ts'
import { freeSlots } from '#domain/slots/free-slots.ts'
import { heldSlots, type Lease, type Ledger } from '#domain/slots/lease.ts'
import { askedBy, jobNameOf } from '#domain/slots/queued-lease.ts'
import { lastsAboutHours } from './lasts-about.ts'
import {
  ERRORS_SHOWN,
  JOBS_SHOWN,
  type AccountError,
  type Balance,
  type PoolAccount,
} from './pool-account.ts'

export interface AccountFacts {
  account: Account
  ledger: Ledger
  /** Whether the master key of its credential is there. */
  isOpenable: boolean
  hook: Hook | undefined
  errors: readonly AccountError[]
  balance: Balance | undefined
  /** What jobs of the last 24 hours took off the balance. Undefined: the provider did not tell it of each. */
  used24h: number | undefined
  deliveries: PoolAccount['deliveries']
}

export function summaryOf(facts: AccountFacts, now: number): PoolAccount {
  const { account, ledger, hook, balance, deliveries } = facts
  const { free } = freeSlots(ledger, now)
  const hours = lastsAboutHours(balance?.amount, facts.used24h)
  return {
    ...nameOf(account),
    maxJobs: ledger.maxJobs,
    held: heldSlots(ledger, now),
    free: facts.isOpenable ? free : 0,
    state: stateOf(facts, free, now),
    parked: ledger.parkings
      .filter(({ until }) => until > now)
      .map(({ scope, reason, detail, until }) => ({ scope, reason, detail, until: iso(until) })),
    credentials: credentialsOf(account),
    ...sessionOf(account),
    webhook: webhookOf(hook),
    jobs: ledger.leases
      .filter((lease) => lease.tenant === account.tenant)
      .toSorted((a, b) => b.acquiredAt - a.acquiredAt)
      .slice(0, JOBS_SHOWN)
      .map(toJob),
    errors: facts.errors
      .toSorted((a, b) => b.at - a.at)
      .slice(0, ERRORS_SHOWN)
      .map(toError),
    ...(balance === undefined ? {} : { balance: { ...balance, at: iso(balance.at) } }),
    ...(hours === undefined ? {} : { lastsAboutHours: hours }),
    deliveries,
    at: iso(now),
  }
}

/** The summary of an account whose object does not answer. It says what the desk knows. */
export function unreachableSummary(account: Account, now: number): PoolAccount {
  return {
    ...nameOf(account),
    maxJobs: account.maxJobs,
    held: 0,
    free: 0,
    state: 'unreachable',
    parked: [],
    credentials: credentialsOf(account),
    ...sessionOf(account),
    webhook: { state: 'none' },
    jobs: [],
    errors: [],
    deliveries: { pending: 0, failing: 0, dead: 0 },
    at: iso(now),
  }
}

function nameOf({ tenant, provider, email }: Account) {
  return { tenant: tenantNameOf(tenant), provider, email }
}

/** A parking of one row, meter or credential does not stop the others, so the account is not shown as parked. */
function stateOf({ ledger, isOpenable }: AccountFacts, free: number, now: number) {
  if (!isOpenable) return 'key_missing'
  if (findParking(ledger.parkings, { isJob: true }, now)) return 'parked'
  return free === 0 ? 'full' : 'ok'
}

function credentialsOf({ credentialKind }: Account): string[] {
  return credentialKind.split(' ').filter((kind) => kind !== '')
}

function sessionOf({ session }: Account): Pick<PoolAccount, 'session'> {
  if (!session) return {}
  const { expiresAt, refused } = session
  return {
    session: { expires: iso(expiresAt), ...(refused === undefined ? {} : { error: refused }) },
  }
}

function webhookOf(hook: Hook | undefined): PoolAccount['webhook'] {
  if (!hook) return { state: 'none' }
  if (hook.state === 'on') return { state: 'ok' }
  const { message: error, nextAt } = hook
  return {
    state: 'missing',
    ...(error === undefined ? {} : { error }),
    ...(nextAt === undefined ? {} : { retry: iso(nextAt) }),
  }
}

function toJob(lease: Lease): PoolAccount['jobs'][number] {
  return {
    id: jobNameOf(lease) ?? (lease.state === 'suspect' ? null : (lease.jobId ?? null)),
    requestId: askedBy(lease),
    type: lease.route,
    status: statusOf(lease),
    since: iso(lease.acquiredAt),
  }
}

/** As in the list of jobs, but a creation whose answer is still awaited is `starting`. */
function statusOf({ state, lostAt }: Lease): string {
  if (state === 'unbound') return lostAt === undefined ? 'starting' : 'outcome_unknown'
  return state === 'suspect' ? 'outcome_unknown' : state
}

function toError({ at, status, code, text, route }: AccountError): PoolAccount['errors'][number] {
  return { at: iso(at), status: status ?? null, code: code ?? null, text, route }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
