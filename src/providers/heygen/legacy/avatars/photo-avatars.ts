/**
 * Older calls about photo avatars. v3 makes a look at once, where the older API first made pictures, then a group of them, then
 * trained it. HeyGen's price list has one dollar for each look (reference/news-2026-11.md section 1).
 */
import { RefusedByNewer } from '#domain/legacy/refused.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { LegacyCall, NewerAnswer } from '#providers/contract/provider.ts'
import { photoStatus, photoView, trainStatus } from './avatar-lists.ts'
import { assetId, isKey, keyOfLook, lookIn } from '#providers/heygen/uploads/asset-id.ts'
import { findLook, isMissing, looksOfGroup } from './avatars.ts'
import {
  invalid,
  orNull,
  PICTURES,
  segment,
  textOf,
  v2,
} from '#providers/heygen/legacy/shared/words.ts'

const LOOKS = '/v3/avatars/looks'
const CREATE = { method: 'POST', path: '/v3/avatars' } as const
const PROMPT_CHARS_MAX = 1000
const KEYS_MAX = 4
const LOOKS_A_PAGE = 50
const RETRY_SECONDS = 30

export const PHOTO_AVATARS = {
  'POST /v2/photo_avatar/photo/generate': { carry: generatePhoto },
  'POST /v2/photo_avatar/look/generate': { carry: generateLook },
  'GET /v2/photo_avatar/generation/{generation_id}': { carry: generation },
  'POST /v2/photo_avatar/avatar_group/create': { carry: createGroup },
  'POST /v2/photo_avatar/avatar_group/add': { carry: addLooks },
  'POST /v2/photo_avatar/train': { carry: train },
  'GET /v2/photo_avatar/train/status/{group_id}': { carry: training },
  'GET /v2/photo_avatar/{id}': { carry: photoAvatar },
}

/** v3 makes one look, where the older call made several pictures to choose from. The look's id stands for the generation. */
async function generatePhoto(call: LegacyCall): Promise<unknown> {
  const { name, age, gender, ethnicity, pose, style, orientation, appearance } = call.body
  required(call, 'name')
  required(call, 'appearance')
  const prompt = promptOf(call, [age, gender, ethnicity], { pose, style, orientation }, appearance)
  return generate(call, { type: 'prompt', name, prompt })
}

/** Since June 2026 v3 takes the likeness from a look, and the group only says where the new look goes. */
async function generateLook(call: LegacyCall): Promise<unknown> {
  const { pose, style, orientation, prompt } = call.body
  required(call, 'prompt')
  const groupId = required(call, 'group_id')
  const query = { group_id: groupId, limit: LOOKS_A_PAGE }
  const looks = valuesAt((await call.ask({ method: 'GET', path: LOOKS, query })).body, '/data/*')
  const model = looks.find((look) => photoStatus(look) === 'completed')
  if (model === undefined) throw invalid(call, 'group_id', 'names a group without a finished look.')
  return generate(call, {
    type: 'prompt',
    name: `${textOf(model, '/name') ?? 'Photo avatar'} look`,
    prompt: promptOf(call, [], { pose, style, orientation }, prompt),
    avatar_id: textOf(model, '/id'),
    avatar_group_id: groupId,
  })
}

/** A finished look may be without its picture for a while. */
async function generation(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'generation_id', call.params['generation_id'])
  const { body } = await call.ask({ method: 'GET', path: `${LOOKS}/${id}` })
  const look = valueAt(body, '/data')
  const state = photoStatus(look)
  const isDone = state === 'completed'
  return v2({
    id: decodeURIComponent(id),
    status: isDone ? 'success' : state === 'failed' ? 'failed' : 'processing',
    msg: state === 'failed' ? orNull(look, '/error/message') : null,
    image_url_list: isDone ? [orNull(look, '/preview_image_url')] : null,
    image_key_list: isDone ? [keyOfLook(decodeURIComponent(id))] : null,
  })
}

async function createGroup(call: LegacyCall): Promise<unknown> {
  const name = required(call, 'name')
  const key = required(call, 'image_key')
  const made = await lookOfKey(call, key, textOf(call.body, '/generation_id'))
  // The picture was made by a generation, which has already made its look and its group.
  if (made !== undefined) {
    if (textOf(made, '/name') !== name) call.lose('name')
    const createdAt = await createdAtOf(call, textOf(made, '/group_id'))
    return v2(photoView(made, createdAt, 'generated'))
  }
  const answer = await makeLook(call, { name }, key)
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  return v2(viewOf(answer, name))
}

/** Each picture becomes a look, and each look costs. They are made one after the other, all on the group's account. */
async function addLooks(call: LegacyCall): Promise<unknown> {
  const name = required(call, 'name')
  const groupId = required(call, 'group_id')
  const keys = keysOf(call)
  const path = `/v3/avatars/${segment(call, 'group_id', groupId)}`
  const group = await call.ask({ method: 'GET', path })
  const made = await Promise.all(keys.map((key) => lookOfKey(call, key)))
  const isThere = (look: unknown) => textOf(look, '/group_id') === groupId
  const missing = keys.filter((_, at) => !isThere(made[at]))
  await refuseWithoutSlots(call, missing.length, group.email)
  const views: unknown[] = []
  for (const [at, key] of keys.entries()) {
    const look = made[at]
    if (isThere(look)) {
      views.push(photoView(look, orNull(group.body, '/data/created_at'), 'generated'))
      continue
    }
    const answer = await makeLook(call, { name, avatar_group_id: groupId }, key, look).catch(
      (error: unknown) => refusalIn(error, views)
    )
    if (answer && answer.status < 400) views.push(viewOf(answer, name))
    else if (answer && views.length === 0) throw new RefusedByNewer(answer)
    else {
      call.lose(`image_keys after the first ${views.length}`)
      break
    }
  }
  return v2({ photo_avatar_list: views })
}

/** Looks that were made are shown. Undefined: this one was refused, so it was not made. An unknown outcome ends the call. */
function refusalIn(error: unknown, views: readonly unknown[]): undefined {
  const isRefusal = error instanceof AppError && error.code !== 'outcome_unknown'
  if (!isRefusal || views.length === 0) throw error
}

/** Several jobs for one call: before the first is paid for, there must be a slot for each. */
async function refuseWithoutSlots(
  call: LegacyCall,
  count: number,
  email: string | undefined
): Promise<void> {
  if (count < 2 || email === undefined) return
  const { most, free } = await call.slotsOn(email)
  if (count > most) {
    const why = `start ${count} jobs at once, and account ${email} may hold no more than ${most}.`
    throw invalid(call, 'image_keys', why)
  }
  if (count <= free) return
  const message = `The call starts ${count} jobs at once, and account ${email} has ${free} free slots. Nothing was made.`
  const details = { retryAfterSeconds: RETRY_SECONDS, accountEmail: email, field: 'image_keys' }
  throw new AppError('slots_full', message, details)
}

/** v3 trains a group by itself, so there is nothing to ask for and nothing to pay. */
async function train(call: LegacyCall): Promise<unknown> {
  required(call, 'group_id')
  return v2(null)
}

/** A group that waits for its owner's consent was seen to answer 404, although its looks are there. */
async function training(call: LegacyCall): Promise<unknown> {
  const id = segment(call, 'group_id', call.params['group_id'])
  const answer = await call.tryAsk({ method: 'GET', path: `/v3/avatars/${id}` })
  if (isMissing(answer) && (await looksOfGroup(call, decodeURIComponent(id))).length > 0) {
    return v2({ status: 'pending', error_msg: null, created_at: null, updated_at: null })
  }
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  const group = valueAt(answer.body, '/data')
  const createdAt = orNull(group, '/created_at')
  return v2({
    status: trainStatus(textOf(group, '/status')),
    error_msg: orNull(group, '/error/message'),
    created_at: createdAt,
    updated_at: createdAt,
  })
}

async function photoAvatar(call: LegacyCall): Promise<unknown> {
  const look = await findLook(call, 'id', call.params['id'])
  return v2(photoView(look, await createdAtOf(call, textOf(look, '/group_id'))))
}

/** A look has no creation time of its own. Its group's stands in for it. */
async function createdAtOf(call: LegacyCall, groupId: string | undefined): Promise<unknown> {
  if (groupId === undefined) return null
  const path = `/v3/avatars/${encodeURIComponent(groupId)}`
  const at = await call.remember(`group's time ${groupId}`, async () => {
    const { body } = await call.tryAsk({ method: 'GET', path })
    return valueAt(body, '/data/created_at')
  })
  return at ?? null
}

/** A look out of a picture: of the asset that the key names, else of the picture at HeyGen's address for keys. */
async function makeLook(
  call: LegacyCall,
  more: { name: string; avatar_group_id?: string },
  key: string,
  look?: unknown
): Promise<NewerAnswer> {
  const groupId = more.avatar_group_id
  const make = (file: object) =>
    call.tryAsk({
      ...CREATE,
      body: { type: 'photo', ...more, file },
      reply: { speaks: 'photo_avatar_train', ...(groupId === undefined ? {} : { about: groupId }) },
    })
  const picture = textOf(look, '/preview_image_url') ?? `${PICTURES}${key}`
  const asset = look === undefined ? assetIn(key) : undefined
  if (asset === undefined) return make({ type: 'url', url: picture })
  const answer = await make({ type: 'asset_id', asset_id: asset })
  const isUnknown =
    answer.status === 404 && textAt(answer.body, '/error/code') === 'asset_not_found'
  return isUnknown ? make({ type: 'url', url: picture }) : answer
}

/** `name`: the client's. The answer to a repeat may lack it. */
function viewOf({ body }: NewerAnswer, name: string): unknown {
  const look = { name, ...membersOf(valueAt(body, '/data/avatar_item')) }
  return photoView(look, orNull(body, '/data/avatar_group/created_at'))
}

function membersOf(look: unknown): object {
  return typeof look === 'object' && look !== null ? look : {}
}

/** The upload that the key names. HeyGen's older uploads and the gateway's have the same form. */
function assetIn(key: string): string | undefined {
  return isKey(key) && lookIn(key) === undefined ? assetId(key) : undefined
}

/** The look that a generation made, if the key or the generation is one. */
async function lookOfKey(call: LegacyCall, key: string, generationId?: string): Promise<unknown> {
  const id = generationId ?? lookIn(key)
  if (id === undefined) return undefined
  const path = `${LOOKS}/${segment(call, 'image_key', id)}`
  const answer = await call.tryAsk({ method: 'GET', path })
  if (isMissing(answer)) return undefined
  if (answer.status >= 400) throw new RefusedByNewer(answer)
  return valueAt(answer.body, '/data')
}

const KEY = /^[\w-]+(\/[\w.-]+)+$/

function keysOf(call: LegacyCall): string[] {
  const keys = valuesAt(call.body, '/image_keys/*')
  if (keys.length === 0) throw invalid(call, 'image_keys', 'is required.')
  if (keys.length > KEYS_MAX) throw invalid(call, 'image_keys', `has more than ${KEYS_MAX} keys.`)
  return keys.map((key) => checkedKey(call, 'image_keys', key))
}

function checkedKey(call: LegacyCall, field: string, key: unknown): string {
  const isKey = typeof key === 'string' && KEY.test(key) && !key.includes('..')
  if (!isKey) throw invalid(call, field, 'is not a key.')
  return key
}

function required(call: LegacyCall, field: string): string {
  const text = textOf(call.body, `/${field}`)
  if (text === undefined || text === '') throw invalid(call, field, 'is required.')
  return field === 'image_key' ? checkedKey(call, field, text) : text
}

function callbackOf(call: LegacyCall): string | undefined {
  return textOf(call.body, '/callback_url') || undefined
}

/**
 * In words alone. HeyGen's schema of September 2026 has `aspect_ratio` for prompts, its command line of July refuses it, and
 * finding out costs a call.
 */
const ORIENTATIONS: Readonly<Record<string, string>> = {
  square: 'square picture (1:1)',
  horizontal: 'landscape picture (16:9)',
  vertical: 'portrait picture (9:16)',
}

async function generate(call: LegacyCall, body: Record<string, unknown>): Promise<unknown> {
  const reply = { url: callbackOf(call), speaks: 'photo_avatar_generation' }
  const answer = await call.ask({ ...CREATE, body, reply })
  return v2({ generation_id: orNull(answer.body, '/data/avatar_item/id') })
}

/** What v3 has no members for is written into the prompt. The client's own text comes last, so only its end can be cut off. */
function promptOf(
  call: LegacyCall,
  person: readonly unknown[],
  { pose, style, orientation }: Record<'pose' | 'style' | 'orientation', unknown>,
  text: unknown
): string {
  const words = [
    ...person,
    typeof pose === 'string' ? pose.replaceAll('_', ' ') : undefined,
    isSaid(style) ? `${style} style` : undefined,
    typeof orientation === 'string' ? ORIENTATIONS[orientation] : undefined,
  ].filter(isSaid)
  const prompt = [words.join(', '), text].filter(isSaid).join('. ')
  if (prompt.length > PROMPT_CHARS_MAX) call.lose('end of the prompt')
  return prompt.slice(0, PROMPT_CHARS_MAX)
}

function isSaid(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value !== 'Unspecified'
}
