/** Places in a pool whose slots come free at times of their own, beside what then starts. */
import { expect, test } from 'vitest'
import { ItemOrder } from '#domain/queue/item-order.ts'
import { placesOf } from '#domain/queue/place.ts'
import { clientInLine } from '#domain/queue/waiting-clients.ts'
import { MINUTE, newItem, pullOf, randomOf, STEP, waitingIn } from './pool.ts'

const NOW = 31 * MINUTE

interface Seat {
  account: string
  lane: string
  ends: number[]
}

/** The next slot to come free is filled with what its account chooses. Undefined: no account finds anything any more. */
function fillNext(order: ItemOrder, seats: Seat[]): { item: string; at: number } | undefined {
  for (;;) {
    const endOf = ({ ends: [end = Infinity] }: Seat) => end
    const [seat] = seats.toSorted((one, other) => endOf(one) - endOf(other))
    const at = seat?.ends.shift()
    if (!seat || at === undefined) return undefined
    const turn = order.chooseTurn(pullOf(seat.account, 1), NOW)
    if (!turn) continue
    seat.ends.push(at + MINUTE)
    return { item: turn.waiting.item, at }
  }
}

/** Half an hour of items of four tokens, one in eight of them pinned, and clients that some of the accounts may serve. */
function newLine(random: (below: number) => number): ItemOrder {
  const order = new ItemOrder(STEP)
  order.setTerms('B', { weight: 30, maxPriority: 1 })
  order.setTerms('C', { weight: 1, maxPriority: 3 })
  order.setTerms('D', { weight: 10, maxPriority: 2 })
  const some = () => ({ token: 'ABCD'[random(4)] ?? 'A', priority: 1 + random(5) })
  for (let count = 0; count < 200; count += 1) {
    const lane = random(8) === 0 ? ('abe'[random(3)] ?? '') : ''
    order.add(newItem({ ...some(), at: random(30 * MINUTE), lane }))
  }
  for (let count = 0; count < 20; count += 1) {
    const accounts = [['a'], ['b', 'a'], ['c', 'b']][random(3)] ?? []
    order.addClient(clientInLine({ id: `client${count}`, since: NOW - count, accounts, ...some() }))
  }
  return order
}

test.for([1, 2, 4])(
  'in a pool of %i accounts the places and times are those of the starts, also of what is pinned, of clients, and where accounts owe',
  (count) => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = randomOf(seed)
      const order = newLine(random)
      const seats = ['a', 'b', 'c', 'd'].slice(0, count).map((account): Seat => {
        const ends = Array.from({ length: 3 }, () => NOW + random(MINUTE))
        return { account, lane: pullOf(account, 1).lane, ends: ends.toSorted((a, b) => a - b) }
      })
      for (let before = random(80); before > 0; before -= 1) fillNext(order, seats)
      const accounts = seats.map((seat) => {
        const owed = order.owedBy(seat.account)
        return { ...seat, ends: [...seat.ends], ...(owed ? { owed } : {}) }
      })
      const places = placesOf(order.tokens(), NOW, STEP, { accounts, meanOf: () => MINUTE })
      const starts: { item: string; at: number }[] = []
      for (let one = fillNext(order, seats); one; one = fillNext(order, seats)) starts.push(one)
      expect(starts.length).toBeGreaterThan(80)
      expect(starts.map(({ item }) => places.get(item))).toEqual(
        starts.map(({ at }, index) => ({ place: index + 1, startsAt: at }))
      )
      // What is pinned to an account that is not there comes last, and has no time.
      const rest = waitingIn(order).map(({ item }) => places.get(item))
      expect(rest.length).toBeGreaterThan(0)
      for (const one of rest) {
        expect(one?.place).toBeGreaterThan(starts.length)
        expect(one).not.toHaveProperty('startsAt')
      }
    }
  }
)

test('what is paused comes last without a time, and what is parked when that is over', () => {
  const order = new ItemOrder(STEP)
  const [paused, parked, open] = [
    newItem({ token: 'A', at: 1 }),
    newItem({ token: 'B', at: 2 }),
    newItem({ token: 'C', at: 3 }),
  ]
  for (const one of [paused, parked, open]) order.add(one)
  const from = ({ sort: { token } }: { sort: { token: string } }) =>
    token === 'A' ? undefined : token === 'B' ? NOW + 5 * MINUTE : NOW
  const account = { account: 'a', lane: '', ends: [NOW + 10], from }
  const places = placesOf(order.tokens(), NOW, STEP, { accounts: [account], meanOf: () => MINUTE })
  expect(places.get(open.item)).toEqual({ place: 1, startsAt: NOW + 10 })
  expect(places.get(parked.item)).toEqual({ place: 2, startsAt: NOW + 5 * MINUTE })
  expect(places.get(paused.item)).toEqual({ place: 3 })
})
