/** The members that a body must have. */
import { asDoc, asText, type Call } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'

const V1_MODELS = ['kling-v1', 'kling-v1-5', 'kling-v1-6', 'kling-v2-master', 'kling-v2-1']
const V1_VIDEO = [...V1_MODELS, 'kling-v2-1-master', 'kling-v2-5-turbo', 'kling-v2-6', 'kling-v3']

/** Names are exact: kling-v3 works, kling-v3-0 does not. Other paths take any name [guess]. */
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

/** Required members are documented for few rows. For the others they are a [guess]. */
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
