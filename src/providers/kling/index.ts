/** Kling, assembled: https://kling.ai/document-api (reference/kling.md). */
import { textAt } from '#domain/text/json-pointer.ts'
import {
  countJobs,
  expectedJob,
  readJobs,
  readReports,
  routesByName,
  startOfLease,
  stateInRow,
} from '#providers/shared/table-jobs.ts'
import { searchFor } from '#providers/shared/id-searches.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { klingAccounts } from './accounts.ts'
import { creationAnswer } from './jobs/creation-answer.ts'
import { authorize, missingFor, needsApiKey, originOf, REGIONS } from './accounts/credentials.ts'
import { errorBody } from './answers/error-body.ts'
import { klingEvents, withTask } from './events.ts'
import { listOf } from './lists.ts'
import { EXTERNAL, klingNames, nameAt, nameOf } from './names.ts'
import { matchRoute, ROUTES } from './routes/table.ts'
import { finderOf, isSearchable, NAMED_TASKS, SEARCHES } from './routes/id-searches.ts'
import { slotsPerJob } from './jobs/slots-per-task.ts'
import { klingTasks } from './useapi/tasks.ts'
import { judge, saysUnknown } from './answers.ts'

const MAX_JOBS = 50
const BY_NAME = routesByName(ROUTES)

export const kling: Provider = {
  name: 'kling',
  maxJobsCeiling: () => MAX_JOBS,
  routes: ROUTES,
  match: matchRoute,
  origin: (_match, settings, credential) => originOf(settings, credential),
  hosts: (settings, credential) => [
    originOf(settings, credential),
    ...REGIONS.map((region) => originOf(settings, { ...credential, region })),
  ],
  missingFor: (account, path) => missingFor(account.credentialKind, path),
  partFor: (path) => (needsApiKey(path) ? 'apiKey' : 'accessKey'),
  takesSignedTokens: true,
  // reference/kling.md section 4; for too long a life it has none of its own.
  signedTokenCodes: { early: 1003, expired: 1004, long: 1002 },
  takesIdempotencyKey: () => false,
  authorize,
  judge,
  countJobs,
  slotsPerJob,
  expectedJob,
  readJobs,
  creationAnswer,
  readReports: (match, query, answer, text) =>
    withTask(match, readReports(match, query, answer), text),
  saysUnknown,
  parkingOf: () => undefined,
  startOf: (lease, id) => startOfLease(BY_NAME, lease, id),
  stateOfRow: (lease, word) => stateInRow(BY_NAME, lease, word),
  finderOf,
  listOf,
  sumsOf: () => undefined,
  searchFor(match, ref, id) {
    if (!isSearchable(ref, id)) return undefined
    if (ref.resource !== EXTERNAL) return searchFor(matchRoute, SEARCHES, match, ref, id)
    if (ref.in !== 'query') return undefined
    return { ...NAMED_TASKS, path: NAMED_TASKS.path.replace('{id}', encodeURIComponent(id)) }
  },
  names: klingNames,
  clueOf(body, call) {
    const name = call && nameOf(call, textAt(body, nameAt(call)))
    return name === undefined ? {} : { callbackId: name }
  },
  errorBody,
  accounts: klingAccounts,
  events: klingEvents,
  tasks: klingTasks,
}
