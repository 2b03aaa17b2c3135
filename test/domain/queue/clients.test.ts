/** Waiting clients and items in one order: against a slow model, and that neither holds up the other. */
import { expect, test } from 'vitest'
import { ItemOrder } from '#domain/queue/item-order.ts'
import type { WaitingItem } from '#domain/queue/item-lists.ts'
import type { Pull } from '#domain/queue/may-start.ts'
import { additionOf } from '#domain/queue/pass.ts'
import { placesOf } from '#domain/queue/place.ts'
import { clientInLine, type ClientWish, type WaitingClient } from '#domain/queue/waiting-clients.ts'
import { MINUTE, newItem, newItems, pullOf, randomOf, STEP, waitingIn } from './pool.ts'

let made = 0

function newClient(wish: Partial<ClientWish> & { token: string }): WaitingClient {
  made += 1
  const id = `client-${String(made).padStart(9, '0')}`
  return clientInLine({ id, since: 0, accounts: ['a', 'b'], ...wish })
}

function newClients(count: number, wish: Partial<ClientWish> & { token: string }): WaitingClient[] {
  return Array.from({ length: count }, () => newClient(wish))
}

/** Everything that waits is sorted, and the first is taken. It knows no lists. */
function slowly(
  order: ItemOrder,
  clients: readonly WaitingClient[],
  account: string,
  now: number
): string | undefined {
  const terms = new Map(order.tokens().map((of) => [of.token, of]))
  const rows = [
    ...clients
      .filter(({ accounts }) => accounts.has(account))
      .map((waiting) => ({ waiting, kind: 0 })),
    ...waitingIn(order)
      .filter(({ sort }) => sort.lane === '' || sort.lane === account)
      .map((waiting) => ({ waiting, kind: 1 })),
  ].map((row) => {
    const { sort } = row.waiting
    const urgency = Math.max(1, sort.priority - Math.floor((now - sort.askedAt) / STEP))
    return { ...row, urgency, of: terms.get(sort.token) }
  })
  const inside = rows.toSorted(
    (a, b) =>
      a.urgency - b.urgency ||
      a.kind - b.kind ||
      a.waiting.sort.askedAt - b.waiting.sort.askedAt ||
      (a.waiting.item < b.waiting.item ? -1 : 1)
  )
  const heads = [...terms.keys()].flatMap(
    (token) => inside.find(({ waiting }) => waiting.sort.token === token) ?? []
  )
  const [first] = heads.toSorted(
    (a, b) =>
      Math.max(a.urgency, a.of?.maxPriority ?? 3) - Math.max(b.urgency, b.of?.maxPriority ?? 3) ||
      (a.of?.pass ?? 0) - (b.of?.pass ?? 0) ||
      a.waiting.sort.askedAt - b.waiting.sort.askedAt ||
      (a.waiting.sort.token < b.waiting.sort.token ? -1 : 1)
  )
  return first?.waiting.item
}

test('the order of items and waiting clients is that of the slow model', () => {
  const turns = { item: 0, client: 0 }
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomOf(seed)
    const order = new ItemOrder(STEP)
    for (const token of ['A', 'B', 'C'])
      order.setTerms(token, { weight: 1 + random(30), maxPriority: 1 + random(4) })
    const clients = new Map<string, WaitingClient>()
    let now = 0
    for (let step = 0; step < 120; step += 1) {
      now += random(20_000)
      const token = 'ABC'[random(3)] ?? 'A'
      const priority = 1 + random(5)
      for (let count = random(3); count > 0; count -= 1)
        order.add(newItem({ token, at: now, priority, lane: ['', '', 'a', 'b'][random(4)] ?? '' }))
      for (let count = random(3); count > 0; count -= 1) {
        const accounts = [['a'], ['b'], ['a', 'b']][random(3)] ?? []
        const client = newClient({ token, since: now, priority, accounts })
        clients.set(client.item, client)
        order.addClient(client)
      }
      const own = random(2) === 0 ? 'a' : 'b'
      for (let free = random(4); free > 0; free -= 1) {
        const wanted = slowly(order, [...clients.values()], own, now)
        const pull = freshPull(own, clients.values())
        expect(order.peek(pull, now)?.next.item).toBe(wanted)
        const got = order.chooseTurn(pull, now)
        expect(got?.waiting.item, `seed ${seed}, step ${step}`).toBe(wanted)
        if (!got) continue
        turns[got.kind] += 1
        clients.delete(got.waiting.item)
        if (random(5) > 0) continue
        if (got.kind === 'item') order.giveBack(got.waiting)
        else {
          order.giveBackClient(got.waiting)
          clients.set(got.waiting.item, got.waiting)
        }
      }
    }
  }
  expect(Math.min(turns.item, turns.client)).toBeGreaterThan(500)
})

let pulls = 0

/** Each time an account of another key, which owes nobody anything: the model does not know that. Clients know it at once. */
function freshPull(own: string, clients: Iterable<WaitingClient>): Pull {
  pulls += 1
  const account = `${own}-${pulls}`
  for (const { accounts } of clients) if (accounts.has(own)) (accounts as Set<string>).add(account)
  return { ...pullOf(own, 1), account }
}

/** One start after another at one account, whose jobs end at once. */
function turnsOf(order: ItemOrder, count: number, account = 'a'): string[] {
  return Array.from({ length: count }, () => {
    const turn = order.chooseTurn(pullOf(account, 1), 1)
    return turn ? `${turn.kind} of ${turn.waiting.sort.token}` : 'nothing'
  })
}

function countOf(turns: readonly string[], one: string): number {
  return turns.filter((turn) => turn === one).length
}

test('100 waiting clients of one token do not stop the items of another', () => {
  const order = new ItemOrder(STEP)
  for (const one of newItems(100, { token: 'B' })) order.add(one)
  for (const one of newClients(100, { token: 'A' })) order.addClient(one)
  const turns = turnsOf(order, 100)
  expect([countOf(turns, 'client of A'), countOf(turns, 'item of B')]).toEqual([50, 50])
})

test('10,000 items of one token do not stop the waiting clients of another', () => {
  const order = new ItemOrder(STEP)
  for (const one of newItems(10_000, { token: 'A' })) order.add(one)
  turnsOf(order, 300)
  for (const one of newClients(20, { token: 'B' })) order.addClient(one)
  const turns = turnsOf(order, 41)
  expect(countOf(turns, 'client of B')).toBe(20)
})

test('of one token a client goes before items of the same or a worse priority, and after better ones', () => {
  const order = new ItemOrder(STEP)
  for (const priority of [2, 3, 4]) order.add(newItem({ token: 'A', priority }))
  order.addClient(newClient({ token: 'A', since: 1, priority: 3 }))
  const turns = Array.from({ length: 4 }, () => order.chooseTurn(pullOf('a', 1), 1))
  expect(turns.map((turn) => `${turn?.kind} ${turn?.waiting.sort.priority}`)).toEqual([
    'item 2',
    'client 3',
    'item 3',
    'item 4',
  ])
})

test('the start of a client adds to the pass of its token, and gives it back where the account was full', () => {
  const order = new ItemOrder(STEP)
  const client = newClient({ token: 'A', slots: 2 })
  order.addClient(client)
  order.add(newItem({ token: 'B' }))
  expect(order.chooseTurn(pullOf('a', 2), 1)).toEqual({ kind: 'client', waiting: client })
  expect(order.passOf('A')).toBe(additionOf(2, 10))
  order.giveBackClient(client)
  expect(order.passOf('A')).toBe(0)
  const back = { ...pullOf('a', 2), gaveBack: new Set([client.item]) }
  expect(order.chooseTurn(back, 1)?.kind).toBe('item')
})

test('a client is sent only to an account that can serve it, with slots enough, within its own limit, and not where its row is parked', () => {
  const may = (wish: Partial<ClientWish>, pull = pullOf('a', 2)) => {
    const order = new ItemOrder(STEP)
    order.addClient(newClient({ token: 'A', ...wish }))
    return order.chooseTurn(pull, 1000) !== undefined
  }
  expect(may({})).toBe(true)
  expect(may({ accounts: ['b'] })).toBe(false)
  expect(may({ slots: 3 })).toBe(false)
  expect(may({ limit: 2 }, pullOf('a', 2, 1))).toBe(true)
  expect(may({ limit: 1 }, pullOf('a', 2, 1))).toBe(false)
  const parked = (scope: 'jobs' | 'row:POST /v3/videos') => ({
    ...pullOf('a', 2),
    parkings: [{ scope, reason: 'busy' as const, detail: '', until: 2000, streak: 1 }],
  })
  expect(may({ route: 'POST /v3/videos' }, parked('row:POST /v3/videos'))).toBe(false)
  expect(may({ route: 'POST /v3/other' }, parked('row:POST /v3/videos'))).toBe(true)
  expect(may({}, parked('jobs'))).toBe(false)
})

test('a client is waiting once, and what has gone is never chosen', () => {
  const order = new ItemOrder(STEP)
  const client = newClient({ token: 'A' })
  expect([order.addClient(client), order.addClient(client)]).toEqual([true, false])
  expect(order.removeClient(client.item)).toBe(client)
  expect(order.removeClient(client.item)).toBeUndefined()
  expect(order.chooseTurn(pullOf('a', 1), 1)).toBeUndefined()
  expect(order.tokens()).toEqual([])
})

test('a choice among items alone passes over clients, and counts neither bytes nor places of theirs', () => {
  const order = new ItemOrder(STEP)
  const item = newItem({ token: 'A', at: 1 })
  order.add(item)
  order.addClient(newClient({ token: 'A' }))
  expect([order.lists.count, order.lists.countOf('A')]).toEqual([1, 1])
  expect(order.choose(pullOf('a', 1), 1)).toBe(item)
  expect(order.choose(pullOf('a', 1), 1)).toBeUndefined()
})

test('places count the clients that go before an item', () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const random = randomOf(seed)
    const order = new ItemOrder(STEP)
    order.setTerms('B', { weight: 25, maxPriority: 2 })
    const now = 25 * MINUTE
    const some = () => ({ token: 'ABC'[random(3)] ?? 'A', priority: 1 + random(5) })
    const all: WaitingItem[] = []
    for (let count = 0; count < 80; count += 1) {
      const item = newItem({ ...some(), at: random(now) })
      order.add(item)
      all.push(item)
    }
    for (let count = 0; count < 30; count += 1) {
      const client = newClient({ ...some(), since: now - random(MINUTE) })
      order.addClient(client)
      all.push(client)
    }
    const places = placesOf(order.tokens(), now, STEP)
    const turns = all.map(() => order.chooseTurn(pullOf('a', 1), now)?.waiting.item ?? '')
    expect(turns.map((item) => places.get(item)?.place)).toEqual(turns.map((_, index) => index + 1))
  }
})
