/** Elements and voices, as the task that made them shows them. */
import { mediaUrl, siteOf } from '../../answers/links.ts'
import type { State } from '../../state/state.ts'
import type { Account, Job } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { userNumber } from '../accounts/accounts.ts'
import { asDoc } from '../answers/call.ts'
import { taskDoc } from './task.ts'

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

export function toElement(state: State, job: Job, account: Account): Doc {
  const { body, made, origin } = taskDoc(job)
  const tags = Array.isArray(body.tag_list) ? body.tag_list.map(asDoc) : []
  const owned_by = userNumber(account)
  const trial_url = mediaUrl(siteOf(state, origin), `${job.id}.mp3`)
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

export function toVoice(state: State, job: Job, account: Account): Doc {
  const { body, made, origin } = taskDoc(job)
  return {
    voice_id: made?.voiceId,
    voice_name: body.voice_name ?? '',
    trial_url: mediaUrl(siteOf(state, origin), `${job.id}.mp3`),
    owned_by: userNumber(account),
  }
}
