/** Finds a job of a tenant by its id, by the id of the request that made it, or by `key:<Idempotency-Key>`. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import { jobOfName } from '#domain/line/shown.ts'
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

/** The job. Undefined: there is none, or it waits in the line and has not begun. */
export async function findJob(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string
): Promise<FoundJob | undefined> {
  const found = await findJobOrItem(ports, provider, tenant, name)
  return found && 'record' in found ? found : undefined
}

/** The job, or the queued creation that has not begun. By its key only as long as the key is kept. */
export async function findJobOrItem(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string
): Promise<FoundJob | { item: ItemShown } | undefined> {
  if (!name.startsWith(KEY)) return findByName(ports, provider, tenant, name)
  const requests = await ports.desk(tenant, provider.name).requestsOfKey(name.slice(KEY.length))
  for (const id of requests) {
    const found = await findByName(ports, provider, tenant, id)
    if (found) return found
  }
  return undefined
}

/** A name of ours leads to its item. A request's id is asked about there only if no account has a job of it. */
async function findByName(
  ports: Ports,
  provider: Provider,
  tenant: string,
  name: string
): Promise<FoundJob | { item: ItemShown } | undefined> {
  const isName = markOf(name) !== undefined
  const known = isName ? await itemNamed(ports, provider, tenant, name) : undefined
  const found = known ? undefined : await findById(ports, provider, tenant, name)
  if (found) return found
  const item =
    known ?? (isTimedId(name) && !isName ? await itemOf(ports, provider, tenant, name) : undefined)
  if (!item) return undefined
  const job = jobOfName(item, name)
  return 'id' in job ? findById(ports, provider, tenant, job.id) : { item: job.shown }
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
  id: string
): Promise<FoundJob | undefined> {
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const [owner] = await ports.owners.find(poolOf(tenant, provider.name, accounts), [id])
  const owning = owner?.email && findAccount({ version: 0, accounts }, owner.email)
  const asked = owning ? [owning] : accounts
  const found = await askReachable(ports, asked, (account) =>
    ports.slots(account.key).findJob(tenant, { jobId: id })
  )
  const records = found.answers.flatMap(({ item, answer }) =>
    answer ? [{ account: item, record: answer }] : []
  )
  // An account that refused the creation may have a left-over lease of it, which ended as absent.
  const sure = records.find(({ record }) => record.ended?.outcome.status !== 'absent')
  if (sure) return sure
  // An account that could not be asked may have the job.
  found.failIfMissing()
  return records[0] ?? findAtFormer(ports, provider, tenant, id)
}

/** Asks removed accounts: the owners of their ids are forgotten, but their objects still have their jobs. */
async function findAtFormer(
  ports: Ports,
  provider: Provider,
  tenant: string,
  id: string
): Promise<FoundJob | undefined> {
  for (const key of await ports.desk(tenant, provider.name).formerKeys()) {
    const record = await ports.slots(key).findJob(tenant, { jobId: id })
    if (record) return { account: undefined, record }
  }
  return undefined
}
