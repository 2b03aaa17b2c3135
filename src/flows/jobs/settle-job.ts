/**
 * Passes what was heard about jobs to the one door to an end state: the account's object. Ends already passed on by
 * this isolate are not told again; a job that goes on is not told at all, so polling costs nothing.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider, RouteMatch } from '#providers/contract/provider.ts'
import { blame, faultOfEnd } from '#flows/accounts/judge-refusal.ts'

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
  ports.hints.noteFreed(account.key)
  const fault = faultOfEnd(provider, news)
  if (fault) await blame(ports, account, fault)
}

/** A new job may have the name of an older one, whose reports were passed on. Its own are passed on again. */
export function forgetReported(ports: Ports, { key }: Account, watches: readonly string[]): void {
  for (const watch of watches)
    for (const state of ['completed', 'failed', 'waiting'])
      ports.toldEnds.delete(`${key} ${watch} ${state}`)
}

/** That a job waits for a human is news once, and that it goes on again is, too; so is another name of it. */
function isNews(ports: Ports, account: Account, report: JobReport): boolean {
  if (report.state === 'unclear') return false
  const waiting = `${account.key} ${report.watch} waiting`
  if (report.alias && !ports.toldEnds.has(aliasName(account, report))) return true
  if (report.state === 'running') return ports.toldEnds.has(waiting)
  return !ports.toldEnds.has(`${account.key} ${report.watch} ${report.state}`)
}

function note(ports: Ports, account: Account, report: JobReport): void {
  const waiting = `${account.key} ${report.watch} waiting`
  if (report.alias) ports.toldEnds.add(aliasName(account, report))
  if (report.state !== 'waiting') ports.toldEnds.delete(waiting)
  // A word that means an end only when it is said again is passed on each time.
  if (report.state !== 'running' && report.state !== 'ending') {
    ports.toldEnds.add(`${account.key} ${report.watch} ${report.state}`)
  }
}

function aliasName(account: Account, { watch, alias = '' }: JobReport): string {
  return `${account.key} ${watch} = ${alias}`
}

/**
 * A deletion that the provider accepted: when it soon says that it does not know the job, that is believed. Where a
 * row's path is also the path of a job's status, what is deleted may be a running job.
 */
export async function noteDeleted(
  ports: Ports,
  provider: Provider,
  account: Account,
  { method, match, path }: { method: string; match: RouteMatch | undefined; path: string }
): Promise<void> {
  const status = method === 'DELETE' && match ? provider.match('GET', path) : undefined
  const link = status?.route.reports
  if (!status || !link?.id.startsWith('path:')) return
  const id = status.params[link.id.slice('path:'.length)]
  if (!id) return
  await ports.slots(account.key).settle([{ watch: `${link.watch}:${id}`, state: 'deleted' }])
}
