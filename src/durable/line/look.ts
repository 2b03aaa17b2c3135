/**
 * The look: while something is owed, the desk's alarm ends what is past its deadline or may not be started any more, hands over ends
 * that nobody was told, and calls accounts that have been silent. It mends every lost notice.
 */
import { isOld } from '#domain/alerts/queue-old.ts'
import { isPaused } from '#domain/line/pauses.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import type { ItemEvent } from '#domain/queue/item-state.ts'
import type { UnstartedReason } from '#domain/queue/item.ts'
import { servesLane } from '#domain/queue/may-start.ts'
import type { LineContext } from './context.ts'
import type { Line } from './line-memory.ts'
import { endWaiting } from './reports.ts'
import { laneOf } from './take-work.ts'
import type { TokenLooks } from './token-looks.ts'
import type { Waking } from './wake.ts'

/** Not divided by TIME_SCALE, because jobs take real time. */
const SILENT_MS = 30_000
/** What is chosen for so long may have lost its account's answer. */
const CHOSEN_FOR_MS = 120_000
const ENDED_AT_ONCE = 100
const DEADLINES_APART_MS = 1000
const IDLE_FOR_MS = 7 * 86_400_000

type WhyEnded = ItemEvent & UnstartedReason

/** Ends everything that waits and may not be started any more. */
export function endOverdue(context: LineContext, looks: TokenLooks): void {
  const now = context.now()
  const accounts = context.accounts()
  const lanes = new Set(accounts.map((account) => laneOf(account)))
  const { order, held } = context.memory.line
  const tokens = [...order.lists.tokens(), ...Array.from(held.values(), ({ token }) => token)]
  const gone = new Set(tokens.filter((token) => looks.stateOf(token) === 'gone'))
  const reasonOf = ({ sort }: WaitingItem): WhyEnded | undefined => {
    if (gone.has(sort.token)) return 'token_removed'
    if (sort.lane !== '' && !lanes.has(laneName(sort))) return 'account_removed'
    // Those that have not refused it were removed meanwhile. Where no account is left, one may be added.
    const { leftOut } = sort
    if (leftOut && accounts.length > 0 && accounts.every(({ key }) => leftOut.includes(key)))
      return 'refused'
    return sort.startBy <= now ? 'start_deadline' : undefined
  }
  const inOrder = order.tokens().flatMap(({ lists }) => lists.flatMap(({ items }) => items))
  const waiting = [...inOrder, ...Array.from(held, ([item, sort]) => ({ item, sort }))]
  const due = waiting.flatMap((one): [string, WhyEnded][] => {
    const reason = reasonOf(one)
    return reason === undefined ? [] : [[one.item, reason]]
  })
  endAll(context, due)
}

/** When the next of what waits must have started. Epoch ms, a second from now at the earliest: what ends together is looked at once. */
export function deadlineOf({ order, held }: Line, now: number): number {
  const lists = order.tokens().flatMap((of) => of.lists)
  let first = Infinity
  for (const { items } of lists) for (const { sort } of items) first = Math.min(first, sort.startBy)
  for (const { startBy } of held.values()) first = Math.min(first, startBy)
  return Math.max(now + DEADLINES_APART_MS, first)
}

/** 100 in a transaction, until none is left. */
function endAll(context: LineContext, due: [string, WhyEnded][]): void {
  const { memory } = context
  for (let from = 0; from < due.length; from += ENDED_AT_ONCE) {
    memory.change((line) => {
      for (const [item, event] of due.slice(from, from + ENDED_AT_ONCE)) {
        const row = memory.items.find(item)
        if (row) endWaiting(context, line, row, event, event)
      }
    })
  }
}

/** Something waits that an account may start, or could if its token can be read. */
export function isServed(
  { memory, accounts, itemShares }: LineContext,
  looks: TokenLooks
): boolean {
  const taking = accounts().filter(({ isDrained }) => isDrained !== true)
  const all = taking.map((account) => laneOf(account))
  const { order, pauses } = memory.line
  return order.tokens().some(({ token, lists }) => {
    const own = all.filter((lane) => !isPaused(pauses, token, lane))
    return (
      looks.stateOf(token) !== 'waits' &&
      !itemShares.isUsedUp(token) &&
      lists.some(({ lane }) => own.some((one) => servesLane({ lane: one }, lane)))
    )
  })
}

/** When the oldest was asked for of what waits for too long. */
export function oldSince({ memory, now, isClosed }: LineContext): number | undefined {
  if (isClosed() || !memory.owesAnything) return undefined
  const lists = memory.line.order.tokens().flatMap((of) => of.lists)
  const old = lists.flatMap(({ items }) => items.filter(({ sort }) => isOld(sort, now())))
  return old.length === 0 ? undefined : Math.min(...old.map(({ sort }) => sort.askedAt))
}

/** Calls those that may serve what waits, or have something chosen, and have not asked for work for a while. */
export async function callSilent(context: LineContext, waking: Waking): Promise<void> {
  const now = context.now()
  const { line } = context.memory
  const stopped = context.itemShares.stopped()
  const tokens = line.order.tokens().filter(({ token }) => !stopped.has(token))
  const serving = context.accounts().filter((account) => {
    const lane = laneOf(account)
    if (account.isDrained === true) return false
    return tokens.some(
      ({ token, lists }) =>
        !isPaused(line.pauses, token, lane) && lists.some((one) => servesLane({ lane }, one.lane))
    )
  })
  const more = new Set(serving.map(({ key }) => key))
  const old = Array.from(line.chosen.values()).filter(
    ({ choice }) => choice.at <= now - CHOSEN_FOR_MS
  )
  const owed = new Set(old.map(({ choice }) => choice.account))
  const silent = waking.wakes.silent([...new Set([...more, ...owed])], now, SILENT_MS)
  await Promise.all(
    silent.map((key) => waking.tell(key, { isOwed: owed.has(key), isMore: more.has(key) }))
  )
}

/** The rows of tokens of which nothing is in the line: gone, or without a turn for a week, when a share counts no longer. */
export function dropTokens({ memory, now }: LineContext, looks: TokenLooks): void {
  const rows = memory.tokens.all()
  if (rows.size === 0) return
  const { order, chosen } = memory.line
  const busy = new Set(Array.from(chosen.values(), ({ sort }) => sort.token))
  for (const [token, { at }] of rows) {
    if (order.lists.countOf(token) > 0 || busy.has(token)) continue
    if (looks.stateOf(token) === 'gone' || at <= now() - IDLE_FOR_MS) memory.tokens.drop(token)
  }
}

/** Pauses of tokens that were removed, if the desk was not told. A token that is paused later is not in the list of pauses yet. */
export async function dropPausesOfGone({ memory, ports, isClosed }: LineContext): Promise<void> {
  const paused = new Set(memory.line.pauses.flatMap(({ token }) => token ?? []))
  if (paused.size === 0) return
  for (const { id } of await ports().registrar.listTokens()) paused.delete(id)
  if (!isClosed()) memory.dropPauses(({ token }) => token !== undefined && paused.has(token))
}
