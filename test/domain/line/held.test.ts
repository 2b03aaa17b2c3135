/** What an item that names others waits for: over all states and outcomes, and played to the end. */
import { expect, test } from 'vitest'
import { afterOf, mayBeReadyLater, turnOfHeld, type NamedItem } from '#domain/line/held.ts'
import { BUSY, keptTries, NOT_READY } from '#domain/line/tries.ts'
import { move } from '#domain/queue/item-state.ts'
import type { ItemState, Try } from '#domain/queue/item.ts'
import { randomOf } from '../queue/pool.ts'

const STATES: ItemState[] = ['waiting', 'held', 'chosen', 'untold', 'begun', 'ended']
const OUTCOMES: NamedItem['outcome'][] = [
  undefined,
  'completed',
  'failed',
  'gone',
  'absent',
  'lost',
  'forced',
  'outcome_unknown',
]

test('an item waits for one that may still complete, and fails with one that cannot', () => {
  for (const state of STATES) {
    for (const outcome of OUTCOMES) {
      const one: NamedItem = { item: 'x', state, ...(outcome ? { outcome } : {}) }
      const isOver = state === 'untold' || state === 'ended'
      const isOpen = !isOver && (state !== 'begun' || outcome === undefined)
      const kind = isOpen ? 'held' : !isOver && outcome === 'completed' ? 'ready' : 'failed'
      expect(turnOfHeld([one]).kind, `${state} ${outcome}`).toBe(kind)
      expect(afterOf([one])).toBe(kind === 'ready' ? undefined : 'x')
    }
  }
  expect(turnOfHeld([])).toEqual({ kind: 'ready' })
  expect(turnOfHeld([{ item: 'x', state: 'begun', isForgotten: true }]).kind).toBe('ready')
  expect(turnOfHeld([{ item: 'x', state: 'ended', isForgotten: true }]).kind).toBe('failed')
})

test('one that failed decides before one that is still open, and of several open ones one is named', () => {
  const open = { item: 'a', state: 'waiting' } as const
  const done = { item: 'b', state: 'begun', outcome: 'completed' } as const
  const failed = { item: 'c', state: 'begun', outcome: 'failed' } as const
  expect(turnOfHeld([open, done, failed])).toEqual({ kind: 'failed', after: 'c' })
  expect(turnOfHeld([done, open])).toEqual({ kind: 'held', after: 'a' })
  expect(turnOfHeld([done, done])).toEqual({ kind: 'ready' })
})

interface Played extends NamedItem {
  names: Played[]
}

/** Chains of up to forty items that name earlier ones. Each step something happens to one, as the table of states allows. */
test('every held item starts or ends in the end, never before all that it names have completed (generated)', () => {
  const ends = { begun: 0, untold: 0 }
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = randomOf(seed)
    const items: Played[] = []
    for (let count = 0; count < 40; count += 1) {
      const names = items.filter(() => random(items.length) === 0).slice(0, 3)
      const isHeld = afterOf(names) !== undefined
      items.push({ item: `item ${count}`, names, state: isHeld ? 'held' : 'waiting' })
    }
    const step = (one: Played): void => {
      if (one.state === 'held') {
        const { kind } = turnOfHeld(one.names)
        if (kind === 'held') return
        one.state = moved(one.state, kind === 'ready' ? 'ready' : 'dependency_failed')
        if (kind === 'ready')
          expect(one.names.every(({ outcome }) => outcome === 'completed')).toBe(true)
      } else if (one.state === 'waiting') {
        one.state = moved(one.state, random(20) === 0 ? 'cancel' : 'choose')
      } else if (one.state === 'chosen') {
        one.state = moved(one.state, random(9) === 0 ? 'back' : random(20) === 0 ? 'over' : 'begun')
      } else if (one.state === 'begun') {
        one.outcome ??= OUTCOMES[random(4) === 0 ? 1 + random(7) : 1] ?? 'completed'
      }
    }
    for (let round = 0; round < 400; round += 1) step(items[random(40)] as Played)
    for (let round = 0; round < 100; round += 1) for (const one of items) step(one)
    for (const { state, outcome, names } of items) {
      expect(['begun', 'untold', 'ended'], `seed ${seed}`).toContain(state)
      if (state === 'begun') expect(outcome).toBeDefined()
      if (state === 'begun' && names.length > 0) ends.begun += 1
      if (state === 'untold' && names.length > 0) ends.untold += 1
    }
  }
  expect(Math.min(ends.begun, ends.untold)).toBeGreaterThan(50)
})

function moved(from: ItemState, event: Parameters<typeof move>[1]): ItemState {
  const to = move(from, event)
  if (to === 'refused') throw new Error(`${from} and ${event}`)
  return to
}

test('an item that the provider calls too early ten times ends with the next time', () => {
  const early: Try = { account: 'a', leaseIds: ['l'], at: 0, why: NOT_READY }
  const others = Array.from({ length: 30 }, (_, n): Try => ({ ...early, why: BUSY, at: n }))
  const triesWith = (count: number) => [...Array.from({ length: count }, () => early), ...others]
  expect([0, 9].map((count) => mayBeReadyLater(triesWith(count)))).toEqual([true, true])
  expect(mayBeReadyLater(triesWith(10))).toBe(false)
  // Other reasons to come back do not make it forget.
  expect(mayBeReadyLater(keptTries(triesWith(10)))).toBe(false)
})
