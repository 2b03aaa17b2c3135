/**
 * One pull of an account: what it had before and is not under way comes again, then the desk chooses, of items and waiting clients in
 * one order. Choices, lease ids and rows are made in one step, without an await. The bodies are read last.
 */
import type { Account } from '#domain/accounts/account.ts'
import { isPaused, withPauses } from '#domain/line/pauses.ts'
import type { Outlook } from '#domain/line/outlook.ts'
import type { SlotsNow } from '#domain/line/save-up.ts'
import { whyOthersNot } from '#domain/line/why-others-not.ts'
import type { Work, WorkAnswer, WorkAsk } from '#domain/ports/line.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { move } from '#domain/queue/item-state.ts'
import { servesLane, type Pull } from '#domain/queue/may-start.ts'
import type { WaitingClient } from '#domain/queue/waiting-clients.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { LineContext } from './context.ts'
import { realIdsOf } from './enqueue.ts'
import type { Chosen, Line } from './line-memory.ts'
import type { TokenLooks } from './token-looks.ts'

/** An answer may have 32 MiB. What an account's object gets at once, it has in memory at once. */
const BYTES_AT_ONCE = 8 * 1024 * 1024

/**
 * An item that comes back from no account is handed over at each question for a week, and the ids stand in rows. So the last of so many
 * ids starts nothing: the account only says whether it started the item, and gives it back to the line.
 */
const LEASE_IDS_MAX = 10

/** `isCut`: more was not chosen only because the answer is long. */
interface Taken extends WorkAnswer {
  pull?: Pull
  isCut?: boolean
}

/** What is known beside the question. `gaveBack`: items and clients that an account could not take a moment ago. */
interface Beside {
  looks: TokenLooks
  gaveBack(account: string): ReadonlySet<string>
  outlook: Outlook
}

/** The line and who serves it, for an estimate. A drained account serves nothing. */
export function lineNow({ accounts, memory, itemShares, now }: LineContext) {
  const taking = accounts().filter(({ isDrained }) => isDrained !== true)
  const serving = taking.map((account) => {
    const { key, maxJobs } = account
    return { key, maxJobs, lane: laneOf(account) }
  })
  const { order, pauses } = memory.line
  const owedBy = (account: string) => order.owedBy(account)
  return {
    tokens: order.tokens(),
    accounts: serving,
    pauses,
    owedBy,
    now: now(),
    limits: itemShares,
  }
}

export function laneOf({ email, createdAt }: Pick<Account, 'email' | 'createdAt'>): string {
  return laneName({ lane: email, laneSince: createdAt })
}

export function takeWork(context: LineContext, beside: Beside, ask: WorkAsk): Taken {
  const { memory, itemShares } = context
  const { looks, gaveBack } = beside
  const account = context.accounts().find(({ key }) => key === ask.account)
  const owed = Array.from(memory.line.chosen).filter(
    ([item, { choice }]) => choice.account === ask.account && !ask.underWay.includes(item)
  )
  if (!account && owed.length === 0) return { work: [], leave: 0, isMore: false }
  const slots = owed.reduce((sum, [, { sort }]) => sum + sort.slots, 0)
  const { lists } = memory.line.order
  const asked: Pull = {
    account: ask.account,
    lane: account ? laneOf(account) : '',
    free: Math.max(0, ask.free - slots),
    held: ask.held + slots,
    parkings: ask.parkings,
    gaveBack: gaveBack(ask.account),
    stopped: itemShares.stopped(),
    roomOf: (token) => itemShares.roomOf(token),
  }
  const pull = withPauses(asked, lists.tokens(), memory.line.pauses)
  const most = ask.most ?? Infinity
  const handed = memory.change((line) => {
    const wanted = owed.slice(0, most)
    const again = cut(wanted)
    for (const [item, chosen] of again) handOver(context, line, item, chosen)
    const chosen: Chosens = account
      ? choose(context, line, { ...beside, pull, ask }, bytesOf(again), most - again.length)
      : { isCut: false, all: [], clients: [] }
    const all = [...again, ...chosen.all]
    for (const token of new Set(all.map(([, { sort }]) => sort.token))) memory.saveToken(token)
    if (line.savingUp.isOn && account) noteLeft(context, line, { ...beside, pull, ask })
    return { ...chosen, all, isCut: chosen.isCut || again.length < wanted.length }
  })
  for (const { item } of handed.clients) context.sendClient(item, ask.account)
  const clients = handed.clients.map(({ item: id, sort }) => ({ id, slots: sort.slots }))
  const mayStart = (token: string) =>
    looks.stateOf(token) === 'good' && !isPaused(memory.line.pauses, token, pull.lane)
  const whyNot = handed.all.length === 0 ? undefined : notesFor(context, beside, ask.account)
  // What was chosen before it was drained, and comes again, goes back.
  const isServing = account !== undefined && account.isDrained !== true
  const work = handed.all.map((one) => ({
    ...toWork(context, isServing && mayStart(one[1].sort.token), one),
    ...(whyNot ? { choice: whyNot(one) } : {}),
  }))
  // Only for this choice: a freed share makes room.
  const { roomOf: _, ...said } = pull
  const isMore = account !== undefined && hasMore(context, pull)
  const leave = clients.reduce((sum, one) => sum + one.slots, 0)
  const kept = leave > 0 ? { clients } : {}
  return { work, leave, isMore, ...kept, isCut: handed.isCut, ...(account ? { pull: said } : {}) }
}

type Handed = [item: string, chosen: Chosen]

interface Chosens {
  all: Handed[]
  clients: WaitingClient[]
  isCut: boolean
}

interface Asking extends Beside {
  pull: Pull
  ask: WorkAsk
}

/** Takes from `pull` what it chooses. */
function choose(
  context: LineContext,
  line: Line,
  asking: Asking,
  bytes: number,
  count: number
): Chosens {
  const all: Handed[] = []
  const clients: WaitingClient[] = []
  const { pull } = asking
  let sum = bytes
  while (pull.free > 0) {
    if (all.length >= count) return { all, clients, isCut: false }
    if (sum >= BYTES_AT_ONCE) return { all, clients, isCut: true }
    const turn = nextTurn(context, line, asking)
    if (!turn) break
    const { item, sort } = turn.waiting
    pull.free -= sort.slots
    pull.held += sort.slots
    if (turn.kind === 'client') {
      clients.push(turn.waiting)
      continue
    }
    const to = move(sort.state, 'choose')
    if (to === 'refused') throw new Error(`an item that is ${sort.state} was chosen`)
    const choice = { account: pull.account, leaseIds: [], at: context.now() }
    const chosen: Chosen = { sort, choice }
    line.chosen.set(item, chosen)
    handOver(context, line, item, chosen)
    context.itemShares.take(turn.waiting)
    if (context.itemShares.isUsedUp(sort.token))
      pull.stopped = new Set([...(pull.stopped ?? []), sort.token])
    sum += sort.bytes
    all.push([item, chosen])
  }
  return { all, clients, isCut: false }
}

/** Where an item that needs several slots has waited for long, slots are saved up for it before anything else is given out. */
function nextTurn(
  context: LineContext,
  line: Line,
  asking: Asking
): ReturnType<Line['order']['chooseTurn']> {
  const { now, itemShares } = context
  const { order, savingUp } = line
  const { pull } = asking
  if (order.lists.wide === 0 && !savingUp.isOn) return order.chooseTurn(pull, now())
  const turn = order.peek(pull, now())
  // What must not start keeps no slot from others.
  const find = (item: string) => {
    const found = order.lists.find(item)
    if (!found || pull.stopped?.has(found.sort.token)) return undefined
    return itemShares.holdsUp(found) ? undefined : found
  }
  const facts = slotsNow(context, line, asking, turn?.next.sort.token)
  return order.chooseTurn(savingUp.pullFor(turn, facts, find), now())
}

/** What stands idle from now on because slots are saved up. */
function noteLeft(context: LineContext, line: Line, asking: Asking): void {
  const { pull } = asking
  const fits = pull.free > 0 && line.order.fits(pull, context.now())
  line.savingUp.noteLeft(pull, fits, slotsNow(context, line, asking))
}

function slotsNow(
  { accounts, now, pulls }: LineContext,
  { pauses }: Line,
  { pull, ask, outlook }: Asking,
  token = ''
): SlotsNow {
  const all = accounts()
  const keys = new Set(all.map(({ key }) => key))
  return {
    pull,
    accounts: pulls().filter((one) => keys.has(one.account) && !isPaused(pauses, token, one.lane)),
    now: now(),
    slots: outlook.slotsOf(all),
    jobMs: outlook.usualMs,
    leftMs: (key) =>
      outlook.leftMs(key, now(), ...(key === pull.account ? [ask.running ?? []] : [])),
  }
}

/** Each time under a lease id of its own, so that each attempt has its own key upstream. */
function handOver(context: LineContext, line: Line, item: string, chosen: Chosen): void {
  if (isSpent(chosen)) return
  const leaseId = newTimedId(context.now(), context.ports().newId())
  chosen.choice = { ...chosen.choice, leaseIds: [...chosen.choice.leaseIds, leaseId] }
  line.chosen.set(item, chosen)
}

function isSpent({ choice }: Chosen): boolean {
  return choice.leaseIds.length >= LEASE_IDS_MAX
}

function toWork(context: LineContext, isAllowed: boolean, [item, chosen]: Handed): Work {
  const { sort, choice } = chosen
  const { memory, now, itemShares } = context
  const record = memory.items.find(item)?.record
  if (!record) throw new Error('a chosen item without a row')
  const tries = record.tries.filter(({ account }) => account === choice.account)
  const ids = [...tries, choice].flatMap(({ leaseIds }) => leaseIds)
  const mayStart = isAllowed && !isSpent(chosen) && sort.startBy > now()
  const leaseId = ids.at(-1) ?? ''
  return {
    item,
    leaseId,
    // A desk of an older release may have let something start under the last one, too.
    earlier: isSpent(chosen) ? ids : ids.slice(0, -1),
    mayStart,
    sort,
    record,
    sealed: memory.items.sealedOf(item),
    ...(record.named ? { reals: realIdsOf(context, record) } : {}),
    ...(itemShares.isCounted({ item, sort }) ? { isLimited: true } : {}),
  }
}

/** For the story of each item that is handed over: what is known of the other accounts at this moment. */
function notesFor(context: LineContext, { gaveBack }: Beside, chosen: string) {
  const { accounts, saidOf, full, memory, now } = context
  const { savingUp, pauses } = memory.line
  const late = new Set(full())
  const others = accounts().flatMap((account) => {
    const { key } = account
    if (key === chosen) return []
    const about = { isLate: late.has(key), savedFor: savingUp.savedFor(key), said: saidOf(key) }
    return { account, lane: laneOf(account), gave: gaveBack(key), ...about }
  })
  return ([item, { sort }]: Handed) => {
    const all = others.map(({ gave, ...rest }) => ({ ...rest, gaveBack: gave.has(item) }))
    return whyOthersNot({ item, sort }, all, { pauses, now: now() })
  }
}

function hasMore({ memory }: LineContext, pull: Pull): boolean {
  const tokens = memory.line.order.tokens().filter(({ token }) => !pull.stopped?.has(token))
  return tokens.some(({ lists }) => lists.some(({ lane }) => servesLane(pull, lane)))
}

function cut(all: Handed[]): Handed[] {
  let sum = 0
  return all.filter(([, { sort }]) => {
    const fits = sum < BYTES_AT_ONCE
    sum += fits ? sort.bytes : 0
    return fits
  })
}

function bytesOf(all: Handed[]): number {
  return all.reduce((sum, [, { sort }]) => sum + sort.bytes, 0)
}
