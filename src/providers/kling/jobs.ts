/**
 * Reads Kling's tasks by the links in the route table. Tasks of lost creations are found by the name that each creation is sent
 * with.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderJobs } from '#providers/contract/provider.ts'
import { tableJobs } from '#providers/shared/table-jobs.ts'
import { buildAnswer } from './jobs/creation-answer.ts'
import { fileOf } from './jobs/files.ts'
import { queueForm, showQueued } from './jobs/queued.ts'
import { searchOf } from './jobs/searches.ts'
import { slotsPerJob } from './jobs/slots-per-task.ts'
import { withTask } from './jobs/task-in-report.ts'
import { toldBy } from './jobs/told.ts'
import { nameAt, nameOf } from './names.ts'
import { ROUTES } from './routes/table.ts'

const table = tableJobs(ROUTES)

export const jobs: ProviderJobs = {
  ...table,
  slotsPerJob,
  readReports: (match, query, answer, text) =>
    withTask(match, table.readReports(match, query, answer), text),
  buildAnswer,
  searchOf,
  fileOf,
  queueForm,
  showQueued,
  toldBy,
  fingerprintOf(body, call) {
    const name = call && nameOf(call, textAt(body, nameAt(call)))
    return name === undefined ? {} : { callbackId: name }
  },
}
