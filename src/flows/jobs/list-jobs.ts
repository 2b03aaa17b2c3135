/** Lists a tenant's jobs, running and ended, of its present and removed accounts. */
import { findAccount, type Account } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { mergePages } from '#domain/jobs/list-jobs.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { JobQuery, JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'

/** `email`: null if the job's account was removed. */
export type ListedJob = JobRecord & { email: string | null }

/** `email`: only the jobs of this account. */
export async function listJobs(
  ports: Ports,
  provider: Provider,
  query: JobQuery,
  email?: string
): Promise<{ jobs: ListedJob[]; stoppedAt?: string }> {
  const snapshot = await ports.accounts.list(query.tenant, provider.name)
  const former = email === undefined ? ports.desk(query.tenant, provider.name).formerKeys() : []
  const asked =
    email === undefined ? snapshot.accounts : [named(findAccount(snapshot, email), email)]
  const emails = new Map<string, string | null>(asked.map((one) => [one.key, one.email]))
  for (const key of await former) if (!emails.has(key)) emails.set(key, null)
  const pages = await limitConcurrency([...emails], OBJECTS_AT_ONCE, async ([key, of]) => {
    const { jobs, ...stop } = await ports.slots(key).listJobs(query)
    return { ...stop, jobs: jobs.map((job) => ({ ...job, email: of })) }
  })
  return mergePages(pages, query.limit)
}

function named(account: Account | undefined, email: string): Account {
  if (account) return account
  throw new AppError('account_not_found', `Account ${email} not found`)
}
