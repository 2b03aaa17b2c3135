/**
 * One pull of an account: what it had before and is not under way comes again, then the desk chooses. Choices, lease ids and rows are
 * made in one step, without an await. The bodies are read last.
 */
import type { Account } from '#domain/accounts/account.ts'
import type { Work, WorkAnswer, WorkAsk } from '#domain/ports/line.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { move } from '#domain/queue/item-state.ts'
import { servesLane, type Pull } from '#domain/queue/may-start.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { LineContext } from './context.ts'
import type { Chosen, Line } from './line-memory.ts'
import type { TokenLooks } from './token-looks.ts'

/** An answer may have 32 MiB. What an account's object gets at once, it has in memory at once. */
const BYTES_AT_ONCE = 8 * 1024 * 1024

/** `isCut`: more was not chosen only because the answer is long. */
interface Taken extends WorkAnswer {
  pull?: Pull
  isCut?: boolean
}

/** A token of which an item was chosen may have no room for another. */
type Choosing = Pull & { stopped: Set<string> }

export function laneOf({ email, createdAt }: Pick<Account, 'email' | 'createdAt'>): string {
  return laneName({ lane: email, laneSince: createdAt })
}

export function takeWork(
  context: LineContext,
  looks: TokenLooks,
  gaveBack: ReadonlySet<string>,
  ask: WorkAsk
): Taken {
  const { memory, itemShares } = context
  const account = context.accounts().find(({ key }) => key === ask.account)
  const owed = Array.from(memory.line.chosen).filter(
    ([item, { choice }]) => choice.account === ask.account && !ask.underWay.includes(item)
  )
  if (!account && owed.length === 0) return { work: [], leave: 0, isMore: false }
  const slots = owed.reduce((sum, [, { sort }]) => sum + sort.slots, 0)
  const left = Math.max(0, ask.free - slots)
  const leave = account ? Math.min(left, context.sendClients(ask.account, left)) : 0
  const pull: Choosing = {
    account: ask.account,
    lane: account ? laneOf(account) : '',
    free: left - leave,
    held: ask.held + slots,
    parkings: ask.parkings,
    gaveBack,
    stopped: itemShares.stopped(),
    roomOf: (token) => itemShares.roomOf(token),
  }
  const most = ask.most ?? Infinity
  const handed = memory.change((line) => {
    const wanted = owed.slice(0, most)
    const again = cut(wanted)
    for (const [item, chosen] of again) handOver(context, line, item, chosen)
    const chosen = account
      ? choose(context, line, pull, bytesOf(again), most - again.length)
      : { isCut: false, all: [] }
    const all = [...again, ...chosen.all]
    for (const token of new Set(all.map(([, { sort }]) => sort.token))) memory.saveToken(token)
    return { all, isCut: chosen.isCut || again.length < wanted.length }
  })
  // Only for this choice: a freed share makes room.
  const { roomOf: _, ...said } = pull
  const work = handed.all.map((one) => toWork(context, looks, account !== undefined, one))
  const isMore = account !== undefined && hasMore(context, pull)
  return { work, leave, isMore, isCut: handed.isCut, ...(account ? { pull: said } : {}) }
}

type Handed = [item: string, chosen: Chosen]

/** Takes from `pull` what it chooses. */
function choose(
  context: LineContext,
  line: Line,
  pull: Choosing,
  bytes: number,
  count: number
): { all: Handed[]; isCut: boolean } {
  const all: Handed[] = []
  let sum = bytes
  while (pull.free > 0) {
    if (all.length >= count) return { all, isCut: false }
    if (sum >= BYTES_AT_ONCE) return { all, isCut: true }
    const next = line.order.choose(pull, context.now())
    if (!next) break
    const { item, sort } = next
    const to = move(sort.state, 'choose')
    if (to === 'refused') throw new Error(`an item that is ${sort.state} was chosen`)
    const choice = { account: pull.account, leaseIds: [], at: context.now() }
    const chosen: Chosen = { sort, choice }
    line.chosen.set(item, chosen)
    handOver(context, line, item, chosen)
    context.itemShares.take(next)
    if (context.itemShares.isUsedUp(sort.token)) pull.stopped.add(sort.token)
    pull.free -= sort.slots
    pull.held += sort.slots
    sum += sort.bytes
    all.push([item, chosen])
  }
  return { all, isCut: false }
}

/** Each time under a lease id of its own, so that each attempt has its own key upstream. */
function handOver(context: LineContext, line: Line, item: string, chosen: Chosen): void {
  const leaseId = newTimedId(context.now(), context.ports().newId())
  chosen.choice = { ...chosen.choice, leaseIds: [...chosen.choice.leaseIds, leaseId] }
  line.chosen.set(item, chosen)
}

function toWork(
  { memory, now, itemShares }: LineContext,
  looks: TokenLooks,
  isAccount: boolean,
  [item, { sort, choice }]: Handed
): Work {
  const record = memory.items.find(item)?.record
  if (!record) throw new Error('a chosen item without a row')
  const tries = record.tries.filter(({ account }) => account === choice.account)
  const ids = [...tries, choice].flatMap(({ leaseIds }) => leaseIds)
  const mayStart = isAccount && looks.stateOf(sort.token) === 'good' && sort.startBy > now()
  const leaseId = ids.at(-1) ?? ''
  return {
    item,
    leaseId,
    earlier: ids.slice(0, -1),
    mayStart,
    sort,
    record,
    sealed: memory.items.sealedOf(item),
    ...(itemShares.isCounted({ item, sort }) ? { isLimited: true } : {}),
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
