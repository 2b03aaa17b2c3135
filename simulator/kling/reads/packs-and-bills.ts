/** Packs and bills. */
import { stableHex } from '../../state/ids.ts'
import { PACK_TYPES, type PackType } from '../../state/kling-account.ts'
import type { Job, KlingAccount } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import { type Call, succeed } from '../answers/call.ts'
import { refused } from '../answers/errors.ts'
import { limitOf } from '../creations/start.ts'
import { functionOf, modelOf } from '../tasks/products.ts'
import { listTasks, phaseOf, type TaskDoc, taskDoc } from '../tasks/task.ts'
import { toCash } from '../tasks/views.ts'
import { type Filter, readLimit, readWindow, toNext } from './tasks.ts'

const UNLIMITED = 100_000
const YEAR_MS = 365 * 86_400_000
const NAMES: Record<PackType, string> = { video: 'Video', image: 'Image', try_on: 'TryOn' }

/** The documented answer has one envelope inside the other. */
export function readPacks(call: Call): Doc {
  const { account, query } = call
  for (const name of ['start_time', 'end_time'])
    if (!/^\d+$/.test(query.get(name) ?? '')) throw refused(1201, `${name} is required`)
  const wanted = query.get('resource_pack_name')
  const units = shownUnits(call)
  const packs = PACK_TYPES.map((type) => toPack(call, type, units[type])).filter(
    (pack) => !wanted || pack.resource_pack_name === wanted
  )
  // An account that pays in money has no packs.
  const list = account.kling.payment === 'cash' ? [] : packs
  return succeed({ code: 0, msg: 'success', resource_pack_subscribe_infos: list })
}

/** The remaining units that are shown are up to twelve hours old. */
function shownUnits({ state, account }: Call): Record<PackType, number | null> {
  const { kling } = account
  if (!kling.told || state.now() - kling.told.at >= kling.unitsLagMs) {
    kling.told = { at: state.now(), units: { ...kling.units } }
    state.accounts.put(account)
  }
  return kling.told.units
}

/** Trial packs carry units and concurrency in their name. */
function toPack({ account }: Call, type: PackType, left: number | null) {
  const remaining = left ?? UNLIMITED
  const total = Math.max(left === null ? UNLIMITED : 100, remaining)
  const limit = limitOf(account, type)
  const concurrency = limit === null ? '' : `-${limit}Con`
  return {
    resource_pack_name: `Sim-${NAMES[type]}-${total}Units${concurrency}-12Months`,
    resource_pack_id: packId(account, type),
    resource_pack_type: 'decreasing_total',
    total_quantity: total,
    remaining_quantity: remaining,
    purchase_time: account.createdAt,
    effective_time: account.createdAt,
    invalid_time: account.createdAt + YEAR_MS,
    status: remaining > 0 ? 'online' : 'runOut',
  }
}

function packId(account: KlingAccount, type: PackType): string {
  return stableHex(`${account.key} ${type}`)
}

/** Finished tasks that were paid with money, or with units. That only these are listed is a [guess]. */
export function readBill(call: Call): Doc {
  const { state, account, body, row } = call
  const paidBy = row.path.endsWith('balance') ? 'cash' : 'unit'
  const isTimed = body.start_time !== undefined && body.end_time !== undefined
  if (!isTimed && !body.cursor) throw refused(1201, 'start_time and end_time are required')
  const window = readWindow(call, { start: 0, end: state.now() })
  const limit = readLimit(body.limit, 500)
  const all = listTasks(state, account)
    .filter((job) => phaseOf(state, job) === 'done' && taskDoc(job).paidBy === paidBy)
    .filter((job) => isWithin(job, window.start, window.end))
    .map((job) => toDetail(account, job, paidBy))
    .filter((detail) => window.filters.every((filter) => passes(detail, filter)))
  const detail = all.slice(window.offset, window.offset + limit)
  const result = { detail, count: detail.length }
  return succeed({ result, ...toNext(window, limit, all.length) })
}

function isWithin(job: Job, start: number, end: number): boolean {
  const at = job.endedAt ?? job.createdAt
  return at >= start && at <= end
}

const FILTERS: Record<string, string> = {
  api_key_name: 'api_key_name',
  product_type: 'product_type',
  package_id: 'package_id',
}

function passes(detail: Doc, { key, values }: Filter): boolean {
  const name = FILTERS[key]
  // Package names are not members of the list; filtering by them is left out.
  if (!name) return key === 'package_name'
  return values.includes(String(detail[name]))
}

function toDetail(account: KlingAccount, job: Job, paidBy: 'cash' | 'unit'): Doc {
  const doc = taskDoc(job)
  return {
    task_id: job.id,
    api_key_name: 'prod',
    product_function: functionOf(doc.path),
    model_name: modelOf(doc.path, doc.body),
    resolution: '720p',
    duration: `${doc.seconds}.041`,
    refer_video_input: doc.body.video_url !== undefined,
    video_sound: 'off',
    voice_control: false,
    deduction_time: String(job.endedAt ?? job.createdAt),
    ...(paidBy === 'cash' ? toMoney(doc) : toUnits(account, doc)),
  }
}

function toMoney(doc: TaskDoc): Doc {
  const amount = Number(toCash(doc).list_price)
  return {
    cash_type: 'balance',
    balance_before_deduction: 10,
    deduction_amount: amount,
    balance_after_deduction: 10 - amount,
    list_price: amount,
    currency: 'USD',
  }
}

function toUnits(account: KlingAccount, doc: TaskDoc): Doc {
  const before = doc.deductedFrom ?? UNLIMITED
  return {
    package_id: packId(account, doc.packType),
    product_type: doc.packType === 'try_on' ? 'try-on' : doc.packType,
    unit_before_deduction: before,
    deduction_amount: doc.units,
    unit_after_deduction: before - doc.units,
  }
}
