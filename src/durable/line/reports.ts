/**
 * Writes what becomes of items: what accounts report of them, and ends without a start. Every change of a state goes through `move`,
 * and rows, memory and owners of one item change in one transaction.
 */
import type { WorkReport } from '#domain/ports/line.ts'
import { NOT_READY_PAUSE_MS } from '#domain/line/held.ts'
import { keptTries, NOT_READY } from '#domain/line/tries.ts'
import { move, type ItemEvent } from '#domain/queue/item-state.ts'
import type { ItemRecord, ItemSort, Try, UnstartedReason } from '#domain/queue/item.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { judgeReport } from '#domain/queue/judge-report.ts'
import { servesLane } from '#domain/queue/may-start.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { LineContext } from './context.ts'
import type { ItemRow } from './item-rows.ts'
import type { Line } from './line-memory.ts'
import { laneOf } from './take-work.ts'

/** Returns the item if it waits again. */
export function takeReport(
  context: LineContext,
  account: string,
  report: WorkReport
): string | undefined {
  const { memory } = context
  const row = memory.items.find(report.item)
  if (!row) return undefined
  const choice = memory.line.chosen.get(row.item)?.choice
  const absents = report.kind === 'back' ? report.absents : undefined
  const last = choice && (absents === undefined ? choice : { ...choice, absents })
  const tries = last ? [...row.record.tries, last] : row.record.tries
  const leaseIds = tries.flatMap((one) => one.leaseIds)
  const { leftOut = [] } = row.sort
  const state = memory.stateOf(row)
  const lane = laneName(row.sort)
  const serving = context
    .accounts()
    .flatMap((one) => (servesLane({ lane: laneOf(one) }, lane) ? [one.key] : []))
  const event = judgeReport({ state, leaseIds, leftOut, serving }, account, report)
  if (!event) return undefined
  return memory.change((line) => {
    const { itemShares } = context
    // Also of a second start, so that calls about its job find the account.
    if (report.kind === 'begun') context.learn(withNames(report, row))
    if (move(state, event) === 'refused') return undefined
    line.chosen.delete(row.item)
    const record = { ...row.record, tries }
    // A start that came to light late: its share went back with the item.
    if (report.kind === 'begun' && state !== 'chosen') itemShares.take(row)
    if (report.kind === 'begun') {
      begin(context, line, { ...row, record }, account, report)
      itemShares.keepOnly(report.parts ?? Array.from(report.starts.keys()), row)
    } else if (event === 'not_ready') {
      itemShares.giveBack(row)
      hold(context, line, { ...row, record })
    } else if (event === 'back' || event === 'refused') {
      itemShares.giveBack(row)
      return putBack(context, line, { ...row, record }, account, report, event)
    } else {
      const { refusal } = report
      const reason = report.kind === 'over' ? report.reason : undefined
      const over = { ...record, ...given({ reason, refusal }) }
      itemShares.endAs(reason ?? '', row)
      memory.items.leave({ ...row, record: over }, context.now())
    }
    return undefined
  })
}

/** The owners of the jobs, with what the item's client calls them. Jobs that a search found do not say that they are an own token's. */
function withNames(
  { owners, starts, parts }: WorkReport & { kind: 'begun' },
  { sort, record: { names, own } }: ItemRow
): Owner[] {
  return owners.map((owner) => {
    const at = owner.start ? starts.findIndex(({ jobId }) => jobId === owner.id) : -1
    const name = names[parts?.[at] ?? at]
    if (!owner.start) return owner
    const made = own ? { own: { token: sort.token, ...own } } : {}
    return { ...owner, ...made, start: { ...owner.start, ...(name === undefined ? {} : { name }) } }
  })
}

function begin(
  { memory, accounts, now }: LineContext,
  line: Line,
  row: ItemRow,
  key: string,
  { leaseId, owners, starts, parts }: WorkReport & { kind: 'begun' }
): void {
  const known = accounts().find((account) => account.key === key)?.email
  const email = known ?? owners.find((owner) => owner.email !== null)?.email ?? ''
  const jobIds: string[] = row.record.names.map(() => '')
  for (const [at, { jobId }] of starts.entries()) jobIds[parts?.[at] ?? at] = jobId
  line.order.remove(row.item)
  line.untold.delete(row.item)
  line.held.delete(row.item)
  const record = { ...row.record, leaseId, email, key, jobIds }
  memory.items.leave({ ...row, record }, now())
}

/** It waits for a while, beside the order. Its token has its share again. */
function hold({ memory, now }: LineContext, { order, held }: Line, row: ItemRow): void {
  const { item, record } = row
  const sort: ItemSort = { ...row.sort, state: 'held', heldUntil: now() + NOT_READY_PAUSE_MS }
  memory.items.save(
    { item, sort, record: { ...record, tries: triesWith(record, NOT_READY, now()) } },
    'kept'
  )
  order.refund({ item, sort })
  held.set(item, sort)
  memory.saveToken(sort.token)
}

/** The last one came back for that reason. */
function triesWith({ tries }: ItemRecord, why: string | undefined, backAt: number): Try[] {
  const last = (at: number) => at === tries.length - 1
  return keptTries(tries.map((one, at) => (last(at) ? { ...one, ...given({ why }), backAt } : one)))
}

/** Back to its place, or, refused by too many accounts, to an end that is told. */
function putBack(
  { memory, now }: LineContext,
  { order, untold }: Line,
  row: ItemRow,
  account: string,
  report: WorkReport,
  event: 'back' | 'refused'
): string | undefined {
  const { item, sort, record } = row
  const { token, leftOut = [] } = sort
  const { why, isLeftOut, refusal } = report.kind === 'back' ? report : {}
  const tries = triesWith(record, why, now())
  const out = isLeftOut === true ? { leftOut: Array.from(new Set([...leftOut, account])) } : {}
  const told = { ...record, tries, ...given({ refusal }) }
  if (event === 'refused') {
    const ended: ItemSort = { ...sort, ...out, state: 'untold', reason: 'refused' }
    memory.items.save({ item, sort: ended, record: { ...told, endedAt: now() } }, 'dropped')
    untold.set(item, ended)
    return undefined
  }
  const waiting: ItemSort = { ...sort, ...out, state: 'waiting' }
  memory.items.save({ item, sort: waiting, record: told }, 'kept')
  order.giveBack({ item, sort: waiting })
  memory.saveToken(token)
  return item
}

/** Ends an item that waits, without a start. False: it does not wait. Call it in `change`. */
export function endWaiting(
  { memory, now }: LineContext,
  { order, untold, held }: Line,
  row: ItemRow,
  event: ItemEvent,
  reason: UnstartedReason
): boolean {
  if (move(memory.stateOf(row), event) === 'refused') return false
  const { item } = row
  const sort: ItemSort = { ...row.sort, state: 'untold', reason }
  memory.items.save({ item, sort, record: { ...row.record, endedAt: now() } }, 'dropped')
  order.remove(item)
  held.delete(item)
  untold.set(item, sort)
  return true
}

/** Only what is there. */
function given(
  facts: Partial<Record<'why' | 'reason' | 'refusal', string | undefined>>
): Partial<Pick<ItemRecord, 'reason' | 'refusal'>> & { why?: string } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}
