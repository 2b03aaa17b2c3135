/** Items that name a job which has not ended, as the provider says: they wait a minute beside the line. The account is played. */
import { expect, test } from 'vitest'
import { NOT_READY } from '#domain/line/tries.ts'
import { PlayedDesk, type PlayedAccount, type Wish } from '../../support/queue/desk-line.ts'

const MINUTE = 60_000

/** A desk with an item that its account has just given back as too early. */
async function early(wish: Wish = {}) {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  if (wish.token !== undefined) desk.addToken(wish.token, { maxConcurrent: 1 })
  const [item = ''] = await desk.enqueue(desk.newItem({ sealed: 'its body', ...wish }))
  await giveBack(desk, account, item)
  return { desk, account, item }
}

async function giveBack(desk: PlayedDesk, account: PlayedAccount, item: string): Promise<void> {
  const [work] = (await desk.ask(account)).work
  expect(work?.item).toBe(item)
  const leaseId = work?.leaseId ?? ''
  const back = { kind: 'back', item, leaseId, why: NOT_READY, isTooEarly: true } as const
  // Twice, as a report whose answer was lost.
  expect(desk.line.report(account.key, [back, back])).toEqual([item, item])
  await desk.settle()
}

test('an item that came too early waits a minute, also through a restart, and comes again with its body', async () => {
  const { desk, account, item } = await early()
  for (let round = 0; round < 2; round += 1) {
    expect(desk.stateOf(item)).toBe('held')
    desk.restart()
    expect(desk.stateOf(item)).toBe('held')
    await desk.ring(MINUTE / 2)
    expect((await desk.ask(account, 9)).work).toEqual([])
    await desk.ring(MINUTE / 2)
    expect(desk.stateOf(item)).toBe('waiting')
    if (round === 0) await giveBack(desk, account, item)
  }
  const [work] = (await desk.ask(account)).work
  expect(work).toMatchObject({ item, mayStart: true, sealed: 'its body' })
  expect(work?.record.tries).toMatchObject([{ why: NOT_READY }, { why: NOT_READY }])
  expect(work?.earlier).toHaveLength(2)
})

test('the alarm of the desk rings for an item that came too early, and tells an account of it', async () => {
  const { desk, account, item } = await early()
  const since = desk.now
  for (let n = 0; n < 4 && desk.stateOf(item) === 'held'; n += 1)
    await desk.ring((desk.line.nextAt(0, 0) ?? desk.now) - desk.now)
  expect(desk.stateOf(item)).toBe('waiting')
  expect(desk.now - since).toBe(MINUTE)
  expect(desk.calls).toContain(account.key)
})

test('while an item waits that came too early, others are started', async () => {
  const { desk, account } = await early()
  const [other] = await desk.enqueue(desk.newItem())
  expect((await desk.ask(account, 9)).work).toMatchObject([{ item: other }])
})

test('a start that comes to light while its item waits as too early is believed [I4]', async () => {
  const { desk, account, item } = await early()
  const earlier = desk.line.itemsOf([item])[0]?.tries
  expect(earlier).toHaveLength(1)
  const row = desk.storage.sql.exec<{ record: string }>('SELECT record FROM queued').toArray()[0]
  const [tried] = (JSON.parse(row?.record ?? '') as { tries: { leaseIds: string[] }[] }).tries
  desk.line.report(account.key, [desk.begun(item, tried?.leaseIds[0] ?? '', account)])
  expect(desk.stateOf(item)).toBe('begun')
  await desk.ring(2 * MINUTE)
  expect((await desk.ask(account, 9)).work).toEqual([])
})

test('an item that came too early can be cancelled, and keeps its deadline', async () => {
  const one = await early()
  expect(one.desk.line.cancel(one.item)).toMatchObject({ state: 'untold', reason: 'cancelled' })
  const other = await early({ startBy: one.desk.now + 30_000 })
  await other.desk.ring(MINUTE)
  expect(other.desk.ends).toMatchObject([{ item: other.item, reason: 'start_deadline' }])
})

test('an item that came too early gives its token’s share back until it is tried again', async () => {
  const { desk, account, item } = await early({ token: 'limited' })
  const [other = ''] = await desk.enqueue(desk.newItem({ token: 'limited' }))
  const [work] = (await desk.ask(account, 9)).work
  expect(work?.item).toBe(other)
  await desk.ring(MINUTE)
  expect(desk.stateOf(item)).toBe('waiting')
  expect((await desk.ask(account, 9, { underWay: [other] })).work).toEqual([])
})
