/** Reads jobs by the links in the route table. Lost creations are found in the list of jobs. */
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderJobs } from '#providers/contract/provider.ts'
import { tableJobs } from '#providers/shared/table-jobs.ts'
import { ROUTES } from './routes.ts'

export const jobs: ProviderJobs = {
  ...tableJobs(ROUTES),
  buildAnswer: (_match, [start]) => ({ job: { id: start?.jobId, state: 'queued' } }),
  fingerprintOf(body) {
    const callbackId = textAt(body, '/ref')
    return callbackId === undefined ? {} : { callbackId }
  },
  searchOf: () => ({
    path: '/jobs',
    rows: '/jobs/*',
    id: '/id',
    title: '/title',
    createdAt: '/created_at',
    callbackId: '/ref',
  }),
}
