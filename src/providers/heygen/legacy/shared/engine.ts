/**
 * Finds what an older call names as its avatar, and the engine that its video may have. v3 makes a video with Avatar IV unless the
 * body names another engine, and that is dearer than what older calls meant (reference/news-2026-11.md section 2). So each
 * body names its engine.
 */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textsAt, valueAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import { isNumbered, segment, textOf } from './words.ts'

/** `engines`: HeyGen adds new words to them. */
interface Look {
  kind: 'look'
  id: string
  isPhoto: boolean
  engines: readonly string[]
}

/** An uploaded picture of which no look was made. Only Avatar IV makes videos of one. */
interface Picture {
  kind: 'picture'
  assetId: string
}

export type Avatar = Look | Picture
export type Engine = 'avatar_iii' | 'avatar_iv'

/** The words of HeyGen's older API, which clients know. */
const NO_AVATAR_III =
  'This avatar does not support unlimited mode. Please use a different avatar, or use Avatar IV or Avatar V.'
const HOW_TO_ALLOW =
  'Avatar IV costs more: a call allows it with use_avatar_iv_model: true beside the id of its avatar, the operator for all calls with LEGACY_ENGINE=allow_iv.'
const OF_A_PICTURE = 'A raw picture needs Avatar IV.'

const LOOKS_A_PAGE = 50

/**
 * The look with this id, else the oldest finished look of the group with this id, because older answers gave a group and its first
 * look the same id. `mayBePicture`: else the upload with this id. Ends the call if there is none.
 */
export async function findAvatar(
  call: LegacyCall,
  id: string,
  mayBePicture = false
): Promise<Avatar> {
  const name = `${mayBePicture ? 'talking photo' : 'avatar'} ${id}`
  // Always defined: a missing avatar ends the call.
  return (await call.remember<Avatar>(name, () => search(call, id, mayBePicture))) as Avatar
}

async function search(call: LegacyCall, id: string, mayBePicture: boolean): Promise<Avatar> {
  const path = segment(call, mayBePicture ? 'talking_photo_id' : 'avatar_id', id)
  const answer = await call.tryAsk({ method: 'GET', path: `/v3/avatars/looks/${path}` })
  if (answer.status < 400) return shownLook(answer)
  if (answer.status !== 404) throw new RefusedByNewer(answer)
  const picture = mayBePicture && (await findPicture(call, path, id))
  const found = picture || (await oldestLook(call, id))
  if (!found) throw new RefusedByNewer(answer)
  return found
}

async function findPicture(
  call: LegacyCall,
  path: string,
  id: string
): Promise<Picture | undefined> {
  const answer = await call.tryAsk({ method: 'GET', path: `/v3/assets/${path}` })
  return found(answer) ? { kind: 'picture', assetId: id } : undefined
}

async function oldestLook(call: LegacyCall, groupId: string): Promise<Look | undefined> {
  const path = '/v3/avatars/looks'
  const query = { group_id: groupId }
  const first = await call.tryAsk({ method: 'GET', path, query: { ...query, limit: LOOKS_A_PAGE } })
  if (!found(first)) return undefined
  const hasMore = textOf(first.body, '/next_token') !== undefined
  const rows = hasMore
    ? await call.readAll({ path, query, limit: LOOKS_A_PAGE })
    : valueAt(first.body, '/data')
  const finished = (Array.isArray(rows) ? rows : []).filter(isFinished)
  // Lists are newest first.
  const oldest: unknown = finished.at(-1)
  const id = textOf(oldest, '/id')
  return id === undefined ? undefined : lookOf(oldest, id)
}

/** An answer that shows no look says nothing about its engines, so it must not decide what the video costs. */
function shownLook({ body }: NewerAnswer): Look {
  const look = valueAt(body, '/data')
  const id = textOf(look, '/id')
  if (id !== undefined) return lookOf(look, id)
  throw new AppError('upstream_unreachable', 'HeyGen did not show the avatar. Nothing was made.')
}

/** A public look has no status. */
function isFinished(look: unknown): boolean {
  return (textOf(look, '/status') ?? 'completed') === 'completed'
}

/** False: there is no such thing. Another refusal ends the call, because what is there is not known. */
export function found(answer: NewerAnswer): boolean {
  if (answer.status < 400) return true
  if (answer.status === 404) return false
  throw new RefusedByNewer(answer)
}

function lookOf(look: unknown, id: string): Look {
  return {
    kind: 'look',
    id,
    isPhoto: textOf(look, '/avatar_type') === 'photo_avatar',
    engines: textsAt(look, '/supported_api_engines/*'),
  }
}

/**
 * Older calls meant Avatar III unless they asked for Avatar IV. Throws where only a dearer engine is left and the operator has not
 * allowed it. If v3 refuses Avatar III for the account, that refusal stands.
 */
export function engineFor(call: LegacyCall, avatar: Avatar, isIvAsked: boolean): Engine {
  if (isIvAsked) return 'avatar_iv'
  const isPicture = avatar.kind === 'picture'
  if (!isPicture && avatar.engines.includes('avatar_iii')) return 'avatar_iii'
  if (call.settings.legacyEngine === 'allow_iv') {
    call.lose('engine')
    return 'avatar_iv'
  }
  const why = isPicture ? `${OF_A_PICTURE} ${HOW_TO_ALLOW}` : HOW_TO_ALLOW
  const providerCode = isNumbered(call.path) ? 400175 : 'internal_error'
  throw new AppError('bad_request', `${NO_AVATAR_III} ${why}`, { providerCode })
}
