/**
 * Kling's paths (reference/kling-endpoints.json). How to read a row: `providers/shared/row.ts`. v1 paths come in threes: create,
 * read one task, list. The newer paths have the model as a parameter, so a POST for a model that is not known here is a creation, too.
 */
import type { JobLink, Route, RouteMatch, StatusLink } from '#providers/contract/provider.ts'
import { matcher } from '#domain/routing/match-route.ts'
import { get, post } from '#providers/shared/row.ts'

/** The resource of external ids, which clients make up themselves (`names.ts`). */
export const EXTERNAL = 'external-task'

/** Pack types. Packs for videos also pay for speech and faces. */
type Meter = 'video' | 'image' | 'try_on'

interface Family {
  ids?: string[]
  /** The pack type that pays for the task. An empty pack of this type parks only such tasks. */
  meter?: Meter
  /** JSON pointers to the ids of a task's results. Later calls about them go to the task's account. */
  results?: string[]
}

const VIDEOS = ['/task_result/videos/*/id']
const AUDIOS = ['/task_result/audios/*/id']
const TASK: StatusLink = {
  watch: 'task',
  id: 'answer:/data/task_id',
  rowStatus: '/task_status',
  done: ['succeed'],
  failed: ['failed'],
}
const TASKS: StatusLink = { ...TASK, id: 'answer:/data/*/task_id' }
const NEW_TASKS: StatusLink = {
  watch: 'task',
  id: 'answer:/data/*/id',
  done: ['succeeded'],
  failed: ['failed'],
}

function jobLink(id: string, ask: string, meter: Meter | undefined): JobLink {
  return { watch: 'task', id, ask, ...(meter === undefined ? {} : { meter }) }
}

/** The three rows of one kind of v1 task. */
function family(path: string, { ids = [], meter, results = [] }: Family = {}): Route[] {
  return [
    post(path, 'creates-job', {
      pool: 'owner',
      ids: [...ids, `${EXTERNAL} body:/external_task_id`],
      creates: ['/data/task_id', '/data/task_info/external_task_id'],
      job: jobLink('/data/task_id', `${path}/{id}`, meter),
    }),
    get(`${path}/{id}`, 'job-status', {
      pool: 'owner',
      ids: ['task! path:id'],
      creates: results.map((at) => `/data${at}`),
      reports: TASK,
    }),
    get(path, 'read-account', {
      pool: 'merge',
      lists: ['/data/*/task_id', ...results.map((at) => `/data/*${at}`)],
      reports: TASKS,
    }),
  ]
}

function modelInPath(name: string): Route {
  return post(`/${name}/{model}`, 'creates-job', {
    pool: 'owner',
    ids: [
      'element? body:/contents/*/element_id',
      'voice? body:/contents/*/voice_id',
      `${EXTERNAL} body:/options/external_task_id`,
    ],
    creates: ['/data/id', '/data/external_id'],
    job: jobLink('/data/id', '/tasks?task_ids={id}', 'video'),
  })
}

const ELEMENT = 'element? body:/element_list/*/element_id'
const VOICE = 'voice? body:/voice_list/*/voice_id'
const SESSION = 'session! body:/session_id'
const BINDING =
  'Device binding hands out a key pair of the provider. Make a key in its console and add it with POST /accounts.'

export const ROUTES: readonly Route[] = [
  modelInPath('text-to-video'),
  modelInPath('image-to-video'),
  modelInPath('omni-video'),
  modelInPath('motion-control'),
  get('/tasks', 'job-status', {
    pool: 'split',
    ids: ['task query:task_ids,...', `${EXTERNAL} query:external_task_ids,...`],
    creates: ['/data/*/outputs/*/id'],
    reports: NEW_TASKS,
  }),
  post('/tasks', 'read-account', {
    pool: 'merge',
    lists: ['/data/result/*/id', '/data/result/*/outputs/*/id'],
    reports: { ...NEW_TASKS, id: 'answer:/data/result/*/id' },
  }),

  get('/account/costs', 'read-account', { pool: 'merge' }),
  post('/account/billing/balance', 'read-account', { pool: 'merge' }),
  post('/account/billing/package', 'read-account', { pool: 'merge' }),

  ...family('/v1/videos/text2video', { ids: [VOICE], meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/image2video', { ids: [ELEMENT, VOICE], meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/multi-image2video', { meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/omni-video', { ids: [ELEMENT], meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/motion-control', { ids: [ELEMENT], meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/video-extend', {
    ids: ['video! body:/video_id'],
    meter: 'video',
    results: VIDEOS,
  }),
  ...family('/v1/videos/lip-sync', {
    ids: ['video body:/input/video_id', 'task body:/input/task_id'],
    meter: 'video',
    results: VIDEOS,
  }),
  ...family('/v1/videos/advanced-lip-sync', {
    ids: [SESSION, 'audio body:/face_choose/*/audio_id'],
    meter: 'video',
    results: VIDEOS,
  }),
  ...family('/v1/videos/avatar/image2video', {
    ids: ['audio body:/audio_id'],
    meter: 'video',
    results: VIDEOS,
  }),
  ...family('/v1/videos/effects', { meter: 'video', results: VIDEOS }),
  ...family('/v1/videos/multi-elements', { ids: [SESSION], meter: 'video', results: VIDEOS }),
  post('/v1/videos/identify-face', 'sync-generation', {
    meter: 'video',
    pool: 'owner',
    ids: ['video body:/video_id'],
    creates: ['/data/session_id'],
  }),
  post('/v1/videos/image-recognize', 'sync-generation', { meter: 'video' }),
  post('/v1/videos/multi-elements/init-selection', 'sync-generation', {
    meter: 'video',
    pool: 'owner',
    ids: ['video body:/video_id'],
    creates: ['/data/session_id'],
  }),
  ...['add', 'delete', 'clear', 'preview'].map((verb) =>
    post(`/v1/videos/multi-elements/${verb}-selection`, 'write-account', {
      pool: 'owner',
      ids: [SESSION],
    })
  ),

  ...family('/v1/audio/text-to-audio', { meter: 'video', results: AUDIOS }),
  ...family('/v1/audio/video-to-audio', {
    ids: ['video body:/video_id'],
    meter: 'video',
    results: [...AUDIOS, ...VIDEOS],
  }),
  post('/v1/audio/tts', 'sync-generation', {
    meter: 'video',
    creates: ['/data/task_id', '/data/task_result/audios/*/id'],
  }),

  ...family('/v1/images/generations', { ids: [ELEMENT], meter: 'image' }),
  ...family('/v1/images/omni-image', { ids: [ELEMENT], meter: 'image' }),
  ...family('/v1/images/multi-image2image', { meter: 'image' }),
  ...family('/v1/images/editing/expand', { meter: 'image' }),
  ...family('/v1/images/kolors-virtual-try-on', { meter: 'try_on' }),

  ...family('/v1/general/ai-multi-shot', { meter: 'image' }),
  ...family('/v1/general/advanced-custom-elements', {
    ids: ['voice? body:/element_voice_id'],
    results: [
      '/task_result/elements/*/element_id',
      '/task_result/elements/*/element_voice_info/voice_id',
    ],
  }),
  get('/v1/general/advanced-presets-elements', 'read-shared'),
  post('/v1/general/delete-advanced-elements', 'write-account', {
    pool: 'owner',
    ids: ['element! body:/element_id'],
  }),
  post('/v1/general/delete-elements', 'write-account', {
    pool: 'owner',
    ids: ['element! body:/element_id'],
  }),
  post('/v1/general/custom-elements', 'write-account', { creates: ['/data/element_id'] }),
  get('/v1/general/custom-elements', 'read-account', {
    pool: 'merge',
    lists: ['/data/*/element_id'],
  }),
  get('/v1/general/presets-elements', 'read-shared'),
  ...family('/v1/general/custom-voices', {
    ids: ['video body:/video_id'],
    meter: 'video',
    results: ['/task_result/voices/*/voice_id'],
  }),
  get('/v1/general/presets-voices', 'read-shared'),
  post('/v1/general/delete-voices', 'write-account', {
    pool: 'owner',
    ids: ['voice! body:/voice_id'],
  }),

  post('/console/api/auth/skill/init-sessions', 'write-account', { notOffered: BINDING }),
  post('/console/api/auth/skill/exchange', 'write-account', { notOffered: BINDING }),
]

export const matchRoute: (method: string, path: string) => RouteMatch | undefined = matcher(ROUTES)
