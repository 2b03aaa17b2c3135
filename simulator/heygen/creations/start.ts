/** Creations that start jobs: what they start, what ids they answer, and what happens when there is no room. */
import { sendNewer } from '../../events/deliveries.ts'
import { newId } from '../../state/ids.ts'
import type { Doc, Resource } from '../../state/types.ts'
import { asText, type Call, getNamed, type Reply, reply, toDoc } from '../answers/call.ts'
import { envelopeData, fillRow, toSubject, withData } from '../answers/fill.ts'
import { activeJobs, endJob, NO_CREDIT, planJob, startJob } from '../../jobs/jobs.ts'
import { assertRoom } from './limits.ts'
import { canPay, priceOf } from '../../jobs/prices.ts'
import { addResource } from '../resources/resources.ts'
import { type Begin, SHAPES } from './start-shapes.ts'
import { runSync } from './synchronous.ts'

/** A creation whose job has no status row anywhere: it is over when its answer goes out. */
const WITHOUT_STATUS = new Set([
  'POST /v2/photo_avatar/add_sound_effect',
  'POST /v1/personalized_video/add_contact',
])

const TYPES: [RegExp, string][] = [
  [/\/batches$/, 'batch'],
  [/video_translate\/proofread$|proofreads$/, 'proofread'],
  [/video_translate|video-translations/, 'translation'],
  [/photo\/generate$|look\/generate$/, 'photo-generation'],
  [/\/models\/videos$/, 'model-video'],
  [/\/models\/images$/, 'image-generation'],
  [/add_motion$|upscale$|\/v2\/video_avatar$|\/v3\/avatars(\/looks)?$/, 'avatar'],
  [/train$/, 'training'],
  [/\/v1\/workflows/, 'workflow-execution'],
  [/ai-clipping/, 'ai-clipping'],
  [/background-removals/, 'background-removal'],
  [/lipsyncs/, 'lipsync'],
  [/\/v3\/video-agents$/, 'agent-session'],
  [/\/v3\/video-agents\//, 'agent-run'],
  [/voices/, 'voice'],
  [/renders/, 'render'],
  [/filler-word/, 'filler-word-removal'],
  [/podcasts/, 'podcast'],
  [/workflow-runs/, 'workflow-run'],
  [/comparisons/, 'comparison'],
  [/\/clips$/, 'clip-job'],
]

export function jobType(path: string): string {
  return TYPES.find(([pattern]) => pattern.test(path))?.[1] ?? 'video'
}

export async function startJobs(call: Call): Promise<Reply> {
  if (WITHOUT_STATUS.has(call.name)) return startWithoutStatus(call)
  const type = jobType(call.row.path)
  const doc = toDoc(call.body)
  const languages = call.name === LOOKS ? looksOf(call) : toLanguages(call, type)
  assertRoom(call, type, languages.length)
  const shape = SHAPES[call.name]
  const creation = newId('creation')
  const started = languages.map((language) => {
    const start = beginJob(
      call,
      creation,
      type,
      language ? { ...doc, output_language: language } : doc
    )
    return shape ? shape(call, start) : start()
  })
  const answered = reply(call, answer(call, type, started, languages.length > 1))
  if (Math.random() < call.state.settings.earlyRate) await endEarly(call, creation)
  return answered
}

/** The answer is still on its way when the end is told. What waits for a place, or is ended only by hand, goes on. */
async function endEarly({ state, account, text }: Call, creation: string): Promise<void> {
  const seq = state.nextSeq()
  for (const job of activeJobs(state, account)) {
    const isMeant = job.creation === creation && job.status === 'running'
    if (isMeant && !text.includes('[hold]')) endJob(state, job)
  }
  await sendNewer(state, seq)
}

function beginJob(call: Call, creation: string, type: string, doc: Doc): Begin {
  return (what = {}) => {
    const thing = what.type ?? type
    const id = what.id ?? what.freshId ?? newId(thing)
    // A session is asked again and again, so its later jobs have ids of their own.
    const jobId = what.id ? newId('job') : id
    const { state, account } = call
    const plan = planJob(state, account, { type, path: call.row.path, text: call.text })
    const price = priceOf(call.text)
    const isBroke = !canPay(account, price)
    const allDoc = { ...doc, ...what.doc }
    startJob(state, account, {
      id: jobId,
      creation,
      type,
      row: call.name,
      ...plan,
      price,
      // Older families take the job and let it fail when it is looked at.
      ...(isBroke ? { outcome: 'failed', failure: NO_CREDIT } : {}),
      callbackId: asText(call.body.callback_id) ?? null,
      callbackUrl: asText(call.body.callback_url) ?? null,
      doc: { ...allDoc, entityId: id, origin: call.origin },
    })
    return addResource(state, account.email, {
      type: thing,
      id,
      form: what.form ?? '',
      doc: allDoc,
      jobId,
    })
  }
}

function answer(call: Call, type: string, started: Resource[], isMany: boolean): unknown {
  const example = call.row.responseExample
  const data = envelopeData(example)
  const [first] = started
  if (!first || data === null) return example
  const filled = fillRow(data, toSubject(call.state, first, call.row, call.origin)) as Doc
  const ids = started.map((each) => each.id)
  if (type === 'translation' && call.row.family === 'v3' && 'video_translation_ids' in filled) {
    filled.video_translation_ids = ids
  }
  if (type === 'translation' && 'video_translate_ids' in filled) {
    filled.video_translate_ids = isMany ? ids : null
  }
  if (type === 'proofread' && 'proofread_ids' in filled) {
    filled.proofread_ids = isMany || call.row.family === 'v3' ? ids : null
  }
  if (call.name === LOOKS) filled.looks = ids.map((id) => ({ id }))
  return withData(example, Object.assign(filled, first.doc.answer))
}

const LOOKS = 'POST /v3/avatars/looks'

/** As many looks as the pack has; two of a template. */
function looksOf(call: Call): undefined[] {
  const pack = getNamed(call, '/template_id')
  const count = call.body.type === 'template' ? 2 : Number(pack.doc.looks_count ?? 2)
  return Array.from({ length: count }, () => undefined)
}

/** One job for each language of a translation or proofread. */
function toLanguages(call: Call, type: string): (string | undefined)[] {
  if (type !== 'translation' && type !== 'proofread') return [undefined]
  const { output_languages: many, output_language: one } = call.body
  if (Array.isArray(many) && many.length > 0) return many.map(String)
  return [asText(one)]
}

function startWithoutStatus(call: Call): Promise<Reply> {
  assertRoom(call, 'instant', 1)
  return runSync(call, () => {
    const example = call.row.responseExample
    const data = envelopeData(example)
    if (data === null || data === undefined) return reply(call, example)
    const made = addResource(call.state, call.account.email, {
      type: 'sound-effect',
      doc: toDoc(call.body),
    })
    const filled = fillRow(data, toSubject(call.state, made, call.row, call.origin)) as Doc
    if ('sound_effect_id' in filled) filled.sound_effect_id = made.id
    return reply(call, withData(example, filled))
  })
}
