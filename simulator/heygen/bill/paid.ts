/** What an account would have paid for: one line for each thing that a call starts. Calls that start nothing have no line. */
import { newHex } from '../../state/random.ts'
import type { Paid } from '../../state/types.ts'
import { type Doc, readPointer } from '../../text/json.ts'
import { asText, type Call } from '../answers/call.ts'
import { SIMULATED_SECONDS } from '../answers/fill.ts'
import { lookTypeOf } from '../resources/looks.ts'
import { findResource } from '../resources/resources.ts'
import { priceOfPaid } from './prices.ts'

type What = Partial<Pick<Paid, 'engine' | 'is4k' | 'look' | 'isCinematic' | 'isPrecise'>>

/** The kinds of rows, by the beginning of their path. The first that fits. */
const KINDS: [RegExp, string][] = [
  [/^\/v3\/assets/, 'free'],
  [/\/video-quality\//, 'comparison'],
  [/^\/v1\/workflows|^\/v3\/workflow/, 'workflow'],
  [/voices\/clone$|models\/audio\/voices$|^\/v3\/voices$/, 'voice'],
  [/speech|tts|voices\/.*preview$/, 'speech'],
  [/proofreads?$/, 'proofread'],
  [/video_translate|video-translations/, 'translation'],
  [/lipsyncs/, 'lipsync'],
  [/photo\/generate$|\/v2\/video_avatar$/, 'avatar'],
  [/look\/generate$|\/v3\/avatars\/looks$/, 'look'],
  [/\/v3\/avatars$/, 'avatar'],
  [/photo_avatar\/train$/, 'training'],
  [/add_motion$/, 'motion'],
  [/upscale$/, 'upscale'],
  [/add_sound_effect$/, 'free'],
  [/video-agents|video_agent/, 'agent'],
  [/models\/videos$/, 'model-video'],
  [/models\/images$/, 'image'],
  [/clips$|ai-clipping/, 'clip'],
  [/filler-word/, 'filler'],
  [/background-removals/, 'background-removal'],
  [/podcasts/, 'podcast'],
  [/renders/, 'render'],
]

/** `jobIds` are the jobs that the call started, one for each language of a translation. */
export function billCall(call: Call, jobIds: (string | null)[]): void {
  const { row, body } = call
  const found = KINDS.find(([pattern]) => pattern.test(row.path))?.[1] ?? 'video'
  // Only the older families have test renders, which are free.
  if (found === 'free' || (body.test === true && row.family !== 'v3')) return
  const kind = found === 'avatar' && asText(body.avatar_group_id) ? 'look' : found
  const items = itemsOf(call)
  for (const jobId of items.length > 0 ? items.map(() => jobIds[0] ?? null) : jobIds) {
    const item = items.shift() ?? body
    addLine(call, kind, item, jobId)
  }
}

/** The bodies of a batch. Languages of its items are not told apart. */
function itemsOf({ row, body }: Call): Doc[] {
  if (!row.path.endsWith('/batches')) return []
  const lists = [body.videos, body.lipsyncs, body.video_translations]
  return (lists.find(Array.isArray) ?? []) as Doc[]
}

function addLine(call: Call, kind: string, item: Doc, jobId: string | null): void {
  const { state, account, row } = call
  const what = whatOf(call, kind, item)
  const line: Omit<Paid, 'usd'> = {
    key: newHex(8),
    at: state.now(),
    account: account.email,
    row: call.name,
    family: row.family,
    jobId,
    kind,
    engine: null,
    is4k: false,
    look: null,
    ...what,
    seconds: SIMULATED_SECONDS,
    characters: asText(item.text)?.length ?? 0,
  }
  state.bill.put({ ...line, usd: priceOfPaid(line) })
}

function whatOf(call: Call, kind: string, item: Doc): What {
  const { path } = call.row
  if (kind === 'translation') {
    const mode = asText(item.mode)
    return { isPrecise: mode === 'precision' || mode === 'quality' }
  }
  if (kind === 'avatar' || kind === 'look') return { look: lookOfNew(item, path) }
  if (kind !== 'video') return {}
  if (path.startsWith('/v3/videos')) return whatOfV3(call, item)
  if (path === '/v2/video/av4/generate') return { engine: 'avatar_iv', look: 'photo' }
  // The members of this body are those of Avatar IV [guess].
  if (path === '/v2/videos') return { ...whatOfV3(call, item), engine: 'avatar_iv' }
  // The engine and the looks of a template are inside it.
  if (/template/.test(path)) return { is4k: isLarge(item.dimension) }
  return whatOfScenes(call, item)
}

function whatOfV3(call: Call, item: Doc): What {
  const is4k = item.resolution === '4k'
  if (item.type === 'image' || item.image !== undefined || item.image_url !== undefined) {
    return { engine: 'avatar_iv', look: 'photo', is4k }
  }
  if (item.type === 'cinematic_avatar') return { isCinematic: true, is4k }
  const ids = [
    ...readPointer(item, '/avatar_id'),
    ...readPointer(item, '/scenes/*/input/avatar_id'),
  ]
  const engines = [
    ...(item.avatar_id === undefined ? [] : [item.engine]),
    ...readPointer(item, '/scenes/*/input')
      .filter((input) => (input as Doc | null)?.avatar_id !== undefined)
      .map((input) => (input as Doc).engine),
  ].map(engineOf)
  return { engine: dearest(engines), look: lookOf(call, ids), is4k }
}

/** Left out, the engine is Avatar IV. */
function engineOf(given: unknown): string {
  const type = typeof given === 'string' ? given : asText((given as Doc | null | undefined)?.type)
  return type ?? 'avatar_iv'
}

/** Scenes of the older families: Avatar III, if they do not ask for more. */
function whatOfScenes(call: Call, body: Doc): What {
  const characters = [
    ...readPointer(body, '/video_inputs/*/character'),
    ...readPointer(body, '/clips/*'),
    ...((body.avatar_id ?? body.avatar_pose_id) ? [body] : []),
  ] as (Doc | null)[]
  const ids = characters.flatMap((each) => [
    each?.avatar_id,
    each?.avatar_pose_id,
    each?.talking_photo_id,
  ])
  const engines = characters
    .filter((each) => each !== null)
    .map((each) => (each.use_avatar_iv_model === true ? 'avatar_iv' : 'avatar_iii'))
  return { engine: dearest(engines), look: lookOf(call, ids), is4k: isLarge(body.dimension) }
}

/** Names of engines are in the order of their prices. A new one counts as the dearest. */
function dearest(engines: string[]): string | null {
  const order = ['avatar_iii', 'avatar_iv', 'avatar_v']
  const rank = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return engines.toSorted((a, b) => rank(b) - rank(a))[0] ?? null
}

const KIND_OF_LOOK = {
  photo_avatar: 'photo',
  digital_twin: 'twin',
  studio_avatar: 'studio',
} as const

/** A photo counts before a twin, since it is what Avatar III is dearer for. */
function lookOf(call: Call, ids: unknown[]): Paid['look'] {
  const looks = ids
    .filter((id) => typeof id === 'string')
    .map((id) => findResource(call.state, call.account, 'avatar', id))
    .filter((look) => look !== undefined)
    .map((look) => KIND_OF_LOOK[lookTypeOf(look)])
  return looks.find((kind) => kind === 'photo') ?? looks[0] ?? null
}

function lookOfNew(item: Doc, path: string): Paid['look'] {
  return item.type === 'digital_twin' || path === '/v2/video_avatar' ? 'twin' : 'photo'
}

/** More than 1080 pixels at the short edge. */
function isLarge(dimension: unknown): boolean {
  const { width, height } = (dimension ?? {}) as { width?: unknown; height?: unknown }
  return Math.min(Number(width) || 0, Number(height) || 0) > 1080
}
