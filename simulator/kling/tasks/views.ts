/** Tasks as Kling's two designs (v1 and the new one) show them. Both show tasks of either. */
import { mediaUrl, type Site, siteOf } from '../../answers/links.ts'
import type { State } from '../../state/state.ts'
import type { Account, Job } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { userNumber } from '../accounts/accounts.ts'
import { asDoc } from '../answers/call.ts'
import { taskExample } from '../catalogue/catalogue.ts'
import { toElement, toVoice } from './elements.ts'
import { typeOf } from './products.ts'
import { phaseOf, type TaskDoc, taskDoc, updatedAt } from './task.ts'

/** The answer to a creation. A model in the path means the new design. */
export function toCreated(state: State, job: Job, example: Doc): Doc {
  const { externalId } = taskDoc(job)
  const [created_at, updated_at] = [job.createdAt, updatedAt(state, job)]
  if ('id' in example) {
    const facts = { status: 'submitted', create_time: created_at, update_time: updated_at }
    return { id: job.id, ...facts, ...(externalId ? { external_id: externalId } : {}) }
  }
  return {
    task_id: job.id,
    task_status: 'submitted',
    ...('task_info' in example
      ? { task_info: externalId ? { external_task_id: externalId } : {} }
      : {}),
    created_at,
    updated_at,
  }
}

const V1_WORDS = {
  submitted: 'submitted',
  processing: 'processing',
  done: 'succeed',
  failed: 'failed',
}

/** Only a finished task has results and deductions [guess]. A failed one was seen without. */
export function toV1(state: State, job: Job): Doc {
  const phase = phaseOf(state, job)
  const doc = taskDoc(job)
  const example = taskExample(doc.path)
  const account = state.accounts.get(job.account)
  const head = {
    task_id: job.id,
    task_status: V1_WORDS[phase],
    task_status_msg: job.failure?.message ?? '',
    task_info: toTaskInfo(state, doc, asDoc(example.task_info)),
  }
  const times = { created_at: job.createdAt, updated_at: updatedAt(state, job) }
  if (phase !== 'done' || !account) return { ...head, ...times }
  return {
    ...head,
    task_result: toResult(state, job, account, asDoc(example.task_result)),
    ...('watermark_info' in example ? { watermark_info: { enabled: doc.watermark } } : {}),
    final_unit_deduction: String(doc.paidBy === 'unit' ? doc.units : 0),
    final_balance_deduction: doc.paidBy === 'cash' ? toCash(doc) : { quota: '0', list_price: '0' },
    ...times,
  }
}

export function toCash({ units }: TaskDoc): { quota: string; list_price: string } {
  const dollars = String(Math.round(units * 0.14 * 100) / 100)
  return { quota: dollars, list_price: dollars }
}

function toTaskInfo(state: State, { externalId, body, origin }: TaskDoc, example: Doc): Doc {
  const parent = {
    id: String(body.video_id ?? ''),
    url: parentUrl(body, siteOf(state, origin)),
    duration: '5.1',
  }
  return {
    ...('parent_video' in example ? { parent_video: parent } : {}),
    ...(externalId ? { external_task_id: externalId } : {}),
  }
}

function parentUrl(body: Doc, site: Site): string {
  return typeof body.video_url === 'string'
    ? body.video_url
    : mediaUrl(site, `${String(body.video_id)}.mp4`)
}

/** The kinds of results, and the members of each, are those of the row's example. */
function toResult(state: State, job: Job, account: Account, example: Doc): Doc {
  const doc = taskDoc(job)
  const isSeries = doc.body.result_type === 'series'
  const pictures = Array.from({ length: doc.count }, (_, index) => index)
  const itemOf = (name: string): Doc => asDoc((example[name] as unknown[])[0])
  const makers: Record<string, () => unknown> = {
    videos: () => [toVideo(state, job, itemOf('videos'))],
    audios: () => [toAudio(state, job)],
    images: () =>
      isSeries ? [] : pictures.map((index) => toImage(state, job, index, itemOf('images'))),
    series_images: () =>
      isSeries ? pictures.map((index) => toImage(state, job, index, itemOf('images'))) : [],
    elements: () => [toElement(state, job, account)],
    voices: () => [toVoice(state, job, account)],
    result_type: () => (isSeries ? 'series' : 'single'),
  }
  return Object.fromEntries(Object.keys(example).map((name) => [name, makers[name]?.()]))
}

function toVideo(state: State, job: Job, example: Doc): Doc {
  const { made, origin, watermark, seconds, body } = taskDoc(job)
  const site = siteOf(state, origin)
  const url = mediaUrl(site, `${job.id}-0_raw_video_1.mp4`)
  const marked = watermark ? mediaUrl(site, `${job.id}-0_watermark_1.mp4`) : ''
  const all: Doc = {
    id: made?.videoId,
    session_id: body.session_id,
    url,
    watermark_url: marked,
    duration: `${seconds}.041`,
  }
  return Object.fromEntries(Object.keys(example).map((name) => [name, all[name]]))
}

function toImage(state: State, job: Job, index: number, example: Doc): Doc {
  const { origin, watermark } = taskDoc(job)
  const site = siteOf(state, origin)
  const link = (mark: string): string => mediaUrl(site, `${job.id}-${index}_${mark}.png`)
  const memberOf = (name: string): unknown => {
    if (name === 'index') return index
    return name === 'watermark_url' ? (watermark ? link('watermark_0') : '') : link(`raw_${name}`)
  }
  return Object.fromEntries(Object.keys(example).map((name) => [name, memberOf(name)]))
}

function toAudio(state: State, job: Job): Doc {
  const { made, origin, seconds } = taskDoc(job)
  const site = siteOf(state, origin)
  return {
    id: made?.audioId,
    url_mp3: mediaUrl(site, `${job.id}.mp3`),
    url_wav: mediaUrl(site, `${job.id}.wav`),
    duration_mp3: `${seconds}.0`,
    duration_wav: `${seconds}.0`,
  }
}

export function toNew(state: State, job: Job): Doc {
  const phase = phaseOf(state, job)
  const doc = taskDoc(job)
  const account = state.accounts.get(job.account)
  const isDone = phase === 'done' && account !== undefined
  return {
    id: job.id,
    status: phase === 'done' ? 'succeeded' : phase,
    message: job.failure?.message ?? '',
    create_time: job.createdAt,
    update_time: updatedAt(state, job),
    ...(doc.externalId ? { external_id: doc.externalId } : {}),
    ...(isDone ? { outputs: toOutputs(state, job, account), billing: toBilling(doc) } : {}),
  }
}

function toOutputs(state: State, job: Job, account: Account): Doc[] {
  const doc = taskDoc(job)
  const type = typeOf(doc.path)
  if (type === 'image') {
    const group_id = job.id
    return Array.from({ length: doc.count }, (_, index) => {
      const { url, watermark_url } = toImage(state, job, index, { url: '', watermark_url: '' })
      return { type, url, watermark_url, group_id }
    })
  }
  if (type === 'audio') {
    const { id, url_mp3: mp3_url, url_wav: wav_url } = toAudio(state, job)
    const wav_duration = `${doc.seconds}.0`
    return [{ type, id, mp3_url, wav_url, mp3_duration: wav_duration, wav_duration }]
  }
  if (type === 'voice') {
    const { voice_id: id, voice_name: name, trial_url: url } = toVoice(state, job, account)
    return [{ type, id, name, url, owned_by: userNumber(account), status: 'succeed' }]
  }
  if (type === 'element') return [{ type, ...toElementOutput(state, job, account) }]
  return [{ type, ...toVideo(state, job, { id: '', url: '', watermark_url: '', duration: '' }) }]
}

/** The id is a string here, and a number in v1. */
function toElementOutput(state: State, job: Job, account: Account): Doc {
  const element = toElement(state, job, account)
  return {
    id: element.element_id,
    name: element.element_name,
    description: element.element_description,
    element_type: element.reference_type,
    references: [element.element_image_list],
    owned_by: element.owned_by,
    status: element.status,
    tags: element.tag_list,
  }
}

function toBilling(doc: TaskDoc): Doc[] {
  const list_price = toCash(doc).list_price
  return doc.paidBy === 'cash'
    ? [
        {
          charge_type: 'cash',
          amount: list_price,
          cash_type: 'balance',
          currency: 'USD',
          list_price,
        },
      ]
    : [{ charge_type: 'unit', amount: String(doc.units), package_type: doc.packType }]
}
