/** Whom a desk tells first that something waits: the account that its tenant wants. */
import { expect, test } from 'vitest'
import { PlayedDesk } from '../../support/queue/desk-line.ts'

function open(): PlayedDesk {
  const desk = new PlayedDesk()
  for (const name of ['a', 'b', 'c']) desk.addAccount(name)
  desk.onWork = async (key) => {
    const account = desk.accounts.find((one) => one.key === key)
    if (account) await desk.ask(account)
  }
  return desk
}

test('with priority the best account is told first, and takes the item', async () => {
  const desk = open()
  desk.balancing = 'priority'
  for (const [at, account] of desk.accounts.entries()) account.priority = [3, 1, 2][at] ?? 3
  await desk.enqueue(desk.newItem())
  expect(desk.calls).toEqual(['heygen:b'])
})

test('with least-used the account that said that most is free is told first', async () => {
  const desk = open()
  desk.balancing = 'least-used'
  for (const [at, account] of desk.accounts.entries())
    await desk.ask(account, [1, 2, 3][at], { held: 3 })
  await desk.enqueue(desk.newItem())
  expect(desk.calls).toEqual(['heygen:c'])
})

test('without a choice accounts are told at random, by their weights', async () => {
  const desk = open()
  const [a, b, c] = desk.accounts
  if (a) a.weight = 1
  if (b) b.weight = 100
  if (c) c.weight = 1
  await desk.enqueue(desk.newItem())
  expect(desk.calls).toEqual(['heygen:b'])
})

test('when a pause ends every idle account is told, as long as something waits that it may start', async () => {
  for (const isPinned of [false, true]) {
    const desk = open()
    const [a] = desk.accounts
    for (const account of desk.accounts) await desk.ask(account)
    desk.line.pause({})
    const lane = { token: 'another', lane: a?.email ?? '', laneSince: a?.createdAt ?? 0 }
    // The account that is told of its lane may take something else.
    const pinned = isPinned ? [desk.newItem(lane)] : []
    const items = await desk.enqueue(...pinned, ...desk.newItems(4))
    await desk.settle()
    desk.calls = []
    desk.line.resume({})
    await desk.settle()
    expect(new Set(desk.calls).size).toBe(3)
    expect(items.filter((item) => desk.stateOf(item) === 'chosen')).toHaveLength(3)
  }
})
