/** What the desk stores of a queued creation, and what it says of it. The account is played. */
import { expect, test } from 'vitest'
import { namesOf } from '#domain/queue/item-name.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { PlayedDesk, START } from '../../support/queue/desk-line.ts'

test('an item that was accepted is there after a restart, with its body [I3]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [item] = await desk.enqueue(desk.newItem({ sealed: 'its body' }))
  desk.restart()
  expect(desk.stateOf(item ?? '')).toBe('waiting')
  const { work } = await desk.ask(account)
  expect(work).toMatchObject([{ item, mayStart: true, sealed: 'its body', earlier: [] }])
})

test('an enqueue that comes twice writes one row, and says how the item is now [I4]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const added = desk.newItem()
  expect(await desk.line.enqueue([added])).toMatchObject([{ kind: 'queued' }])
  expect(await desk.line.enqueue([added])).toMatchObject([
    { kind: 'known', shown: { item: added.item, state: 'waiting' } },
  ])
  const { work } = await desk.ask(account)
  desk.line.report(account.key, [desk.begun(added.item, work[0]?.leaseId ?? '', account)])
  expect(await desk.line.enqueue([added])).toMatchObject([
    { kind: 'known', shown: { item: added.item, state: 'begun' } },
  ])
  expect(desk.rows()).toHaveLength(1)
  expect((await desk.ask(account)).work).toEqual([])
})

test('two requests of one ms never share a name', async () => {
  const desk = new PlayedDesk()
  const one = desk.newItem()
  const name = namesOf(one.item, 1, { kind: 'decimal' })
  one.record.names = name
  const other = desk.newItem({ names: name })
  expect(await desk.line.enqueue([one, other])).toMatchObject([
    { kind: 'queued' },
    { kind: 'taken' },
  ])
  const same = { ...one, record: { ...one.record, requestId: 'another request' } }
  expect(await desk.line.enqueue([same])).toEqual([{ kind: 'taken' }])
})

test('an item is found by its names, its id and its request, in every form', async () => {
  const desk = new PlayedDesk()
  const requestId = newTimedId(desk.now + 1, crypto.randomUUID())
  const first = desk.newItem({ requestId })
  const prefixed = desk.newItem()
  prefixed.record.names = namesOf(prefixed.item, 2, { kind: 'prefix', prefix: 'batch_' })
  const decimal = desk.newItem()
  decimal.record.names = namesOf(decimal.item, 2, { kind: 'decimal' })
  await desk.enqueue(first, prefixed, decimal)
  const found = (name: string) => desk.line.itemsOf([name]).map(({ item }) => item)
  expect(found(first.item)).toEqual([first.item])
  expect(found(first.record.names[0] ?? '')).toEqual([first.item])
  expect(found(`request:${requestId}`)).toEqual([first.item])
  for (const one of [prefixed, decimal])
    for (const name of one.record.names) expect(found(name)).toEqual([one.item])
  // Of that moment or that item, and no name of it.
  expect(found(namesOf(prefixed.item, 1, { kind: 'hex' })[0] ?? '')).toEqual([])
  expect(found(namesOf(decimal.item, 3, { kind: 'decimal' })[2] ?? '')).toEqual([])
  expect(found(`request:${crypto.randomUUID()}`)).toEqual([])
  expect(desk.line.itemsOf([first.item, ...first.record.names, 'job-1'])).toHaveLength(1)
})

test('a token’s own cap refuses by name, and counts what is chosen', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  desk.addToken('few', { maxQueued: 2 })
  await desk.enqueue(desk.newItem({ token: 'few' }))
  await desk.ask(account)
  const more = await desk.line.enqueue(desk.newItems(2, { token: 'few' }))
  expect(more).toMatchObject([{ kind: 'queued' }, { kind: 'full', cap: 'token' }])
  expect(await desk.line.enqueue([desk.newItem()])).toMatchObject([{ kind: 'queued' }])
})

test('a token that has as much in line as it may is told when its next item starts', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  desk.addToken('few', { maxQueued: 1 })
  await desk.enqueue(...desk.newItems(20), desk.newItem({ token: 'few' }))
  const full = async () => (await desk.line.enqueue([desk.newItem({ token: 'few' })]))[0]
  expect(await full()).toMatchObject({ cap: 'token', retryAfterSeconds: 59 })
  const { work } = await desk.ask(account, 21)
  expect(work).toHaveLength(21)
  // It is being started. 21 slots, and jobs of five minutes.
  expect(await full()).toMatchObject({ retryAfterSeconds: 15 })
})

test('a begun item has no body left, and leads to its job [I6]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [item = ''] = await desk.enqueue(desk.newItem())
  const { work } = await desk.ask(account)
  const leaseId = work[0]?.leaseId ?? ''
  expect(desk.line.report(account.key, [desk.begun(item, leaseId, account)])).toEqual([item])
  expect(desk.rows()).toEqual([{ is_gone: 1, item, sealed: null }])
  expect(desk.line.itemsOf([item])).toMatchObject([
    { state: 'begun', jobIds: [`job-of-${item}`], leaseId, owner: { email: account.email } },
  ])
  desk.restart()
  expect(desk.stateOf(item)).toBe('begun')
})

test('no body is kept once an item can start no more: cancelled, over or refused by three [I6]', async () => {
  const desk = new PlayedDesk()
  desk.onEnds = async () => []
  const [a, b, c] = [desk.addAccount('a'), desk.addAccount('b'), desk.addAccount('c')]
  const [cancelled = ''] = await desk.enqueue(desk.newItem())
  desk.line.cancel(cancelled)
  const [over = ''] = await desk.enqueue(desk.newItem())
  const { work } = await desk.ask(a)
  const leaseId = work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'over', item: over, leaseId, reason: 'lost' }])
  const [refused = ''] = await desk.enqueue(desk.newItem())
  for (const account of [a, b, c]) {
    const got = (await desk.ask(account)).work[0]?.leaseId ?? ''
    const refusal = `sealed refusal of ${account.key}`
    const back = { kind: 'back', item: refused, leaseId: got, why: 'refused' } as const
    desk.line.report(account.key, [{ ...back, isLeftOut: true, refusal }])
  }
  await desk.settle()
  expect(desk.rows().map(({ sealed }) => sealed)).toEqual([null, null, null])
  const shown = desk.line.itemsOf([cancelled, over, refused])
  expect(shown).toMatchObject([
    { state: 'untold', reason: 'cancelled' },
    { state: 'ended', reason: 'lost' },
    { state: 'untold', reason: 'refused', refusal: `sealed refusal of ${c.key}` },
  ])
})

test('a cancel ends only what is not chosen yet, and only for its token', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [item = '', other = ''] = await desk.enqueue(...desk.newItems(2))
  expect(desk.line.cancel(item, { token: 'another token' })).toBeUndefined()
  expect(desk.line.cancel('no name')).toBeUndefined()
  await desk.ask(account)
  expect(desk.line.cancel(item)).toBe('late')
  expect(desk.line.cancel(other, { token: 'token' })).toMatchObject({
    state: 'untold',
    reason: 'cancelled',
  })
  await desk.settle()
  expect(desk.line.cancel(other, { token: 'token' })).toMatchObject({
    state: 'ended',
    reason: 'cancelled',
  })
  expect(desk.ends).toMatchObject([{ item: other, reason: 'cancelled', endedAt: desk.now }])
  expect((await desk.ask(account, 9, { underWay: [item] })).work).toEqual([])
})

test('a closed desk takes and gives nothing [I5]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [item = ''] = await desk.enqueue(...desk.newItems(2))
  const { work } = await desk.ask(account)
  desk.isClosed = true
  desk.line.forgetAll()
  const answers = await desk.line.enqueue([desk.newItem()])
  expect(answers).toEqual([{ kind: 'closed' }])
  expect(await desk.ask(account, 9)).toEqual({ work: [], leave: 0, isMore: false })
  expect(desk.line.itemsOf([item])).toEqual([])
  expect(desk.line.cancel(item)).toBeUndefined()
  const begun = desk.begun(item, work[0]?.leaseId ?? '', account)
  expect(desk.line.report(account.key, [begun])).toEqual([item])
  expect(desk.learned).toEqual([])
  expect(desk.rows()).toEqual([])
})

test('an account that another tenant has taken gets nothing of this one [I5]', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  await desk.enqueue(desk.newItem())
  const answer = await desk.ask(account, 9, { tenant: 'tenant-2' })
  expect(answer).toEqual({ work: [], leave: 0, isMore: false })
})

test('a row that left the line is kept as long as its job’s owner, and then deleted', async () => {
  const desk = new PlayedDesk()
  desk.addAccount('a')
  const [item = '', waits = ''] = await desk.enqueue(...desk.newItems(2))
  desk.line.cancel(item)
  await desk.settle()
  const [day, keep] = [86_400_000, 90 * 86_400_000]
  expect(desk.line.nextAt(keep, day)).toBeLessThanOrEqual(START + 30_000)
  desk.line.forget(START + 97 * day, keep)
  expect(desk.rows().map((row) => row.item)).toEqual([waits, item])
  desk.line.forget(START + 97 * day + 60_000, keep)
  expect(desk.rows().map((row) => row.item)).toEqual([waits])
})

test('what one hour brought is deleted in one step, however much it was', async () => {
  const desk = new PlayedDesk()
  const account = desk.addAccount('a')
  const [item = ''] = await desk.enqueue(desk.newItem())
  const { work } = await desk.ask(account)
  desk.line.report(account.key, [desk.begun(item, work[0]?.leaseId ?? '', account)])
  // 20,000 more of the same moment.
  desk.storage.sql
    .exec(`WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 20000)
    INSERT INTO queued (is_gone, item, sort, record) SELECT 1, substr(item, 1, 24) || printf('%012d', n), sort, record
    FROM many CROSS JOIN queued`)
  const day = 86_400_000
  desk.line.forget(START + 98 * day, 90 * day)
  expect(desk.rows()).toEqual([])
})
