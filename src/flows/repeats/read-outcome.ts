/**
 * Reads what is known of an earlier creation from its account's object, for a repeat of it or its key. The object may be asked to
 * search for the job; the search itself is in flows/jobs/find-lost-creations.ts.
 */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import { outcomeOf } from '#domain/creations/outcome.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { LookUpResult } from '#domain/jobs/look-up-result.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { findJob } from '#flows/jobs/find-job.ts'

/** `email`: the account to which the creation was sent, if known. */
interface EarlierCreation {
  provider: Provider
  tenant: string
  requestId: string
  email?: string | undefined
}

/**
 * `none`: no account has a lease of the creation. `absent`: it never reached the provider. `open`: its job is still searched for.
 * `over`: the search has ended, and the outcome stays unknown. `queued`: it is, or was, in the line, whatever has become of it since.
 */
export type CreationOutcome =
  | { kind: 'found'; account: Account | undefined; starts: JobStart[]; body?: string }
  | { kind: 'none' | 'absent' | 'over' }
  | { kind: 'open'; account: Account | undefined }
  | { kind: 'queued'; item: ItemShown }

const DESK_RETRY_SECONDS = 5
/** The most jobs of one creation. */
const PARTS_MAX = 100

/** Reads the outcome. If it is still open, the account's object searches for the job once more. */
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
  const item = await itemOf(ports, creation)
  if (item) return { kind: 'queued', item }
  const first = await recordOf(ports, creation)
  if (!first) return { kind: 'none' }
  const { account, record } = first
  const others = account ? await otherPartsOf(ports, creation, account, record) : []
  const records = [record, ...others]
  const outcome = outcomeOf(records)
  return outcome.kind === 'found' || outcome.kind === 'open' ? { ...outcome, account } : outcome
}

/** Whether the creation never reached the provider: it has no lease, so it was not sent, or the search ended with `absent`. */
export async function hasNeverArrived(ports: Ports, creation: EarlierCreation): Promise<boolean> {
  const { kind } = await readOutcome(ports, creation)
  return kind === 'none' || kind === 'absent'
}

/** Has the object search for the job now. If the object does not answer, the result is unknown. */
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

/**
 * The item of the request. A Worker that died after it had queued its creation left no lease, and the line starts it all the same.
 * So an answer of the desk that is not there must not look like "never sent".
 */
async function itemOf(
  ports: Ports,
  { provider, tenant, requestId }: EarlierCreation
): Promise<ItemShown | undefined> {
  const found = await ports
    .desk(tenant, provider.name)
    .itemsOf([`request:${requestId}`])
    .catch((error: unknown) => {
      if (lacksMethod(error)) return []
      const message = 'What became of the earlier creation could not be asked just now.'
      throw new AppError('account_unavailable', message, { retryAfterSeconds: DESK_RETRY_SECONDS })
    })
  return found[0]
}

async function recordOf(ports: Ports, { provider, tenant, requestId, email }: EarlierCreation) {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const account = email === undefined ? undefined : findAccount({ version: 0, accounts }, email)
  const record = account && (await ports.slots(account.key).findJob(tenant, { requestId }))
  return record ? { account, record } : findJob(ports, provider, tenant, requestId)
}

/** The other jobs of a creation, which has a lease for each job: `<request id>`, `<request id>.1`, … */
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
