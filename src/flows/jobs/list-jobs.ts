/** Lists jobs, running and ended, of present and removed accounts. */
import { findAccount } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { mergePages } from '#domain/jobs/list-jobs.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import { placesOfTenant, type Place } from '#flows/accounts/places.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { askReachable } from '#flows/upstream/ask-reachable.ts'

type ListedJob = JobRecord & { at: Place }

export interface JobsPage {
  jobs: ListedJob[]
  stoppedAt?: string
  /** Accounts that could not be asked. Their jobs are not on this page. */
  missing: Place[]
}

/** The jobs of a tenant at a provider. `email`: only the jobs of this account. */
export async function listJobs(
  ports: Ports,
  provider: Provider,
  { tenant, ...query }: JobQuery,
  email?: string
): Promise<JobsPage> {
  if (email === undefined)
    return listJobsAt(ports, await placesOfTenant(ports, tenant, provider.name), query)
  const account = findAccount(await ports.accounts.list(tenant, provider.name), email)
  if (!account) throw new AppError('account_not_found', `Account ${email} not found`)
  const place = { tenant, provider: provider.name, key: account.key, account }
  return listJobsAt(ports, [place], query)
}

/** One page of jobs of these places. `mayBeEmpty`: no error if none of them could be reached. */
export async function listJobsAt(
  ports: Pick<Ports, 'slots' | 'log' | 'after'>,
  places: readonly Place[],
  query: Omit<JobQuery, 'tenant'>,
  mayBeEmpty = false
): Promise<JobsPage> {
  // Each page is merged when it comes, so that a large pool does not hold all pages in memory.
  let page: Omit<JobsPage, 'missing'> = { jobs: [] }
  const asked = await askReachable(ports, places, async (at) => {
    const { jobs: all, ...stop } = await ports
      .slots(at.key)
      .listJobs({ ...query, tenant: at.tenant })
    // An object of an older release returns those of other tokens, too.
    const { ownToken } = query
    const isWanted = ({ lease }: JobRecord) => ownToken === undefined || lease.ownToken === ownToken
    const jobs = all.filter(isWanted)
    page = mergePages([page, { ...stop, jobs: jobs.map((job) => ({ ...job, at })) }], query.limit)
  })
  if (!mayBeEmpty) asked.failIfNone()
  return { ...page, missing: asked.missing }
}
