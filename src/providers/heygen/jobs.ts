/** Reads HeyGen's jobs by the links in the route table. The jobs of lost creations are found by title and callback id. */
import type { JobReport, Lease, ToldOfJob } from '#domain/slots/lease.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { JobSearch, ProviderJobs } from '#providers/contract/provider.ts'
import { linkOf, routesByName, tableJobs } from '#providers/shared/table-jobs.ts'
import { JOB_IDS_AT } from './events.ts'
import { buildAnswer } from './jobs/creation-answer.ts'
import { fileOf } from './jobs/files.ts'
import { jobIdsAt, queueForm, showQueued } from './jobs/queued.ts'
import { OLDER_VIDEOS, SEARCHES } from './jobs/searches.ts'
import { ROUTES } from './routes/table.ts'

const BY_NAME = routesByName(ROUTES)
/** HeyGen's list of the events that it sent. */
const EVENTS = '/v3/webhooks/events'
const IDS_IN_EVENTS = JOB_IDS_AT.map((at) => `/data/*${at}`)

export const jobs: ProviderJobs = {
  ...tableJobs(ROUTES),
  isCheckOnly: (_match, body) => valueAt(body, '/validate_only') === true,
  buildAnswer,
  searchOf,
  fileOf,
  queueForm,
  showQueued,
  jobIdsAt: (match) => (match.route.path === EVENTS ? IDS_IN_EVENTS : jobIdsAt(match)),
  toldBy,
  fingerprintOf(body) {
    const title = textAt(body, '/title') ?? textAt(body, '/video_title')
    const callbackId = textAt(body, '/callback_id')
    return {
      ...(title === undefined ? {} : { title }),
      ...(callbackId === undefined ? {} : { callbackId }),
    }
  },
}

/** A status answer tells the length of a video; so does one of the two forms of its event. HeyGen tells no price of a job. */
function toldBy({ facts, event, state }: JobReport): ToldOfJob {
  const told =
    facts?.['duration'] ?? (event && valueAt(parseJson(event.body), '/event_data/duration'))
  const isLength = typeof told === 'number' && Number.isFinite(told) && told >= 0
  return state === 'completed' && isLength ? { seconds: told } : {}
}

function searchOf(lease: Lease): JobSearch | undefined {
  const watch = linkOf(BY_NAME, lease)?.watch
  if (watch === 'video' && !lease.route.includes(' /v3/')) return OLDER_VIDEOS
  return watch === undefined ? undefined : SEARCHES[watch]
}
