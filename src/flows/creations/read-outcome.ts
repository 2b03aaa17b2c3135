/** What became of a creation whose answer was lost, as the objects of its accounts know it. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { isLost } from '#domain/jobs/match-lost-creations.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Looked } from '#domain/ports/slots.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { findJob } from '#flows/jobs/find-job.ts'

/** Of one request; `email`: the account it was sent to, where that is known. */
export interface Asked {
  provider: Provider
  tenant: string
  requestId: string
  email?: string | undefined
}

/**
 * `none`: no account has heard of it. `absent`: it never reached the provider. `open`: it is still being looked for;
 * `over`: nobody will ever know.
 */
export type Fate =
  | { kind: 'found'; account: Account | undefined; starts: JobStart[]; body?: string }
  | { kind: 'none' | 'absent' | 'over' }
  | { kind: 'open'; account: Account | undefined }

const PARTS_MAX = 100

/** Also looks at the provider, once, where the outcome is still open. */
export async function findOut(ports: Ports, asked: Asked): Promise<Fate> {
  const fate = await whatBecame(ports, asked)
  if (fate.kind !== 'open' || !fate.account) return fate
  const looked = await lookNow(ports, fate.account, asked.requestId)
  return looked.kind === 'found' ? { ...looked, account: fate.account } : fate
}

export async function whatBecame(ports: Ports, asked: Asked): Promise<Fate> {
  const found = await recordOf(ports, asked)
  if (!found) return { kind: 'none' }
  const { account, record } = found
  const records = [record, ...(account ? await partsOf(ports, asked, account, record) : [])]
  // Of several jobs all are given together: an answer with some of them would be kept as the whole one.
  if (records.some(({ lease, ended }) => !ended && isLost(lease))) return { kind: 'open', account }
  const starts = records.flatMap(startOf)
  if (starts.length > 0) return { kind: 'found', account, starts }
  const isAbsent = records.every(({ ended }) => ended?.outcome.status === 'absent')
  return { kind: isAbsent ? 'absent' : 'over' }
}

/** Without a lease nothing was sent; and what was looked for and not found is told as absent. */
export async function neverArrived(ports: Ports, asked: Asked): Promise<boolean> {
  const { kind } = await whatBecame(ports, asked)
  return kind === 'none' || kind === 'absent'
}

/** An object that cannot be asked knows nothing. */
export async function lookNow(ports: Ports, account: Account, requestId: string): Promise<Looked> {
  return ports
    .slots(account.key)
    .lookNow(requestId)
    .catch((): Looked => {
      ports.log('look_failed', { email: account.email, requestId })
      return { kind: 'unknown' }
    })
}

async function recordOf(ports: Ports, { provider, tenant, requestId, email }: Asked) {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const account = email === undefined ? undefined : findAccount({ version: 0, accounts }, email)
  const record = account && (await ports.slots(account.key).findJob(tenant, { requestId }))
  return record ? { account, record } : findJob(ports, provider, tenant, requestId)
}

/** A creation of several jobs has a lease for each, numbered. */
async function partsOf(
  ports: Ports,
  { tenant, requestId }: Asked,
  account: Account,
  first: JobRecord
): Promise<JobRecord[]> {
  const parts: JobRecord[] = []
  const known = new Set([first.lease.id])
  for (let number = 1; number < PARTS_MAX; number += 1) {
    const name = { leaseId: `${requestId}.${number}` }
    const part = await ports.slots(account.key).findJob(tenant, name)
    if (!part || known.has(part.lease.id)) break
    known.add(part.lease.id)
    parts.push(part)
  }
  return parts
}

/** What a creation was only taken for is not its job. */
function startOf({ lease, ended }: JobRecord): JobStart[] {
  const { jobId, state, watch, ask, askElse } = lease
  const isItsOwn = state === 'running' || state === 'waiting'
  const isKnown = ended?.outcome.status !== 'absent' && ended?.outcome.status !== 'outcome_unknown'
  if (jobId === undefined || !isItsOwn || !isKnown) return []
  return [
    {
      jobId,
      watch,
      ...(ask === undefined ? {} : { ask }),
      ...(askElse === undefined ? {} : { askElse }),
    },
  ]
}
