/** Creations: refused for one of the documented reasons, or started as a task. */
import { activeJobs, inFlight } from '../../jobs/counts.ts'
import { startJob } from '../../jobs/jobs.ts'
import { planJob } from '../../jobs/plan.ts'
import { PACK_TYPES, type PackType } from '../../state/kling-account.ts'
import type { State } from '../../state/state.ts'
import type { Failure, Job, KlingAccount } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { asKling } from '../accounts/accounts.ts'
import { asDoc, asText, type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { scheduleProcessing } from '../events/callbacks.ts'
import { modelOf, packTypeOf, secondsOf, slotsOf, typeOf, unitsOf } from '../tasks/products.ts'
import { externalKey, findByExternalId, newNumber, type TaskDoc, taskDoc } from '../tasks/task.ts'
import { toCreated } from '../tasks/views.ts'

export const RISK_TEXT = 'Failure to pass the risk control system'
const GENERAL_TEXT = 'Generation failed'
const EARLY_MS = 200

export function startTask(call: Call): Doc {
  const { state, account, row, body } = call
  const options = row.family === 'new' ? asDoc(body.options) : body
  const externalId = asText(options.external_task_id) ?? null
  assertNew(call, externalId)
  const packType = packTypeOf(row.path)
  const slots = slotsOf(row.path, body)
  const units = unitsOf(row.path, body)
  assertAllowed(call, packType, units)
  assertRoom(call, packType, slots)
  const plan = planTask(call, typeOf(row.path))
  const job = beginTask(state, account, {
    path: row.path,
    row: call.name,
    origin: call.site.origin,
    body,
    externalId,
    callbackUrl: asText(options.callback_url) ?? null,
    watermark: asDoc(options.watermark_info ?? body.watermark_info).enabled === true,
    ...plan,
  })
  return succeed(toCreated(state, job, asDoc(row.responseExample.data)))
}

/** An external id stays unique in its account forever. */
function assertNew({ state, account }: Call, externalId: string | null): void {
  if (externalId === null || !findByExternalId(state, account, externalId)) return
  account.kling.refusedTwice += 1
  state.accounts.put(account)
  throw refused(1201, `External_task_id ${externalId} already exists`)
}

export function assertAllowed(call: Call, packType: PackType, units: number): void {
  const { account, row, body, text } = call
  const { refuseWith, modelsRefused, units: left, payment } = account.kling
  const marked = /\[code=(\d{4})\]/.exec(text)?.[1]
  if (marked) throw refused(Number(marked))
  if (refuseWith !== null) throw refused(refuseWith)
  if (modelsRefused.includes(modelOf(row.path, body))) throw refused(1103)
  const remaining = left[packType]
  const lacksUnits = payment === 'unit' && remaining !== null && remaining < units
  if (lacksUnits || text.includes('[nocredit]')) throw refused(1102)
}

/** Above the limit a creation is refused. Kling queues nothing. */
export function assertRoom({ state, account }: Call, packType: PackType, slots: number): void {
  const limit = limitOf(account, packType)
  if (limit === null || slotsTaken(state, account, packType) + slots <= limit) return
  account.kling.refusedFull += 1
  state.accounts.put(account)
  throw refused(1303)
}

export function limitOf(account: KlingAccount, packType: PackType): number | null {
  const own = account.kling.concurrencyByType[packType]
  return own === undefined ? account.concurrency : own
}

/** Synchronous calls take a slot of the video pack while they run [guess]. */
export function slotsTaken(state: State, account: KlingAccount, packType: PackType): number {
  const ofType = activeJobs(state, account).filter((job) => taskDoc(job).packType === packType)
  const slots = ofType.reduce((sum, job) => sum + (job.slots ?? 1), 0)
  return slots + (packType === 'video' ? (state.syncCalls.get(account.key) ?? 0) : 0)
}

type Plan = { durationMs: number | null; outcome: string; failure: Failure | null }

/** A plan of the control API may also refuse: `{outcome: 'refused', code: '1302'}`. */
function planTask(call: Call, type: string): Plan {
  const { state, account, row, text } = call
  const plan = planJob(state, account, { type, path: row.path, text })
  if (plan.outcome === 'refused') throw refused(Number(plan.failure?.code) || 1302)
  return { ...plan, failure: plan.failure && toKlingFailure(plan.failure) }
}

/** Without a message it is the one that was seen most. A failed task shows no code. */
function toKlingFailure({ code, message }: Failure): Failure {
  return { code, message: message === GENERAL_TEXT ? RISK_TEXT : message }
}

type NewTask = Plan & {
  id?: string
  path: string
  row: string
  origin: string
  body: Doc
  externalId: string | null
  callbackUrl: string | null
  watermark: boolean
}

export function beginTask(state: State, account: KlingAccount, task: NewTask): Job {
  const id = task.id ?? newNumber(state)
  const { path, body, externalId, durationMs } = task
  const packType = packTypeOf(path)
  const slots = slotsOf(path, body)
  const doc: TaskDoc = {
    origin: task.origin,
    path,
    externalId,
    packType,
    units: unitsOf(path, body),
    paidBy: account.kling.payment,
    seconds: secondsOf(body),
    count: slots,
    watermark: task.watermark,
    processingAt:
      state.now() + (durationMs === null ? EARLY_MS : Math.min(EARLY_MS, durationMs * 0.2)),
    body: keep(body),
    seq: state.nextSeq(),
    ...(typeof body.prompt === 'string' ? { title: body.prompt.slice(0, 80) } : {}),
  }
  if (externalId !== null) state.externalIds.set(externalKey(account, externalId), id)
  deduct(account, doc)
  const job = startJob(state, account, {
    id,
    creation: id,
    type: typeOf(path),
    row: task.row,
    durationMs,
    outcome: task.outcome,
    failure: task.failure,
    callbackId: externalId,
    callbackUrl: task.callbackUrl,
    doc: doc as unknown as Doc,
    slots,
  })
  recordMaxima(state, account)
  scheduleProcessing(state, account, job)
  return job
}

function deduct({ kling }: KlingAccount, doc: TaskDoc): void {
  const left = kling.units[doc.packType]
  if (doc.paidBy !== 'unit' || left === null) return
  doc.deductedFrom = left
  kling.units[doc.packType] = left - doc.units
}

/** Called after the new task is counted, so that the maximum includes it. */
export function recordMaxima(state: State, account: KlingAccount): void {
  const facts = asKling(account)?.kling
  if (!facts) return
  for (const type of PACK_TYPES)
    facts.maxByType[type] = Math.max(facts.maxByType[type], slotsTaken(state, account, type))
  const tasks = activeJobs(state, account).length + (state.syncCalls.get(account.key) ?? 0)
  facts.maxTasks = Math.max(facts.maxTasks, tasks)
  account.maxInFlight = Math.max(account.maxInFlight, inFlight(state, account))
  state.accounts.put(account)
}

const KEPT = [
  'prompt',
  'duration',
  'settings',
  'mode',
  'model_name',
  'video_id',
  'video_url',
  'session_id',
  'result_type',
  'element_name',
  'element_description',
  'reference_type',
  'element_image_list',
  'element_video_list',
  'element_voice_id',
  'tag_list',
  'voice_name',
]
const KEPT_CHARACTERS = 4000

/** Long values, such as pictures in base64, are not kept. */
function keep(body: Doc): Doc {
  const small = (value: unknown): boolean =>
    value !== undefined && value !== '' && JSON.stringify(value).length < KEPT_CHARACTERS
  return Object.fromEntries(
    KEPT.filter((name) => small(body[name])).map((name) => [name, body[name]])
  )
}
