/** Items that wait for the end of another item's job, as the desk asks about it. The accounts are played. */
import { expect, test } from 'vitest'
import type { NewItem } from '#domain/queue/item.ts'
import { PlayedDesk, type PlayedAccount } from '../../support/queue/desk-line.ts'

const DAY = 86_400_000

const COMPLETED = { ended: { outcome: { status: 'completed' } } }

/** An item that has begun on the account. */
async function begunOne(desk: PlayedDesk, account: PlayedAccount): Promise<NewItem> {
  const first = desk.newItem()
  await desk.enqueue(first)
  const { work } = await desk.ask(account)
  desk.line.report(account.key, [desk.begun(first.item, work[0]?.leaseId ?? '', account)])
  return first
}

function naming(desk: PlayedDesk, { item, record: { names } }: NewItem): NewItem {
  const held = desk.newItem()
  held.record.named = [{ name: names[0] ?? '', item }]
  return held
}

test('what names a creation that ended without a start is never given out, and ends as its dependency did', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const first = desk.newItem()
  await desk.enqueue(first)
  desk.line.cancel(first.item)
  await desk.settle()
  // A Worker may have seen it wait, some seconds ago.
  const held = naming(desk, first)
  await desk.enqueue(held)
  expect((await desk.ask(account)).work).toEqual([])
  await desk.settle()
  expect(desk.line.itemsOf([held.item])).toMatchObject([{ reason: 'dependency_failed' }])
})

test('what names a job that ended so long ago that its account has forgotten it starts', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const first = await begunOne(desk, account)
  desk.now += 31 * DAY
  const held = naming(desk, first)
  await desk.enqueue(held)
  const { work } = await desk.ask(account)
  expect(work).toMatchObject([{ item: held.item, reals: [{ id: `job-of-${first.item}` }] }])
})

test('an account that never answers keeps no other item held, and the look goes on [I3]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [one, other] = [await begunOne(desk, account), await begunOne(desk, account)]
  desk.giveUp = true
  desk.onFind = (_, jobId) =>
    jobId === `job-of-${one.item}` ? new Promise<never>(() => {}) : COMPLETED
  const [held, ready] = [naming(desk, one), naming(desk, other)]
  await desk.enqueue(held, ready)
  await desk.ring(30_000)
  expect([held, ready].map(({ item }) => desk.stateOf(item))).toEqual(['held', 'waiting'])
})

test('what names a job waits while its account does not know it yet, or does not answer', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const first = await begunOne(desk, account)
  const held = naming(desk, first)
  await desk.enqueue(held)
  await desk.ring(30_000)
  expect(desk.stateOf(held.item)).toBe('held')
  desk.onFind = () => {
    throw new Error('it does not answer')
  }
  const late = naming(desk, first)
  desk.now += 31 * DAY
  late.sort.startBy = desk.now + 7 * DAY
  await desk.enqueue(late)
  await desk.ring(30_000)
  expect(desk.stateOf(late.item)).toBe('held')
})

test('what names a job goes to the account of the job, also after that got another key', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const first = await begunOne(desk, account)
  const held = naming(desk, first)
  await desk.enqueue(held)
  desk.accounts = []
  const other = desk.addAccount('b')
  const renewed = { ...account, key: 'heygen:another' }
  desk.accounts.push(renewed)
  desk.onFind = (key) => (key === account.key ? COMPLETED : undefined)
  await desk.ring(30_000)
  expect((await desk.ask(other)).work).toEqual([])
  expect((await desk.ask(renewed)).work).toMatchObject([{ item: held.item }])
})

test('what names an item that was cancelled meanwhile ends with it, and no account gets it [I4]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const first = desk.newItem()
  await desk.enqueue(first)
  desk.line.cancel(first.item, undefined)
  const late = naming(desk, first)
  await desk.enqueue(late)
  const { work } = await desk.ask(account)
  expect(work).toEqual([])
  await desk.ring(30_000)
  expect(['untold', 'ended']).toContain(desk.stateOf(late.item))
  expect((await desk.ask(account)).work).toEqual([])
})
