/** Elements and voices: what an account makes of its own, and what the provider has for all. */
import { mediaUrl } from '../../heygen/answers/fill.ts'
import type { State } from '../../state/state.ts'
import type { Account, Doc, Job, Resource } from '../../state/types.ts'
import { type KlingAccount, userNumber } from '../accounts/accounts.ts'
import { asDoc } from '../answers/call.ts'
import { taskDoc } from '../tasks/task.ts'

/** 829836802793406551 does not fit a double; as one it would end in 600. */
export const PRESET_ELEMENT = '829836802793406551'
export const PRESET_VOICE = '829824295735410756'
const THIRTY_DAYS_MS = 30 * 86_400_000
const DAY_MS = 86_400_000

export type ThingType = 'video' | 'audio' | 'element' | 'voice' | 'session'

function thingKey(account: string, type: ThingType, id: string): string {
  return `${account} ${type} ${id}`
}

export function addThing(
  state: State,
  account: Account,
  type: ThingType,
  id: string,
  doc: Doc = {}
): Resource {
  return state.putResource({
    key: thingKey(account.key, type, id),
    account: account.key,
    type: `kling-${type}`,
    id,
    form: '',
    seq: state.nextSeq(),
    createdAt: state.now(),
    doc,
  })
}

/** Results die after 30 days, sessions after one. */
export function findThing(
  state: State,
  account: KlingAccount,
  type: ThingType,
  id: string
): Resource | undefined {
  const found = state.resources.get(thingKey(account.key, type, id))
  if (!found || found.doc.status === 'deleted') return undefined
  const age = state.now() - found.createdAt
  if (type === 'session') return age < DAY_MS ? found : undefined
  const isMedia = type === 'video' || type === 'audio'
  return isMedia && age > THIRTY_DAYS_MS ? undefined : found
}

export function isPreset(type: ThingType, id: string): boolean {
  return id === (type === 'element' ? PRESET_ELEMENT : type === 'voice' ? PRESET_VOICE : undefined)
}

const TAGS: Record<string, string> = {
  o_101: 'Hottest',
  o_102: 'Character',
  o_103: 'Animal',
  o_104: 'Item',
  o_105: 'Costume',
  o_106: 'Scene',
  o_107: 'Effect',
  o_108: 'Others',
}

export function toElement(job: Job, account: Account): Doc {
  const { body, made, origin } = taskDoc(job)
  const tags = Array.isArray(body.tag_list) ? body.tag_list.map(asDoc) : []
  const owned_by = userNumber(account)
  const trial_url = mediaUrl(origin, `${job.id}.mp3`)
  return {
    element_id: made?.elementId,
    element_name: body.element_name ?? '',
    element_description: body.element_description ?? '',
    reference_type: body.reference_type ?? 'image_refer',
    element_image_list: body.element_image_list ?? {},
    element_video_list: body.element_video_list ?? {},
    element_voice_info: body.element_voice_id
      ? { voice_id: body.element_voice_id, voice_name: 'v', trial_url, owned_by }
      : {},
    tag_list: tags.map(({ tag_id: id }) => ({ id, name: TAGS[String(id)] ?? '', description: '' })),
    owned_by,
    status: job.doc.deleted ? 'deleted' : 'succeed',
  }
}

export function toVoice(job: Job, account: Account): Doc {
  const { body, made, origin } = taskDoc(job)
  return {
    voice_id: made?.voiceId,
    voice_name: body.voice_name ?? '',
    trial_url: mediaUrl(origin, `${job.id}.mp3`),
    owned_by: userNumber(account),
  }
}
