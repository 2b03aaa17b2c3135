/**
 * What is known by now of an earlier creation: read from its account's object, for a repeat of it or its key. The search for
 * a lost creation itself is in flows/jobs/find-lost-creations.ts; here the object is only asked to run one.
 */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { outcomeOf } from '#domain/creations/outcome.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { findJob } from '#flows/jobs/find-job.ts'

/** `email`: the account that it was sent to, where that is known. */
interface EarlierCreation {
  provider: Provider
  tenant: string
  requestId: string
  email?: string | undefined
}

/**
 * `none`: no account has a lease of it. `absent`: it never reached the provider. `open`: it is still searched for. `over`:
 * the search has ended, and the outcome stays unknown.
 */
export type CreationOutcome =
  | { kind: 'found'; account: Account | undefined; starts: JobStart[]; body?: string }
  | { kind: 'none' | 'absent' | 'over' }
  | { kind: 'open'; account: Account | undefined }

/** Jobs of one creation. */
const PARTS_MAX = 100

/** Where the outcome is still open, the account's object searches for the job once more. */
export async function findOutcome(
  ports: Ports,
  creation: EarlierCreation
): Promise<CreationOutcome> {
  const known = await readOutcome(ports, creation)
  if (known.kind !== 'open' || !known.account) return known
  const { account } = known
  const result = await searchNow(ports, account, creation.requestId)
  return result.kind === 'found' ? { ...result, account } : known
}

export async function readOutcome(
  ports: Ports,
  creation: EarlierCreation
): Promise<CreationOutcome> {
  const first = await recordOf(ports, creation)
  if (!first) return { kind: 'none' }
  const { account, record } = first
  const others = account ? await otherPartsOf(ports, creation, account, record) : []
  const records = [record, ...others]
  const outcome = outcomeOf(records)
  return outcome.kind === 'found' || outcome.kind === 'open' ? { ...outcome, account } : outcome
}

/** Without a lease nothing was sent; `absent` means that the search has ended and nothing arrived. */
export async function hasNeverArrived(ports: Ports, creation: EarlierCreation): Promise<boolean> {
  const { kind } = await readOutcome(ports, creation)
  return kind === 'none' || kind === 'absent'
}

/** An object that does not answer knows nothing. */
export async function searchNow(
  ports: Ports,
  account: Account,
  requestId: string
): Promise<LookUpResult> {
  return ports
    .slots(account.key)
    .lookNow(requestId)
    .catch((): LookUpResult => {
      ports.log('look_failed', { email: account.email, requestId })
      return { kind: 'unknown' }
    })
}

async function recordOf(ports: Ports, { provider, tenant, requestId, email }: EarlierCreation) {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const account = email === undefined ? undefined : findAccount({ version: 0, accounts }, email)
  const record = account && (await ports.slots(account.key).findJob(tenant, { requestId }))
  return record ? { account, record } : findJob(ports, provider, tenant, requestId)
}

/** A creation of several jobs has one lease for each: `<request id>`, `<request id>.1`, … */
async function otherPartsOf(
  ports: Ports,
  { tenant, requestId }: EarlierCreation,
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
