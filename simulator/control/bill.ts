/** What /__sim/bill shows: every call that would have been paid, and the sums. */
import type { State } from '../state/state.ts'
import type { Paid } from '../state/types.ts'

type Sum = { calls: number; usd: number }

/** Failed jobs are free: their lines say `isRefunded` and are in no sum. A price that is not known counts as 0. */
export function toBillView(state: State, account: string | undefined) {
  const lines = [...state.bill.values()]
    .filter((line) => !account || line.account === account)
    .map((line) => ({ ...line, isRefunded: isRefunded(state, line.jobId) }))
  const paid = lines.filter((line) => !line.isRefunded)
  return {
    ...toSum(paid),
    byAccount: sumBy(paid, (line) => line.account),
    byKind: sumBy(paid, (line) => line.kind),
    lines,
  }
}

function isRefunded(state: State, jobId: string | null): boolean {
  const job = jobId === null ? undefined : state.jobs.get(jobId)
  return job?.status === 'ended' && !['completed', 'deleted'].includes(job.outcome)
}

function toSum(lines: Paid[]): Sum {
  const usd = lines.reduce((sum, line) => sum + (line.usd ?? 0), 0)
  return { calls: lines.length, usd: Math.round(usd * 1e6) / 1e6 }
}

function sumBy(lines: Paid[], nameOf: (line: Paid) => string): Record<string, Sum> {
  const groups = Map.groupBy(lines, nameOf)
  return Object.fromEntries([...groups].map(([name, group]) => [name, toSum(group)]))
}
