/** What the path of a creation makes: which pack pays and is in use, how many slots it takes, what it costs. */
import type { PackType } from '../../state/kling-account.ts'
import type { Doc } from '../../text/json.ts'
import { asDoc } from '../answers/call.ts'

/** Elements and voices were seen on the video pack. That multi-shot uses the image pack is a [guess]. */
export function packTypeOf(path: string): PackType {
  if (path.endsWith('kolors-virtual-try-on')) return 'try_on'
  return path.startsWith('/v1/images/') || path.endsWith('ai-multi-shot') ? 'image' : 'video'
}

const TYPES: [RegExp, string][] = [
  [/elements$/, 'element'],
  [/custom-voices$/, 'voice'],
  [/text-to-audio$/, 'audio'],
  [/^\/v1\/images\/|ai-multi-shot$/, 'image'],
]

/** What `type` means in the control API and in the outputs of /tasks. */
export function typeOf(path: string): string {
  if (path === '/v1/videos/multi-elements') return 'video'
  return TYPES.find(([pattern]) => pattern.test(path))?.[1] ?? 'video'
}

const AUTO_AMOUNT = 4

/** An image task takes a slot for each picture. How many `auto` makes is not documented: four here. */
export function slotsOf(path: string, body: Doc): number {
  if (packTypeOf(path) !== 'image' || path.endsWith('ai-multi-shot')) return 1
  if (body.result_type === 'series')
    return body.series_amount === 'auto' ? AUTO_AMOUNT : Number(body.series_amount) || AUTO_AMOUNT
  return Number(body.n) || 1
}

/** Seconds of the result. The documented default is 5. */
export function secondsOf(body: Doc): number {
  return Number(body.duration ?? asDoc(body.settings).duration) || 5
}

const PER_SECOND: Record<string, number> = {
  std: 0.8,
  pro: 1,
  '4k': 3,
  '720p': 0.8,
  '1080p': 1,
}

/** Prices are documented for some models and were seen for others. The rest is a [guess]. */
export function unitsOf(path: string, body: Doc): number {
  const type = typeOf(path)
  if (type === 'element') return 0
  if (type === 'voice') return 0.05
  if (type === 'image') return 8 * slotsOf(path, body)
  const quality = String(asDoc(body.settings).resolution ?? body.mode ?? 'std')
  return Math.round(secondsOf(body) * (PER_SECOND[quality] ?? 0.8) * 100) / 100
}

export function modelOf(path: string, body: Doc): string {
  if (!path.startsWith('/v1/')) return path.split('/').at(-1) ?? ''
  return typeof body.model_name === 'string' ? body.model_name : 'kling-v1'
}

/** What a bill calls the creation. */
export function functionOf(path: string): string {
  const segment = path.startsWith('/v1/') ? path.split('/').at(-1) : path.split('/')[1]
  const words = (segment ?? '').replace(/(\w)2(\w)/, '$1-to-$2').split('-')
  const small = new Set(['to', 'of'])
  return words
    .map((each) => (small.has(each) ? each : each[0]?.toUpperCase() + each.slice(1)))
    .join(' ')
}
