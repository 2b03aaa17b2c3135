/**
 * Where an account's recent jobs are listed, by what is watched: for a creation whose answer was lost. Kinds that are
 * absent here have no list with times in HeyGen's API; such a lease is held until its key's answer names its job, or it is
 * heard of, freed, or lost.
 */
import type { Finder } from '#providers/contract/provider.ts'

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

/** v3's own detail of a video is not documented to echo the callback id; the older status is. Ids are the same. */
const VIDEO_DETAILS = '/v1/video_status.get?video_id={id}'

export const FINDERS: Record<string, Finder> = {
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

/** Videos made on v1 and v2 paths are looked for on the list of their own time. */
export const LEGACY_VIDEO_FINDER: Finder = {
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
