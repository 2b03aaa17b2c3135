/**
 * The lists of an account's recent jobs, by watched kind, for lost creations. HeyGen's API has no list with times for the other
 * kinds. A job of those is found only by its key or its event.
 */
import type { JobSearch } from '#providers/contract/provider.ts'

const V3_ROW = {
  rows: '/data/*',
  id: '/id',
  title: '/title',
  createdAt: '/created_at',
  status: '/status',
  token: 'token',
  next: '/next_token',
  more: '/has_more',
}

/** Only the older status is documented to show the callback id. Ids are the same in v1 and v3. */
const VIDEO_DETAILS = '/v1/video_status.get?video_id={id}'

export const SEARCHES: Record<string, JobSearch> = {
  video: { ...V3_ROW, path: '/v3/videos?limit=100', details: VIDEO_DETAILS },
  translation: { ...V3_ROW, path: '/v3/video-translations?limit=100', callbackId: '/callback_id' },
  lipsync: { ...V3_ROW, path: '/v3/lipsyncs?limit=100', callbackId: '/callback_id' },
  'ai-clipping': { ...V3_ROW, path: '/v3/ai-clipping?limit=100', callbackId: '/callback_id' },
  'background-removal': { ...V3_ROW, path: '/v3/background-removals?limit=100' },
  'agent-session': { ...V3_ROW, path: '/v3/video-agents?limit=100', id: '/session_id' },
  proofread: { ...V3_ROW, path: '/v3/video-translations/proofreads?limit=100' },
  'model-voice': {
    ...V3_ROW,
    path: '/v3/models/audio/voices?limit=100',
    id: '/voice_id',
    title: '/name',
  },
  render: { ...V3_ROW, path: '/v3/hyperframes/renders', id: '/render_id' },
  podcast: { ...V3_ROW, path: '/v3/podcasts' },
  'workflow-run': { ...V3_ROW, path: '/v3/workflow-runs' },
  'streaming-session': {
    path: '/v1/streaming.list',
    rows: '/data/sessions/*',
    id: '/session_id',
    title: '/title',
    createdAt: '/created_at',
    status: '/status',
  },
}

/** For videos that were made on v1 and v2 paths. */
export const OLDER_VIDEOS: JobSearch = {
  path: '/v1/video.list?limit=100',
  rows: '/data/videos/*',
  id: '/video_id',
  title: '/video_title',
  createdAt: '/created_at',
  status: '/status',
  token: 'token',
  next: '/data/token',
  details: VIDEO_DETAILS,
  otherwise: { ...V3_ROW, path: '/v3/videos?limit=100' },
}
