/**
 * What a video may ask of its looks and engines, beyond the types of its members. From the descriptions of HeyGen's v3
 * schemas; the words of the refusals are a [guess]. Avatar V of a photo avatar without a reference is not checked.
 */
import type { Resource } from '../../state/types.ts'
import { type Doc, isDoc, readPointer } from '../../text/json.ts'
import { asText, type Call, getSubject } from '../answers/call.ts'
import { invalid, refuse } from '../answers/errors.ts'
import { enginesOf, lookTypeOf } from '../resources/looks.ts'
import { findResource } from '../resources/resources.ts'

/** One avatar that speaks: of the body itself, or of a scene. */
type Performance = { avatar: Doc; at: string; is4k: boolean }

export function assertVideoRules(call: Call): void {
  if (call.name === 'POST /v3/videos') assertV3(call)
  if (call.name === 'POST /v3/templates/{template_id}') assertTemplate(call)
  if (call.name === 'POST /v2/video/generate' || call.name === 'POST /v1/video.webm')
    assertOld(call)
}

function assertV3(call: Call): void {
  const { body } = call
  const is4k = body.resolution === '4k'
  if (body.output_format === 'webm' && body.background)
    throw invalid('v3', 'background is not supported with webm.', 'background')
  const scenes = Array.isArray(body.scenes) ? body.scenes.filter(isDoc) : []
  const ofScenes = scenes.map(({ input }, index) => ({
    avatar: isDoc(input) ? input : {},
    at: `scenes.${index}.input.`,
    is4k,
  }))
  for (const each of [{ avatar: body, at: '', is4k }, ...ofScenes]) assertPerformance(call, each)
}

/** A text may be empty in a template, and not in what is made of it. The size must have the template's ratio. */
function assertTemplate(call: Call): void {
  const { variables, dimension } = call.body
  for (const [name, each] of Object.entries(isDoc(variables) ? variables : {})) {
    if (isDoc(each) && each.type === 'text' && each.content === '')
      throw invalid('v3', 'content must not be empty.', `variables.${name}.content`)
  }
  if (!isDoc(dimension)) return
  const [width = 16, height = 9] = String(getSubject(call).doc.aspect_ratio ?? '16:9')
    .split(':')
    .map(Number)
  const difference = Number(dimension.width) * height - Number(dimension.height) * width
  if (Math.abs(difference) > width * height)
    throw invalid('v3', "dimension must have the template's aspect ratio.", 'dimension')
}

function assertPerformance(call: Call, { avatar, at, is4k }: Performance): void {
  if (asText(avatar.script) && (avatar.audio_url || avatar.audio_asset_id))
    throw invalid('v3', 'script and audio exclude each other.', `${at}script`)
  const look = lookOf(call, avatar.avatar_id)
  if (!look) return
  const engine = (isDoc(avatar.engine) ? asText(avatar.engine.type) : undefined) ?? 'avatar_iv'
  const isPhoto = lookTypeOf(look) === 'photo_avatar'
  if (!mayUse(call, look, engine))
    throw invalid('v3', `This avatar does not support ${engine}.`, `${at}engine`)
  if (engine === 'avatar_iii' && isPhoto && is4k)
    throw invalid('v3', 'Photo avatars on avatar_iii have no 4k output.', 'resolution')
  const moves = isPhoto ? engine !== 'avatar_iii' : engine === 'avatar_v'
  if (avatar.motion_prompt && !moves)
    throw invalid('v3', 'motion_prompt is not supported here.', `${at}motion_prompt`)
  if (avatar.expressiveness && !(isPhoto && engine === 'avatar_iv'))
    throw invalid('v3', 'expressiveness is not supported here.', `${at}expressiveness`)
}

function mayUse({ account }: Call, look: Resource, engine: string): boolean {
  return enginesOf(look).includes(engine) && (!account.engines || account.engines.includes(engine))
}

function lookOf(call: Call, id: unknown): Resource | undefined {
  return typeof id === 'string' ? findResource(call.state, call.account, 'avatar', id) : undefined
}

/** Since August 2026 the older families refuse looks without Avatar III, unless Avatar IV is asked for [seen]. */
function assertOld(call: Call): void {
  const { body, row } = call
  const characters = readPointer(body, '/video_inputs/*/character').filter(isDoc)
  for (const each of [...characters, body]) {
    const look = lookOf(call, each.avatar_id ?? each.avatar_pose_id ?? each.talking_photo_id)
    if (!look || each.use_avatar_iv_model === true || enginesOf(look).includes('avatar_iii'))
      continue
    const message =
      'This avatar does not support unlimited mode. Please use a different avatar, or use Avatar IV or Avatar V.'
    const facts = { status: 400, number: 400, code: 'internal_error', message }
    throw refuse(row.family === 'v1' ? 'v1' : 'v2', facts)
  }
}
