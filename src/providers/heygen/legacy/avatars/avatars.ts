/** Older calls about single avatars: details, video avatars, deletions. */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import { found } from '#providers/heygen/legacy/shared/engine.ts'
import { isPhoto, photoStatus } from './avatar-lists.ts'
import {
  invalid,
  orNull,
  present,
  segment,
  textOf,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

const LOOKS = '/v3/avatars/looks'
const LOOKS_A_PAGE = 50

export const AVATARS = {
  'GET /v2/avatar/{avatar_id}/details': { carry: details },
  'POST /v2/video_avatar': { carry: createVideoAvatar },
  'GET /v2/video_avatar/{avatar_id}': { carry: videoAvatar },
  'DELETE /v2/photo_avatar/{avatar_id}': { carry: deleteLook },
  'DELETE /v2/video_avatar/{avatar_id}': { carry: deleteLook },
  'DELETE /v2/photo_avatar_group/{group_id}': { carry: deleteGroup },
  'DELETE /v2/avatar_group/{group_id}': { carry: deleteGroup },
  'DELETE /v2/talking_photo/{talking_photo_id}': { carry: deleteTalkingPhoto },
}

/** Only an account's own looks have a status. */
async function details(call: LegacyCall): Promise<unknown> {
  const look = await findLook(call, 'avatar_id', call.params['avatar_id'])
  return v2({
    type: isPhoto(look) ? 'talking_photo' : 'avatar',
    id: orNull(look, '/id'),
    name: orNull(look, '/name'),
    gender: orNull(look, '/gender'),
    preview_image_url: orNull(look, '/preview_image_url'),
    preview_video_url: orNull(look, '/preview_video_url'),
    premium: false,
    is_public: orNull(look, '/status') === null,
    default_voice_id: orNull(look, '/default_voice_id'),
    tags: orNull(look, '/tags'),
  })
}

/**
 * A creation, which costs, and then the consent. If the consent is refused, the avatar stays and waits for it: it was paid for, and
 * its owner can consent in HeyGen.
 */
async function createVideoAvatar(call: LegacyCall): Promise<unknown> {
  const { body } = call
  const urlOf = (field: string) => {
    const url = textOf(body, `/${field}`)
    if (!url) throw invalid(call, field, 'is required.')
    return { type: 'url', url }
  }
  const file = urlOf('training_footage_url')
  const consent = urlOf('video_consent_url')
  const name = textOf(body, '/avatar_name')
  if (!name) throw invalid(call, 'avatar_name', 'is required.')
  const avatar_group_id = body['avatar_group_id']
  const made = await call.ask({
    method: 'POST',
    path: '/v3/avatars',
    body: present({ type: 'digital_twin', name, file, avatar_group_id }),
    reply: {
      speaks: 'instant_avatar',
      url: textOf(body, '/callback_url') || undefined,
      callbackId: textOf(body, '/callback_id') || undefined,
    },
  })
  const groupId = textOf(made.body, '/data/avatar_group/id')
  if (groupId === undefined || !(await consents(call, groupId, consent, made.email))) {
    call.lose('video_consent_url')
  }
  return v2({
    avatar_id: orNull(made.body, '/data/avatar_item/id'),
    avatar_group_id: groupId ?? null,
  })
}

async function consents(
  call: LegacyCall,
  groupId: string,
  consent_video: object,
  email: string | undefined
): Promise<boolean> {
  try {
    const { status } = await call.tryAsk({
      method: 'POST',
      path: `/v3/avatars/${encodeURIComponent(groupId)}/consent`,
      body: { consent_video },
      ...(email === undefined ? {} : { email }),
    })
    return status < 400
  } catch (error) {
    if (error instanceof AppError) return false
    throw error
  }
}

async function videoAvatar(call: LegacyCall): Promise<unknown> {
  const look = await findLook(call, 'avatar_id', call.params['avatar_id'])
  const status = textOf(look, '/status') ?? 'completed'
  const isOver = status === 'completed' || status === 'failed'
  return v2({
    avatar_id: orNull(look, '/id'),
    avatar_group_id: orNull(look, '/group_id'),
    status: isOver ? status : 'in_progress',
    preview_image_url: orNull(look, '/preview_image_url'),
    preview_video_url: orNull(look, '/preview_video_url'),
    default_voice_id: orNull(look, '/default_voice_id'),
    error_message: orNull(look, '/error/message'),
  })
}

/** These calls answer in the envelope of v1 when they succeed. */
const DELETED = { code: 100, data: null, msg: null, message: null }

/** v3 removes the group together with its last look. */
async function deleteLook(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'avatar_id', call.params['avatar_id'])
  await call.ask({ method: 'DELETE', path: `${LOOKS}/${id}` })
  return DELETED
}

async function deleteGroup(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'group_id', call.params['group_id'])
  await call.ask({ method: 'DELETE', path: `/v3/avatars/${id}` })
  return DELETED
}

/** A talking photo is a look, or an upload of which no look was made. */
async function deleteTalkingPhoto(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'talking_photo_id', call.params['talking_photo_id'])
  const answer = await call.tryAsk({ method: 'DELETE', path: `${LOOKS}/${id}` })
  const isDone = answer.status < 400 || (isMissing(answer) && (await deletesUpload(call, id)))
  if (!isDone) throw new RefusedByNewer(answer)
  return v2(null)
}

async function deletesUpload(call: LegacyCall, id: string): Promise<boolean> {
  return found(await call.tryAsk({ method: 'DELETE', path: `/v3/assets/${id}` }))
}

/**
 * The look with this id, else the oldest finished look of the group with this id, because older answers gave a group and its first
 * look the same id. Ends the call if there is none.
 */
export async function findLook(call: LegacyCall, field: string, given: unknown): Promise<unknown> {
  const id = segment(call, field, given)
  const answer = await call.tryAsk({ method: 'GET', path: `${LOOKS}/${id}` })
  if (answer.status < 400) return valueAt(answer.body, '/data')
  const looks = isMissing(answer) ? await looksOfGroup(call, decodeURIComponent(id)) : []
  const oldest = looks.findLast((look) => photoStatus(look) === 'completed') ?? looks.at(-1)
  if (oldest === undefined) throw new RefusedByNewer(answer)
  return oldest
}

/** Newest first. */
export async function looksOfGroup(call: LegacyCall, groupId: string): Promise<unknown[]> {
  const query = { group_id: groupId, limit: LOOKS_A_PAGE }
  const answer = await call.tryAsk({ method: 'GET', path: LOOKS, query })
  return found(answer) ? valuesAt(answer.body, '/data/*') : []
}

export function isMissing({ status }: NewerAnswer): boolean {
  return status === 404
}
