/** What else a line has to bear: bulk calls, pauses, accounts that are drained, items that name another one, wide ones. */
import type { Chance } from '../world/chance.ts'
import type { PlannedItem, PlannedLine, Step } from './plan.ts'
import type { Room } from './rooms.ts'

/** How an item is put into the line. */
type DrawHow = (chance: Chance) => PlannedLine

/** Marks that no other steps of a plan have. */
const MARKS = { bulk: 1000, other: 1500 }
const ITEMS_OF_BULK = 100

function itemOf(
  room: Room,
  n: number,
  of: Pick<PlannedItem, 'tenant' | 'line'> & Partial<PlannedItem>
): PlannedItem {
  const { chance, plan } = room
  return {
    ...{ do: 'queue', mark: `mark-${plan.seed}-${n}`, kind: 'video', isKeyed: false },
    ...{ isNamed: false, hasCallbackId: false, languages: 1, polls: 0 },
    ...(chance.isHit('more told', 0.3) ? { own: 'told' as const } : {}),
    ...of,
  }
}

export function drawMore(room: Room, drawHow: DrawHow): Step[] {
  const { chance } = room
  const isIn = (of: string, part: number) => chance.isHit(`line has ${of}`, part)
  return [
    ...(isIn('bulk', 0.45) ? drawBulks(room, drawHow) : []),
    ...(isIn('pauses', 0.35) ? drawPauses(room) : []),
    ...(isIn('drains', 0.3) ? drawDrains(room) : []),
    ...(isIn('held items', 0.5) ? drawHeld(room, drawHow) : []),
    ...(isIn('wide items', 0.3) ? drawWide(room, drawHow) : []),
    ...(isIn('ends unheard', 0.35) ? drawUnheardEnds(room) : []),
  ]
}

/** Two kinds of calls: all of it keyed, which may come again, and none. */
function drawBulks(room: Room, drawHow: DrawHow): Step[] {
  const { chance, plan, at, tenant } = room
  return Array.from({ length: 1 + chance.index('bulks', 2) }, (_, call) => {
    const whose = tenant()
    const isKeyed = chance.isHit('bulk keyed', 0.6)
    const items = Array.from({ length: chance.pick('bulk items', [2, 7, 20]) }, (_one, n) => {
      const isWrong = chance.isHit('bulk item wrong', 0.1)
      const looks = chance.isHit('bulk look', 0.15)
        ? { looks: chance.pick('bulk look of', plan.accounts).name }
        : {}
      return itemOf(room, MARKS.bulk + ITEMS_OF_BULK * call + n, {
        ...{
          tenant: whose,
          isKeyed,
          kind: chance.pick('bulk kind', ['video', 'video', 'lipsync']),
        },
        ...looks,
        line: { ...drawHow(chance), ...(isWrong ? { isWrong } : {}) },
      })
    })
    const again = chance.isHit('bulk again', 0.5)
      ? { againAfterMs: chance.between('bulk again after', 1000, 600_000) }
      : {}
    return at(0.6 * chance.next('bulk when'), {
      ...{ do: 'bulk', tenant: whose, items, ...again },
      isSecond: chance.isHit('bulk of second', 0.3),
      isLines: chance.isHit('bulk lines', 0.4),
    })
  })
}

function drawPauses(room: Room): Step[] {
  const { chance, plan, at, tenant } = room
  return Array.from({ length: 1 + chance.index('pauses', 3) }, () => {
    const whose = tenant()
    const own = plan.accounts.filter((one) => one.tenant === whose)
    const isOfAccount = chance.isHit('pause of account', 0.4) && own.length > 0
    const isOfToken = chance.isHit('pause of token', 0.5)
    return at(0.7 * chance.next('pause when'), {
      ...{ do: 'pause', tenant: whose },
      ...(isOfAccount ? { account: chance.pick('paused account', own).name } : {}),
      ...(isOfToken ? { ofToken: chance.pick('paused token', ['first', 'second'] as const) } : {}),
      forMs: chance.between('paused for', 130_000, 900_000),
    })
  })
}

function drawDrains({ chance, plan, at }: Room): Step[] {
  return Array.from({ length: 1 + chance.index('drains', 2) }, () =>
    at(0.7 * chance.next('drain when'), {
      ...{ do: 'drain', account: chance.pick('drained', plan.accounts).name },
      forMs: chance.between('drained for', 130_000, 900_000),
    })
  )
}

/** Each names the one before it: a chain of three at most. */
function drawHeld(room: Room, drawHow: DrawHow): Step[] {
  const { chance, at, tenant } = room
  return Array.from({ length: 1 + chance.index('chains', 3) }).flatMap((_, chain) => {
    const whose = tenant()
    const from = 0.5 * chance.next('chain when')
    const length = 2 + chance.index('chain length', 2)
    return Array.from({ length }, (_one, n) => {
      const first = MARKS.other + 10 * chain
      const item = itemOf(room, first + n, { tenant: whose, line: drawHow(chance) })
      const { isRefused: _r, ...how } = item.line
      const after = n === 0 ? {} : { after: item.mark.replace(/\d+$/, String(first + n - 1)) }
      return at(from + 0.05 * n * chance.next('chain pause'), {
        ...item,
        line: { ...(n === 0 ? how : item.line), ...after },
      })
    })
  })
}

function drawWide(room: Room, drawHow: DrawHow): Step[] {
  const { chance, at, tenant } = room
  return Array.from({ length: 1 + chance.index('wide items', 6) }, (_, n) =>
    at(0.6 * chance.next('wide when'), {
      ...itemOf(room, MARKS.other + 100 + n, { tenant: tenant(), line: drawHow(chance) }),
      ...{ kind: 'translation', languages: 2 + chance.index('wide languages', 2) },
    })
  )
}

/** Nobody takes an end that the desk hands over. */
function drawUnheardEnds({ chance, at }: Room): Step[] {
  const when = Array.from({ length: 3 }, () => 0.7 * chance.next('ends unheard when'))
  const forMs = chance.between('ends unheard ms', 20_000, 300_000)
  return when.flatMap((part) =>
    Array.from({ length: 5 }, (_, n) =>
      at(part, {
        ...{ do: 'unreachable object', of: 'ACCOUNT_SLOTS', n, forMs, method: 'endUnstarted' },
      })
    )
  )
}
