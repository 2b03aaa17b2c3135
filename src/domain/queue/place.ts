/**
 * The places of what waits: which start an item would be if nothing else came, nothing aged, and any account could serve it. The
 * order itself is run, so the place is exact at its time. The first is 1.
 */
import { turnAmong, type Head, type TokenInLine } from './choose-next.ts'
import { classOf, effectivePriority } from './effective-priority.ts'
import { compareAge, type WaitingItem } from './item-lists.ts'
import { additionOf, raisedPass } from './pass.ts'

interface Row extends TokenInLine {
  /** With their effective priorities, the most urgent last. */
  left: { waiting: WaitingItem; priority: number }[]
}

export function placesOf(
  tokens: readonly TokenInLine[],
  now: number,
  stepMs: number
): Map<string, number> {
  let rows = tokens.map((of): Row => ({ ...of, left: mostUrgentLast(of, now, stepMs) }))
  const places = new Map<string, number>()
  let passedOver = 0
  for (;;) {
    rows = rows.filter(({ left }) => left.length > 0)
    const turn = turnAmong(
      rows.map((row) => headOfRow(row, now, stepMs)),
      passedOver
    )
    if (!turn) return places
    const { of, next } = turn.head
    places.set(next.item, places.size + 1)
    passedOver = turn.passedOver
    for (const row of rows) {
      if (row.token !== of.token) row.pass = raisedPass(row.pass, row.weight, of.pass)
    }
    const chosen = rows.find(({ token }) => token === of.token)
    if (!chosen) return places
    chosen.left.pop()
    chosen.pass += additionOf(next.sort.slots, chosen.weight)
  }
}

function mostUrgentLast({ lists }: TokenInLine, now: number, stepMs: number): Row['left'] {
  const items = lists.flatMap((list) =>
    list.items.map((waiting) => {
      const waitedMs = now - waiting.sort.askedAt
      return { waiting, priority: effectivePriority(list.priority, waitedMs, stepMs) }
    })
  )
  return items.toSorted((a, b) => b.priority - a.priority || compareAge(b.waiting, a.waiting))
}

function headOfRow(row: Row, now: number, stepMs: number): Head {
  const { token, pass, weight } = row
  const { waiting, priority } = row.left.at(-1) as Row['left'][number]
  const isLate = now - waiting.sort.askedAt >= stepMs
  const of = { token, pass, weight }
  return { of, next: waiting, class: classOf(priority, row.maxPriority), isLate }
}
