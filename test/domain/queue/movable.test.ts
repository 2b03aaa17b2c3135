/** Items that only assets pin to an account: another serves one only when it finds nothing else. */
import { expect, test } from 'vitest'
import { ItemOrder } from '#domain/queue/item-order.ts'
import { laneName, type WaitingItem } from '#domain/queue/item-lists.ts'
import { newItem, pullOf, randomOf, STEP, waitingIn } from './pool.ts'

const WISHES = [
  { lane: '' },
  { lane: 'a' },
  { lane: 'b' },
  { lane: 'a', isMovable: true },
  { lane: 'b', isMovable: true },
] as const

function isOf({ sort: { lane } }: WaitingItem, account: string): boolean {
  return lane === '' || lane === account
}

test('an account takes what only assets pin to another one when it finds nothing else, and never what more pins (generated)', () => {
  const taken = { own: 0, moved: 0 }
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = randomOf(seed)
    const order = new ItemOrder(STEP)
    for (let now = 0; now < 60; now += 1) {
      for (let count = random(3); count > 0; count -= 1)
        order.add(newItem({ token: 'AB'[random(2)] ?? 'A', at: now, ...WISHES[random(5)] }))
      const account = random(2) === 0 ? 'a' : 'b'
      const pull = pullOf(account, 1)
      const before = waitingIn(order)
      const own = order.choose(pull, now)
      const chosen = own ?? order.choose({ ...pull, takesMovable: true }, now)
      expect(own !== undefined).toBe(before.some((one) => isOf(one, account)))
      const mayBe = before.some((one) => isOf(one, account) || one.sort.isMovable === true)
      expect(chosen !== undefined, `seed ${seed}`).toBe(mayBe)
      if (!chosen) continue
      if (own) taken.own += 1
      else {
        expect(chosen.sort.isMovable).toBe(true)
        taken.moved += 1
      }
    }
  }
  expect(Math.min(taken.own, taken.moved)).toBeGreaterThan(300)
})

test('in its own account an item that may move goes by its age among those that may not', () => {
  const order = new ItemOrder(STEP)
  const items = [1, 2, 3, 4].map((at) =>
    newItem({ token: 'A', at, lane: 'a', ...(at % 2 === 0 ? { isMovable: true } : {}) })
  )
  for (const one of items) order.add(one)
  expect(items.map(() => order.choose(pullOf('a', 1), 9))).toEqual(items)
})

test('no account is taken for another by the name of a lane, whatever its email', () => {
  const movable = laneName({ lane: 'a@x.example', laneSince: 5, isMovable: true })
  const odd = laneName({ lane: '~a@x.example', laneSince: 5 })
  expect(movable).not.toBe(odd)
})
