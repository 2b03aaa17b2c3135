/** What a body must hold before anything is made of it: documented members, own or preset ids. */
import type { OwnerId } from '../../heygen/catalogue/catalogue.ts'
import { readPointer } from '../../heygen/resources/resources.ts'
import type { Resource } from '../../state/types.ts'
import { asDoc, asText, type Call } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { findThing, isPreset, type ThingType } from '../resources/resources.ts'
import { findTask } from '../tasks/task.ts'

const V1_MODELS = ['kling-v1', 'kling-v1-5', 'kling-v1-6', 'kling-v2-master', 'kling-v2-1']
const V1_VIDEO = [...V1_MODELS, 'kling-v2-1-master', 'kling-v2-5-turbo', 'kling-v2-6', 'kling-v3']

/** Names are exact: kling-v3 works, kling-v3-0 does not. Paths without a line take any [guess]. */
const MODELS: Record<string, string[]> = {
  '/v1/videos/text2video': V1_VIDEO,
  '/v1/videos/image2video': V1_VIDEO,
  '/v1/videos/omni-video': ['kling-video-o1', 'kling-v3-omni'],
  '/v1/videos/motion-control': ['kling-v2-6', 'kling-v3'],
  '/v1/videos/multi-image2video': ['kling-v1-6'],
  '/v1/images/omni-image': ['kling-image-o1', 'kling-v3-omni'],
  '/v1/images/multi-image2image': ['kling-v2-1', 'kling-v2'],
  '/v1/images/generations': [
    'kling-v1',
    'kling-v1-5',
    'kling-v2',
    'kling-v2-new',
    'kling-v2-1',
    'kling-v3',
  ],
}

/** Which of the members must be there is documented for few rows; these nothing can be made without [guess]. */
const REQUIRED: [RegExp, string[]][] = [
  [/^\/text-to-video\//, ['prompt']],
  [/^\/(image-to-video|omni-video|motion-control)\//, ['contents']],
  [/text2video$/, ['prompt|multi_prompt']],
  [/\/videos\/image2video$/, ['image|image_tail']],
  [/motion-control$/, ['image_url', 'video_url']],
  [/\/effects$/, ['effect_scene', 'input']],
  [/lip-sync$/, ['input|session_id']],
  [/avatar\/image2video$/, ['image', 'audio_id|sound_file']],
  [/text-to-audio$/, ['prompt']],
  [/\/tts$/, ['text', 'voice_id', 'voice_language']],
  [/generations$|omni-image$/, ['prompt']],
  [/virtual-try-on$/, ['human_image']],
  [/expand$|image-recognize$/, ['image']],
  [/ai-multi-shot$/, ['element_frontal_image']],
  [/custom-elements$/, ['element_name', 'element_description']],
  [/custom-voices$/, ['voice_name', 'voice_url|video_id']],
  [/video-to-audio$|identify-face$|init-selection$/, ['video_id|video_url']],
]

export function validate(call: Call): void {
  const { row, body } = call
  const needed = REQUIRED.filter(([pattern]) => pattern.test(row.path)).flatMap(
    ([, names]) => names
  )
  for (const names of needed) {
    if (!names.split('|').some((name) => hasValue(body[name])))
      throw refused(1201, `${names.replaceAll('|', ' or ')} is required`)
  }
  const model = asText(body.model_name)
  const known = MODELS[row.path]
  if (model && known && !known.includes(model)) throw refused(1201, 'model is not supported')
  assertCount(body.n)
  assertUrl(row.family === 'new' ? asDoc(body.options).callback_url : body.callback_url)
}

function hasValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function assertCount(n: unknown): void {
  if (n === undefined || n === null || n === '') return
  if (!Number.isInteger(Number(n)) || Number(n) < 1 || Number(n) > 9)
    throw refused(1201, 'n must be between 1 and 9')
}

function assertUrl(url: unknown): void {
  if (asText(url) && !URL.canParse(String(url))) throw refused(1201, 'callback_url is invalid')
}

const THINGS = new Set(['video', 'audio', 'element', 'voice', 'session'])

/** Every id that the body names must be the account's own, or a preset where presets may be named. */
export function resolveOwners(call: Call): void {
  for (const owner of call.row.ownerIdIn) {
    if (owner.in !== 'body' || owner.resource === 'bind-session') continue
    const ids = readPointer(call.body, owner.pointer).filter(hasValue).map(String)
    if (owner.required && ids.length === 0) throw refused(1201, `${owner.name} is required`)
    for (const id of ids) resolveOne(call, owner, id)
  }
}

function resolveOne(call: Call, owner: OwnerId, id: string): void {
  const { state, account } = call
  if (owner.resource === 'task') {
    if (!findTask(state, account, id)) throw notFound('Task', id)
    return
  }
  if (!THINGS.has(owner.resource)) return
  const type = owner.resource as ThingType
  if (owner.mayBeShared && isPreset(type, id)) return
  const found: Resource | undefined = findThing(state, account, type, id)
  if (!found) throw notFound(type, id)
  call.found.set(owner.pointer ?? owner.name, found)
}

/** Seen for voices and tasks; the other nouns follow them [guess]. */
function notFound(type: string, id: string): Error {
  if (type === 'Task') return refused(1201, `Task not found by id/external id: ${id}`)
  return refused(1201, `${type[0]?.toUpperCase()}${type.slice(1)} id not found`)
}
