/**
 * The places of what waits, clients among it: which start an item would be if nothing else came, nothing aged, and one account served all. The order
 * itself is run, so the place is exact at its time. The first is 1.
 */
import { takeTurn, type Head, type Owed, type TokenInLine } from './choose-next.ts'
import { classOf, effectivePriority } from './effective-priority.ts'
import { compareAge, type ItemList, type WaitingItem } from './item-lists.ts'
import { additionOf, raisedPass } from './pass.ts'

interface At {
  now: number
  stepMs: number
}

interface Ranked {
  waiting: WaitingItem
  priority: number
  /** 0: a client, which goes before the items of its token that are no more urgent. 1: an item. */
  kind: 0 | 1
}

/** A token's head, and what comes after it, the most urgent last. */
interface Row extends Head {
  of: TokenInLine
  left: Ranked[]
}

export function placesOf(
  tokens: readonly TokenInLine[],
  now: number,
  stepMs: number
): Map<string, number> {
  const at = { now, stepMs }
  const rows = tokens.flatMap((token) => {
    const left = mostUrgentLast(token, at)
    return nextRow({ ...token }, left, at) ?? []
  })
  const places = new Map<string, number>()
  const owed: Owed = new Map()
  for (;;) {
    const turn = takeTurn(rows, owed)
    const index = rows.findIndex((row) => row === turn)
    const chosen = rows[index]
    if (!chosen) return places
    places.set(chosen.next.item, places.size + 1)
    const { of, next, left } = chosen
    for (const row of rows) {
      if (row !== chosen) row.of.pass = raisedPass(row.of.pass, row.of.weight, of.pass)
    }
    of.pass += additionOf(next.sort.slots, of.weight)
    const following = nextRow(of, left, at)
    if (following) rows[index] = following
    else rows.splice(index, 1)
  }
}

function mostUrgentLast({ lists, clients = [] }: TokenInLine, { now, stepMs }: At): Ranked[] {
  const rank = (kind: 0 | 1, list: ItemList) =>
    list.items.map((waiting): Ranked => {
      const waitedMs = now - waiting.sort.askedAt
      return { waiting, priority: effectivePriority(list.priority, waitedMs, stepMs), kind }
    })
  const all = [
    ...clients.flatMap((list) => rank(0, list)),
    ...lists.flatMap((list) => rank(1, list)),
  ]
  return all.toSorted(
    (a, b) => b.priority - a.priority || b.kind - a.kind || compareAge(b.waiting, a.waiting)
  )
}

function nextRow(of: TokenInLine, left: Ranked[], { now, stepMs }: At): Row | undefined {
  const ranked = left.pop()
  if (!ranked) return undefined
  const { waiting, priority } = ranked
  const isLate = now - waiting.sort.askedAt >= stepMs
  return { of, next: waiting, priority, class: classOf(priority, of.maxPriority), isLate, left }
}
