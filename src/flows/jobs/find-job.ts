/** Finds a job of a tenant by its id, by the id of the request that made it, or by `key:<Idempotency-Key>`. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import { jobOfName } from '#domain/line/shown.ts'
import { scopedName, type OwnScope } from '#domain/visibility/own-scope.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { markOf } from '#domain/queue/item-name.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { isTimedId } from '#domain/text/time-ordered-id.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { poolOf } from '#flows/routing/find-owners.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'
import type { Provider } from '#providers/contract/provider.ts'

export interface FoundJob {
  account: Account | undefined
  record: JobRecord
}

const KEY = 'key:'

/**
 * The job. Undefined: there is none, or it waits in the line and has not begun. `own`: only a job of this own token. The same is asked
 * for a job of another token as for one that nobody has.
 */
export async function findJob(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string,
  own?: OwnScope
): Promise<FoundJob | undefined> {
  const found = await findJobOrItem(ports, provider, tenant, name, own)
  return found && 'record' in found ? found : undefined
}

/** The job, or the queued creation that has not begun. By its key only as long as the key is kept. */
export async function findJobOrItem(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string,
  own?: OwnScope
): Promise<FoundJob | { item: ItemShown } | undefined> {
  if (!name.startsWith(KEY)) return findByName(ports, provider, tenant, name, own)
  const key = scopedName(own, name.slice(KEY.length))
  const requests = await ports.desk(tenant, provider.name).requestsOfKey(key)
  for (const id of requests) {
    const found = await findByName(ports, provider, tenant, id, own)
    if (found) return found
  }
  return undefined
}

/** A name of ours leads to its item. A request's id is asked about there only if no account has a job of it. */
async function findByName(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string,
  own: OwnScope | undefined
): Promise<FoundJob | { item: ItemShown } | undefined> {
  const isName = markOf(name) !== undefined
  const named = isName ? await itemNamed(ports, provider, tenant, name) : undefined
  // An item that is not the token's own is looked for like a name that nobody has.
  const known = named && isItemSeenBy(own, named) ? named : undefined
  const found = known ? undefined : await findById(ports, provider, tenant, name, own)
  if (found) return found
  const item =
    known ?? (isTimedId(name) && !isName ? await itemOf(ports, provider, tenant, name) : undefined)
  if (!item) return undefined
  const job = jobOfName(item, name)
  if ('id' in job) return findById(ports, provider, tenant, job.id, own)
  return isItemSeenBy(own, item) ? { item: job.shown } : undefined
}

/** What a token queued while it saw all of its tenant is not its own. */
function isItemSeenBy(own: OwnScope | undefined, { token, isOwn }: ItemShown): boolean {
  return own === undefined || (isOwn === true && token === own.token)
}

async function itemNamed(ports: Ports, provider: Provider, tenant: string, name: string) {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const [item] = await ports.items.find(poolOf(tenant, provider.name, accounts), [name])
  return item
}

async function itemOf(ports: Ports, provider: Provider, tenant: string, requestId: string) {
  const asked = ports.desk(tenant, provider.name).itemsOf([`request:${requestId}`])
  const [item] = await asked.catch((error: unknown) => {
    if (lacksMethod(error)) return []
    throw error
  })
  return item
}

/** Asks the account that is known to own the name. For an unknown name every account is asked. */
async function findById(
  ports: Ports,
  provider: Provider,
  tenant: string,
  id: string,
  own: OwnScope | undefined
): Promise<FoundJob | undefined> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const pool = poolOf(tenant, provider.name, accounts)
  const [owner] = own ? [] : await ports.owners.find(pool, [id])
  const owning = owner?.email && findAccount({ version: 0, accounts }, owner.email)
  const asked = owning ? [owning] : accounts
  const found = await askReachable(ports, asked, (account) =>
    ports.slots(account.key).findJob(tenant, { jobId: id })
  )
  const records = found.answers.flatMap(({ item, answer }) =>
    answer && isSeenBy(own, answer, id) ? [{ account: item, record: answer }] : []
  )
  // An account that refused the creation may have a left-over lease of it, which ended as absent.
  const sure = records.find(({ record }) => record.ended?.outcome.status !== 'absent')
  if (sure) return sure
  // An account that could not be asked may have the job.
  found.failIfMissing()
  return records[0] ?? findAtFormer(ports, provider, tenant, id, own)
}

/** A job that a search only took for the token's may be another customer's, so its id leads an own token nowhere. */
function isSeenBy(own: OwnScope | undefined, { lease }: JobRecord, id: string): boolean {
  if (own === undefined) return true
  return lease.ownToken === own.token && !(lease.state === 'suspect' && lease.jobId === id)
}

/** Asks removed accounts: the owners of their ids are forgotten, but their objects still have their jobs. */
async function findAtFormer(
  ports: Ports,
  provider: Provider,
  tenant: string,
  id: string,
  own: OwnScope | undefined
): Promise<FoundJob | undefined> {
  for (const key of await ports.desk(tenant, provider.name).formerKeys()) {
    const record = await ports.slots(key).findJob(tenant, { jobId: id })
    if (record && isSeenBy(own, record, id)) return { account: undefined, record }
  }
  return undefined
}
