/** HeyGen, assembled: https://developers.heygen.com, https://docs.heygen.com (reference/heygen.md). */
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import {
  countJobs,
  expectedJob,
  linkOf,
  probeOf,
  readJobs,
  readReports,
  routesByName,
  startOfLease,
  startsInAnswer,
  stateInRow,
} from '#providers/shared/table-jobs.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { authorize, heygenAccounts } from './accounts.ts'
import { heygenAssets } from './uploads.ts'
import { creationAnswer } from './jobs/creation-answer.ts'
import { errorBody } from './answers/error-body.ts'
import { heygenEvents } from './events.ts'
import { FINDERS, LEGACY_VIDEO_FINDER } from './jobs/searches.ts'
import { isLikenessId, isLikenessRow } from './uploads/likenesses.ts'
import { listOf, sumsOf } from './lists.ts'
import { matchRoute, ROUTES } from './routes/table.ts'
import { ownListOf, searchOf } from './routes/id-searches.ts'
import { heygenSpeech } from './useapi/speech.ts'
import { heygenStreaming } from './streaming.ts'
import { judge, parkingOf, saysInProgress, saysUnknown } from './answers.ts'

const BY_NAME = routesByName(ROUTES)

export const heygen: Provider = {
  name: 'heygen',
  maxJobsCeiling: (settings) => settings.heygenMaxJobs,
  routes: ROUTES,
  match: matchRoute,
  origin: (match, settings) =>
    match?.route.host === 'upload' ? settings.heygenUploadOrigin : settings.heygenOrigin,
  hosts: (settings) => [settings.heygenOrigin, settings.heygenUploadOrigin],
  takesIdempotencyKey: (path, match) =>
    match ? match.route.takesKey === true : path.startsWith('/v3/'),
  authorize,
  judge,
  countJobs,
  expectedJob,
  readJobs,
  creationAnswer,
  asksForNothing: (_match, body) => valueAt(body, '/validate_only') === true,
  readReports,
  parkingOf,
  saysUnknown,
  mayBeRetired: (path) => /^\/v[12]\//.test(path),
  saysInProgress,
  startOf: (lease, id) => startOfLease(BY_NAME, lease, id),
  askUnderKey: (lease) => probeOf(BY_NAME, lease),
  startsIn: (lease, answer) => startsInAnswer(BY_NAME, lease, answer),
  stateOfRow: (lease, word) => stateInRow(BY_NAME, lease, word),
  finderOf(lease) {
    const watch = linkOf(BY_NAME, lease)?.watch
    if (watch === 'video' && !lease.route.includes(' /v3/')) return LEGACY_VIDEO_FINDER
    return watch === undefined ? undefined : FINDERS[watch]
  },
  listOf,
  sumsOf,
  searchFor: searchOf,
  ownListOf,
  clueOf(body) {
    const title = textAt(body, '/title') ?? textAt(body, '/video_title')
    const callbackId = textAt(body, '/callback_id')
    return {
      ...(title === undefined ? {} : { title }),
      ...(callbackId === undefined ? {} : { callbackId }),
    }
  },
  errorBody,
  accounts: heygenAccounts,
  events: heygenEvents,
  speech: heygenSpeech,
  assets: heygenAssets,
  likeness: { isRow: isLikenessRow, isId: isLikenessId },
  streaming: heygenStreaming,
}
