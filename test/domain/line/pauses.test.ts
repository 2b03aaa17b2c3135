/** Where the line is paused nothing is chosen, and everything else goes on. */
import { expect, test } from 'vitest'
import { isPaused, pauseAlso, resumed, withPauses, type Pause } from '#domain/line/pauses.ts'
import { ItemOrder } from '#domain/queue/item-order.ts'
import { clientInLine } from '#domain/queue/waiting-clients.ts'
import { newItem, pullOf, randomOf, STEP } from '../queue/pool.ts'

test('a paused token, account or line starts nothing there, and nothing else is held up (generated)', () => {
  let paused = 0
  for (let seed = 1; seed <= 80; seed += 1) {
    const random = randomOf(seed)
    const order = new ItemOrder(STEP)
    for (let count = 0; count < 30; count += 1)
      order.add(
        newItem({ token: 'ABC'[random(3)] ?? 'A', lane: ['', '', 'a', 'b'][random(4)] ?? '' })
      )
    const pauses = Array.from({ length: 1 + random(3) }, (): Pause => {
      const token = ['A', 'B', undefined, 'C'][random(4)]
      const lane = ['a 1', 'b 1', undefined][random(3)]
      return { ...(token === undefined ? {} : { token }), ...(lane === undefined ? {} : { lane }) }
    })
    const isStopped = (token: string, account: string) =>
      pauses.some(
        ({ token: of = token, lane = `${account} 1` }) => of === token && lane === `${account} 1`
      )
    const left = new Map<string, string[]>()
    for (const account of ['a', 'b']) {
      const pull = withPauses(pullOf(account, 1), ['A', 'B', 'C'], pauses)
      for (let one = order.choose(pull, 1); one; one = order.choose(pull, 1))
        expect(isStopped(one.sort.token, account)).toBe(false)
      const waiting = order
        .tokens()
        .flatMap(({ lists }) => lists)
        .filter(({ lane }) => lane === '' || lane === `${account} 1`)
        .flatMap(({ items }) => items)
      left.set(
        account,
        waiting.map(({ sort }) => sort.token)
      )
    }
    for (const [account, tokens] of left) {
      paused += tokens.length
      for (const token of tokens) expect(isStopped(token, account), `seed ${seed}`).toBe(true)
    }
  }
  expect(paused).toBeGreaterThan(200)
})

test('a pause does not touch a waiting client', () => {
  const order = new ItemOrder(STEP)
  order.add(newItem({ token: 'A' }))
  order.addClient(clientInLine({ id: 'c', since: 5, accounts: ['a'], token: 'A' }))
  const pull = withPauses(pullOf('a', 2), ['A'], [{}])
  expect([order.chooseTurn(pull, 9)?.kind, order.chooseTurn(pull, 9)]).toEqual([
    'client',
    undefined,
  ])
})

test('tokens that may start nothing for another reason stay stopped', () => {
  const pull = { ...pullOf('a', 1), stopped: new Set(['B']) }
  expect(withPauses(pull, ['A', 'B', 'C'], [{ token: 'A' }]).stopped).toEqual(new Set(['A', 'B']))
  expect(withPauses(pull, ['A'], [])).toBe(pull)
})

test('a pause twice is one, and to resume ends that pause and no other', () => {
  const all = [{}, { token: 'A' }, { lane: 'a 1' }, { token: 'A', lane: 'a 1' }].reduce<Pause[]>(
    (pauses, pause) => pauseAlso(pauseAlso(pauses, pause), pause),
    []
  )
  expect(all).toHaveLength(4)
  expect(isPaused(all, 'B', 'b 1')).toBe(true)
  const some = resumed(all, {})
  expect(some).toHaveLength(3)
  expect(isPaused(some, 'B', 'b 1')).toBe(false)
  expect(isPaused(some, 'A', 'b 1')).toBe(true)
  expect(isPaused(resumed(some, { token: 'A' }), 'A', 'b 1')).toBe(false)
  expect(isPaused(resumed(some, { token: 'A' }), 'A', 'a 1')).toBe(true)
})
