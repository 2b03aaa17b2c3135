/**
 * Passes reports about jobs to the account's object, which alone settles jobs. This isolate passes each end on once, and does not
 * report jobs that still run, so a client's polling costs nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider, RouteMatch } from '#providers/contract/provider.ts'
import { reportRefusal, faultInReports } from '#flows/accounts/report-refusal.ts'

export async function settleJobs(
  ports: Ports,
  provider: Provider,
  account: Account,
  reports: readonly JobReport[]
): Promise<void> {
  const news = reports.filter((report) => isNews(ports, account, report))
  if (news.length === 0) return
  await ports.slots(account.key).settle(news)
  for (const report of news) note(ports, account, report)
  ports.hints.markFreed(account.key)
  const fault = faultInReports(provider, news)
  if (fault) await reportRefusal(ports, account, fault)
}

/** Forgets reports that were passed on under these names, because a new job may have the name of an older one. */
export function forgetReported(ports: Ports, { key }: Account, watches: readonly string[]): void {
  for (const watch of watches)
    for (const state of ['completed', 'failed', 'waiting'])
      ports.reportedEnds.delete(`${key} ${watch} ${state}`)
}

/** Whether the object needs the report: an end, a job that waits for a human or runs again after that, or a further name. */
function isNews(ports: Ports, account: Account, report: JobReport): boolean {
  if (report.state === 'unclear') return false
  const waiting = `${account.key} ${report.watch} waiting`
  if (report.alias && !ports.reportedEnds.has(aliasName(account, report))) return true
  if (report.state === 'running') return ports.reportedEnds.has(waiting)
  return !ports.reportedEnds.has(`${account.key} ${report.watch} ${report.state}`)
}

function note(ports: Ports, account: Account, report: JobReport): void {
  const waiting = `${account.key} ${report.watch} waiting`
  if (report.alias) ports.reportedEnds.add(aliasName(account, report))
  if (report.state !== 'waiting') ports.reportedEnds.delete(waiting)
  // `ending` means an end only if it is reported again, so it is passed on each time.
  if (report.state !== 'running' && report.state !== 'ending') {
    ports.reportedEnds.add(`${account.key} ${report.watch} ${report.state}`)
  }
}

function aliasName(account: Account, { watch, alias = '' }: JobReport): string {
  return `${account.key} ${watch} = ${alias}`
}

/**
 * Reports that a client deleted a job that may be running, and that the provider accepted that. Then the object needs no other
 * proof when the provider no longer knows the job. Only if the path of the call is also a job's status path.
 */
export async function noteDeleted(
  ports: Ports,
  provider: Provider,
  account: Account,
  { method, match, path }: { method: string; match: RouteMatch | undefined; path: string }
): Promise<void> {
  const status = method === 'DELETE' && match ? provider.routes.match('GET', path) : undefined
  const link = status?.route.reports
  if (!status || !link?.id.startsWith('path:')) return
  const id = status.params[link.id.slice('path:'.length)]
  if (!id) return
  await ports.slots(account.key).settle([{ watch: `${link.watch}:${id}`, state: 'deleted' }])
}
