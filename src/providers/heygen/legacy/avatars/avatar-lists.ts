/**
 * Older lists of avatars. They have no pages. Private rows are read from every account, public ones from the gateway's copy. What
 * v3 does not show (premium, an avatar's own creation time) is null or false.
 */
import type { LegacyCall } from '#providers/contract/provider.ts'
import { isTrue, orNull, segment, textOf, v1, v2 } from '#providers/heygen/legacy/shared/words.ts'

const LIMIT = 50
const PREMIUM = false

type Ownership = 'private' | 'public'

export const AVATAR_LISTS = {
  'GET /v2/avatars': { carry: avatars },
  'GET /v2/avatar_group.list': { carry: groups },
  'GET /v2/avatar_group/{group_id}/avatars': { carry: avatarsOfGroup },
  'GET /v1/talking_photo.list': { carry: talkingPhotos },
  'GET /v1/avatar.list': { carry: avatarsWithStates },
}

async function avatars(call: LegacyCall): Promise<unknown> {
  const looks = await allLooks(call)
  return v2({
    avatars: looks.filter((look) => !isPhoto(look)).map(videoView),
    talking_photos: looks.filter(isPhoto).map((look) => ({
      talking_photo_id: orNull(look, '/id'),
      talking_photo_name: orNull(look, '/name'),
      preview_image_url: orNull(look, '/preview_image_url'),
    })),
  })
}

/** HeyGen's older list had only the account's own groups, unless it was asked for the public ones too. */
async function groups(call: LegacyCall): Promise<unknown> {
  const isAll = isTrue(call.query.get('include_public'))
  const own = await groupsOf(call, 'private')
  const shared = isAll ? await groupsOf(call, 'public') : []
  const ownPhotos = photoGroups(own.length > 0 ? await looksOf(call, 'private') : [])
  const sharedPhotos = photoGroups(
    shared.length > 0 ? await looksOf(call, 'public', 'looks for group_type') : []
  )
  const list = [
    ...own.map((group) => groupView(group, ownPhotos(group) ? 'PHOTO' : 'PRIVATE', true)),
    ...shared.map((group) =>
      groupView(group, sharedPhotos(group) ? 'PUBLIC_PHOTO' : 'PUBLIC', false)
    ),
  ]
  return v2({ total_count: list.length, avatar_group_list: list })
}

/** v3 does not say what a group consists of. Its looks do. */
function photoGroups(looks: readonly unknown[]): (group: unknown) => boolean {
  const ids = new Set(looks.filter(isPhoto).map((look) => textOf(look, '/group_id')))
  return (group) => ids.has(textOf(group, '/id'))
}

/** Old clients tell their own groups by a train_status. */
function groupView(group: unknown, type: string, isOwn: boolean): unknown {
  const preview = orNull(group, '/preview_image_url')
  return {
    id: orNull(group, '/id'),
    name: orNull(group, '/name'),
    created_at: orNull(group, '/created_at'),
    num_looks: orNull(group, '/looks_count'),
    preview_image_url: preview,
    preview_image: preview,
    group_type: type,
    train_status: isOwn ? trainStatus(textOf(group, '/status')) : null,
    default_voice_id: orNull(group, '/default_voice_id'),
  }
}

/** A look has no creation time of its own. Its group's stands in for it. */
async function avatarsOfGroup(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'group_id', call.params['group_id'])
  const looks = await call.readAll({
    path: '/v3/avatars/looks',
    query: { group_id: decodeURIComponent(id) },
    limit: LIMIT,
    what: 'avatars',
  })
  const group = looks.some(isPhoto)
    ? await call.tryAsk({ method: 'GET', path: `/v3/avatars/${id}` })
    : undefined
  const createdAt = group && group.status < 300 ? orNull(group.body, '/data/created_at') : null
  const list = looks.map((look) => (isPhoto(look) ? photoView(look, createdAt) : bothView(look)))
  return v2({ avatar_list: list })
}

/** Some clients read `id` and `name` here, others `avatar_id` and `avatar_name`. */
function bothView(look: unknown): unknown {
  return { ...videoView(look), id: orNull(look, '/id'), name: orNull(look, '/name') }
}

async function talkingPhotos(call: LegacyCall): Promise<unknown> {
  const looks = await call.readAll({
    path: '/v3/avatars/looks',
    query: { avatar_type: 'photo_avatar', ownership: 'private' },
    limit: LIMIT,
    what: 'talking photos',
  })
  const data = looks.map((look) => ({
    id: orNull(look, '/id'),
    image_url: orNull(look, '/preview_image_url'),
    circle_image: '',
  }))
  return { code: 100, data }
}

/** The inner members of this answer are not documented. These names are a reconstruction. */
async function avatarsWithStates(call: LegacyCall): Promise<unknown> {
  const list = [...(await groupsOf(call, 'private')), ...(await groupsOf(call, 'public'))]
  const looks = await allLooks(call)
  const statesOf = Map.groupBy(looks, (look) => textOf(look, '/group_id'))
  const shown = list.map((group) => ({
    avatar_id: orNull(group, '/id'),
    name: orNull(group, '/name'),
    avatar_states: (statesOf.get(textOf(group, '/id')) ?? []).map(stateView),
  }))
  return v1({ avatars: shown }, 'success')
}

function stateView(look: unknown): unknown {
  return {
    id: orNull(look, '/id'),
    name: orNull(look, '/name'),
    gender: orNull(look, '/gender'),
    normal_preview: orNull(look, '/preview_image_url'),
    video_url: orNull(look, '/preview_video_url'),
  }
}

function videoView(look: unknown): object {
  const tags = orNull(look, '/tags')
  return {
    avatar_id: orNull(look, '/id'),
    avatar_name: orNull(look, '/name'),
    gender: orNull(look, '/gender'),
    preview_image_url: orNull(look, '/preview_image_url'),
    preview_video_url: orNull(look, '/preview_video_url'),
    premium: PREMIUM,
    type: null,
    tags: Array.isArray(tags) && tags.length > 0 ? tags : null,
    default_voice_id: orNull(look, '/default_voice_id'),
  }
}

/** Own looks first. The public ones are read before them: own lists of many pages would leave no questions for those. */
async function allLooks(call: LegacyCall): Promise<unknown[]> {
  const shared = await looksOf(call, 'public')
  return [...(await looksOf(call, 'private')), ...shared]
}

function looksOf(call: LegacyCall, ownership: Ownership, what = 'avatars'): Promise<unknown[]> {
  return listOf(call, '/v3/avatars/looks', ownership, what)
}

function groupsOf(call: LegacyCall, ownership: Ownership): Promise<unknown[]> {
  return listOf(call, '/v3/avatars', ownership, 'groups')
}

function listOf(
  call: LegacyCall,
  path: string,
  ownership: Ownership,
  what: string
): Promise<unknown[]> {
  return call.readAll({
    path,
    query: { ownership },
    limit: LIMIT,
    what,
    ...(ownership === 'public' ? { isPublic: true as const } : {}),
  })
}

const NOT_UPSCALABLE = { available: false, reason: '' }

export function isPhoto(look: unknown): boolean {
  return textOf(look, '/avatar_type') === 'photo_avatar'
}

/** A photo avatar. v3 knows no motion, no upscaling and no sound effect of it, and not whether it was generated. */
export function photoView(
  look: unknown,
  createdAt: unknown,
  businessType: 'uploaded' | 'generated' = 'uploaded'
): unknown {
  return {
    id: orNull(look, '/id'),
    image_url: orNull(look, '/preview_image_url'),
    created_at: createdAt,
    name: orNull(look, '/name'),
    status: photoStatus(look),
    group_id: orNull(look, '/group_id'),
    is_motion: false,
    motion_preview_url: null,
    business_type: businessType,
    upscale_availability: NOT_UPSCALABLE,
    upscaled: false,
    background_sound_effect: null,
    default_voice_id: orNull(look, '/default_voice_id'),
  }
}

/** Only an account's own looks have a status. A look without a picture is not done yet. */
export function photoStatus(look: unknown): string {
  const status = textOf(look, '/status') ?? 'completed'
  if (status === 'failed') return 'failed'
  const isDone = status === 'completed' && textOf(look, '/preview_image_url') !== undefined
  return isDone ? 'completed' : 'pending'
}

const TRAININGS: Readonly<Record<string, string>> = {
  processing: 'training',
  pending_consent: 'pending',
  completed: 'ready',
  failed: 'error',
}

/** v3 trains a group by itself. Words that are not known mean that it goes on. */
export function trainStatus(status: string | undefined): string {
  return status === undefined ? 'ready' : (TRAININGS[status] ?? 'training')
}
