/** Creations that start jobs: what they start, and which ids they answer. */
import { sendNewer } from '../../events/deliveries.ts'
import { activeJobs } from '../../jobs/counts.ts'
import { endJob, startJob } from '../../jobs/jobs.ts'
import { NO_CREDIT } from '../../jobs/outcomes.ts'
import { planJob } from '../../jobs/plan.ts'
import { canPay, priceOf } from '../../jobs/prices.ts'
import { newId } from '../../state/ids.ts'
import { happens } from '../../state/random.ts'
import type { Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { asText, type Call, getNamed, type Reply, reply, toDoc } from '../answers/call.ts'
import { envelopeData, fillData, withData } from '../answers/fill.ts'
import { billCall } from '../bill/paid.ts'
import { addResource } from '../resources/resources.ts'
import { assertRoom } from './limits.ts'
import { type Begin, SHAPES } from './start-shapes.ts'
import { runSync } from './synchronous.ts'
import { assertVideoRules } from './video-rules.ts'

/** Creations whose job no row can read. They have ended when they are answered. */
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

function jobType(path: string): string {
  return TYPES.find(([pattern]) => pattern.test(path))?.[1] ?? 'video'
}

export async function startJobs(call: Call): Promise<Reply> {
  if (WITHOUT_STATUS.has(call.name)) return startWithoutStatus(call)
  if (call.body.validate_only === true) return reply(call, withData(call.row.responseExample, null))
  const type = jobType(call.row.path)
  const doc = toDoc(call.body)
  const languages = call.name === LOOKS ? looksOf(call) : toLanguages(call, type)
  assertVideoRules(call)
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
  const jobIds = started.map((each) => each.jobId ?? each.id)
  billCall(call, jobIds)
  const answered = reply(call, answer(call, type, started, languages.length > 1))
  if (happens(call.state.settings.earlyRate)) await endEarly(call, creation)
  return answered
}

/** The webhooks go out before the answer. Queued jobs and jobs with `[hold]` go on. */
async function endEarly({ state, account, text }: Call, creation: string): Promise<void> {
  const seq = state.nextSeq()
  for (const job of activeJobs(state, account)) {
    const isRunning = job.creation === creation && job.status === 'running'
    if (isRunning && !text.includes('[hold]')) endJob(state, job)
  }
  await sendNewer(state, seq)
}

function beginJob(call: Call, creation: string, type: string, doc: Doc): Begin {
  return (what = {}) => {
    const resourceType = what.type ?? type
    const id = what.id ?? what.newId ?? newId(resourceType)
    // A resource that exists may have had a job already, so this one gets an id of its own.
    const jobId = what.id ? newId('job') : id
    const { state, account } = call
    const plan = planJob(state, account, { type, path: call.row.path, text: call.text })
    const price = priceOf(call.text)
    const lacksCredit = !canPay(account, price)
    const allDoc = { ...doc, ...what.doc }
    startJob(state, account, {
      id: jobId,
      creation,
      type,
      row: call.name,
      ...plan,
      price,
      // Older families accept the creation, and the job fails.
      ...(lacksCredit ? { outcome: 'failed', failure: NO_CREDIT } : {}),
      callbackId: asText(call.body.callback_id) ?? null,
      callbackUrl: asText(call.body.callback_url) ?? null,
      doc: { ...allDoc, entityId: id, origin: call.site.origin },
    })
    return addResource(state, account.email, {
      type: resourceType,
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
  const filled = fillData(call, first)
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

/** A look pack makes as many looks as it has, a template two. */
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
  billCall(call, [null])
  return runSync(call, () => {
    const example = call.row.responseExample
    const data = envelopeData(example)
    if (data === null || data === undefined) return reply(call, example)
    const made = addResource(call.state, call.account.email, {
      type: 'sound-effect',
      doc: toDoc(call.body),
    })
    const filled = fillData(call, made)
    if ('sound_effect_id' in filled) filled.sound_effect_id = made.id
    return reply(call, withData(example, filled))
  })
}
