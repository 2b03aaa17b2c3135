/**
 * Reads status answers of paths without a built-in row: by the row in the lease, else by the usual status words in the usual
 * places.
 */
import { PENDING, STATUS_AT, plainPathOf, watchOfPath } from '#domain/jobs/guessed-job.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { JobReport, Lease } from '#domain/slots/lease.ts'
import type { Provider, Route, StatusLink } from '#providers/contract/provider.ts'

const ID = 'path:job'

const USUAL: StatusLink = {
  watch: 'unknown',
  id: ID,
  done: ['completed', 'complete', 'succeeded', 'succeed', 'success', 'done', 'finished', 'ready'],
  failed: ['failed', 'failure', 'fail', 'rejected'],
  running: [...PENDING],
}

/** Reads the usual status words. The job is watched by its path. */
export function readUsually(
  provider: Provider,
  path: string,
  answer: unknown,
  text?: string
): JobReport[] {
  const status = STATUS_AT.find((at) => textAt(answer, at) !== undefined)
  if (status === undefined) return []
  return readBy(provider, { ...USUAL, status }, plainPathOf(path), answer, text)
}

/** Reads the answer to a status check on a path without a built-in row. */
export function readAsLeased(
  provider: Provider,
  lease: Lease,
  path: string,
  answer: unknown,
  text: string
): JobReport[] {
  const [watch] = lease.watch
  if (watch === undefined || !(lease.guess || lease.row)) return []
  const id = watch.slice(watch.indexOf(':') + 1)
  const own = lease.row?.reports
  if (own)
    return readBy(
      provider,
      { ...own, id: ID, watch: lease.row?.job.watch ?? own.watch },
      id,
      answer,
      text
    )
  const usual = readUsually(provider, path, answer, text)
  return lease.watch.includes(watchOfPath(path)) ? usual : usual.map((one) => ({ ...one, watch }))
}

function readBy(
  provider: Provider,
  link: StatusLink,
  id: string,
  answer: unknown,
  text: string | undefined
): JobReport[] {
  const route: Route = {
    method: 'GET',
    path: '/{job}',
    kind: 'job-status',
    host: 'api',
    pool: 'owner',
    ids: [],
    creates: [],
    lists: [],
    mixesShared: false,
    reports: link,
  }
  const match = { route, params: { job: id } }
  return provider.jobs.readReports(match, new URLSearchParams(), answer, text)
}
