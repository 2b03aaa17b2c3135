/** Takes new items into the line, and finds items by their names. */
import type { EnqueueAnswer } from '#domain/ports/line.ts'
import { capOf, retryAfterOf } from '#domain/queue/caps.ts'
import { itemIdOf, markOf } from '#domain/queue/item-name.ts'
import type { ItemShown, ItemSort, NewItem, Try } from '#domain/queue/item.ts'
import { isOfTimedRequest, timeOf } from '#domain/text/time-ordered-id.ts'
import type { LineContext } from './context.ts'
import type { ItemRow } from './item-rows.ts'

/** If a name is taken, a Worker takes the next ms. It does so as often as this. */
const MS_OF_A_REQUEST = 5
const REQUEST = 'request:'
/** An item may come back often. Its story tells the last times. */
const TRIES_SHOWN = 20

/** In one transaction. `maxQueued`: of a token, where the operator has set it. */
export function enqueueAll(
  context: LineContext,
  items: NewItem[],
  { maxQueuedOf, pace }: { maxQueuedOf(token: string): number | undefined; pace: number }
): EnqueueAnswer[] {
  const { memory } = context
  return memory.change(({ order }) =>
    items.map((added): EnqueueAnswer => {
      const known = memory.items.find(added.item)
      if (known?.record.requestId === added.record.requestId)
        return { kind: 'known', shown: toShown(context, known) }
      const isTaken = added.record.names.some((name) => findNamed(context, name) !== undefined)
      if (known || isTaken) return { kind: 'taken' }
      const { token, bytes } = added.sort
      const load = memory.load(token)
      const cap = capOf(load, bytes, maxQueuedOf(token))
      if (cap) return { kind: 'full', cap, retryAfterSeconds: retryAfterOf(load.items, pace) }
      const sort: ItemSort = { ...added.sort, state: 'waiting' }
      memory.items.insert(added, sort)
      order.add({ item: added.item, sort })
      return { kind: 'queued' }
    })
  )
}

/** By a name, by the item's own id, or by `request:` and the id of its request. */
export function findNamed({ memory: { items } }: LineContext, name: string): ItemRow | undefined {
  if (name.startsWith(REQUEST)) return ofRequest(items, name.slice(REQUEST.length))
  const mark = markOf(name)
  if (!mark) return undefined
  const isIt = ({ item, record }: ItemRow) => item === name || record.names.includes(name)
  if (mark.item === undefined) return items.ofMoment(mark.at).find((row) => isIt(row))
  const row = items.find(mark.item)
  return row && isIt(row) ? row : undefined
}

function ofRequest(items: { find(item: string): ItemRow | undefined }, requestId: string) {
  if (!isOfTimedRequest(requestId)) return undefined
  const from = timeOf(requestId)
  for (let at = from; at < from + MS_OF_A_REQUEST; at += 1) {
    const row = items.find(itemIdOf(requestId, at))
    if (row?.record.requestId === requestId) return row
  }
  return undefined
}

export function toShown({ memory, ownersOf }: LineContext, row: ItemRow): ItemShown {
  const { item, sort, record } = row
  const { names, leaseId, jobIds, refusal, endedAt } = record
  const choice = memory.line.chosen.get(item)?.choice
  const tries = choice ? [...record.tries, choice] : record.tries
  const reason = record.reason ?? sort.reason
  const first = jobIds?.find((id) => id !== '')
  const [owner] = first === undefined ? [] : ownersOf([first])
  return {
    item,
    names,
    state: memory.stateOf(row),
    route: sort.route,
    askedAt: sort.askedAt,
    requestId: record.requestId,
    token: sort.token,
    ...(reason === undefined ? {} : { reason }),
    ...(refusal === undefined ? {} : { refusal }),
    ...(jobIds === undefined ? {} : { jobIds }),
    ...(leaseId === undefined ? {} : { leaseId }),
    ...(owner === undefined ? {} : { owner }),
    ...(sort.lane === '' ? {} : { lane: sort.lane }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(tries.length === 0 ? {} : { tries: tries.slice(-TRIES_SHOWN).map(toTry) }),
  }
}

/** Without the lease ids, which are nobody's business. */
function toTry({ account, at, why, backAt }: Try): NonNullable<ItemShown['tries']>[number] {
  return {
    account,
    at,
    ...(why === undefined ? {} : { why }),
    ...(backAt === undefined ? {} : { backAt }),
  }
}
