/** Waiting clients and queued creations at one desk: one order, slots that are saved up, and pauses. */
import { expect, test } from 'vitest'
import { PlayedDesk, START, type PlayedAccount } from '../../support/queue/desk-line.ts'

const MINUTE = 60_000

function open(...names: string[]) {
  const desk = new PlayedDesk()
  const accounts = names.map((name) => desk.addAccount(name))
  return { desk, accounts }
}

const laneOf = ({ email, createdAt }: PlayedAccount) => `${email} ${createdAt}`

/** Slots come free one at a time. Returns whose turn each was. */
async function fill(desk: PlayedDesk, account: PlayedAccount, slots: number): Promise<string[]> {
  const turns: string[] = []
  for (let slot = 0; slot < slots; slot += 1) {
    const { work, clients = [] } = await desk.ask(account)
    turns.push(...clients.map(() => 'client'), ...work.map(() => 'item'))
    await desk.line.report(
      account.key,
      work.map(({ item, leaseId }) => desk.begun(item, leaseId, account))
    )
  }
  return turns
}

test('100 waiting clients of one token do not stop another token’s items, nor the reverse', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  for (let n = 0; n < 100; n += 1) desk.addClient(`crowd-${n}`, 'crowd', { since: START + n })
  await desk.enqueue(...desk.newItems(20, { token: 'queue' }))
  const turns = await fill(desk, a, 20)
  expect(turns.filter((one) => one === 'item')).toHaveLength(10)
  expect(desk.sent.map((one) => one.split(' ')[0])).toEqual(
    Array.from({ length: 10 }, (_, n) => `crowd-${n}`)
  )
  const other = open('b')
  const [b] = other.accounts as [PlayedAccount]
  await other.desk.enqueue(...other.desk.newItems(100, { token: 'queue' }))
  other.desk.addClient('late', 'other')
  expect(await fill(other.desk, b, 2)).toContain('client')
})

test('clients of a token go before its items, and keep their place through a restart of the memory', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(...desk.newItems(2, { token: 'one' }))
  desk.addClient('urgent', 'one')
  const { sql } = desk.storage
  const { exec } = sql
  sql.exec = ((text: string, ...values: unknown[]) => {
    if (text.startsWith('INSERT INTO queued')) throw new Error('the disk is full')
    return exec(text, ...values)
  }) as typeof sql.exec
  await expect(desk.enqueue(desk.newItem({ token: 'one' }))).rejects.toThrow('disk')
  sql.exec = exec
  expect(await fill(desk, a, 2)).toEqual(['client', 'item'])
})

test('a client that found the account full keeps its place, and is not sent there again at once', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(...desk.newItems(2, { token: 'queue' }))
  desk.addClient('client', 'patient', { since: START - MINUTE })
  expect(await desk.ask(a)).toMatchObject({ leave: 1 })
  desk.addClient('client', 'patient', { since: START - MINUTE, tried: a.key })
  const { work, leave } = await desk.ask(a)
  expect([work.length, leave]).toEqual([1, 0])
  desk.now += 6000
  const underWay = work.map(({ item }) => item)
  expect((await desk.ask(a, 1, { underWay })).leave).toBe(1)
})

test('where items wait, a freed slot that only clients watch makes the account ask', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  expect(desk.line.tellOfSlot(a.key)).toBe(false)
  await desk.enqueue(desk.newItem())
  desk.calls = []
  expect(desk.line.tellOfSlot(a.key)).toBe(true)
  await desk.settle()
  expect(desk.calls).toEqual([a.key])
})

test('an item of several slots gets them in the end', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [wide = ''] = await desk.enqueue(desk.newItem({ token: 'wide', slots: 3 }))
  desk.now += 9 * MINUTE
  await desk.enqueue(...desk.newItems(50, { token: 'narrow' }))
  const before = await desk.ask(a, 1, { held: 2 })
  expect(before.work).toHaveLength(1)
  desk.now += 2 * MINUTE
  // It is its turn now. Each slot that comes free is kept for it, from clients too.
  desk.addClient('client', 'patient')
  const underWay = before.work.map(({ item }) => item)
  expect(await desk.ask(a, 1, { held: 2, underWay })).toMatchObject({ work: [], leave: 0 })
  expect((await desk.ask(a, 2, { held: 1, underWay })).work).toEqual([])
  const { work } = await desk.ask(a, 3, { underWay })
  expect(work.map(({ item }) => item)).toEqual([wide])
})

test('slots that are saved up for too long are given to others', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(desk.newItem({ token: 'wide', slots: 3 }))
  desk.now += 11 * MINUTE
  await desk.enqueue(...desk.newItems(50, { token: 'narrow' }))
  expect((await desk.ask(a, 2, { held: 1 })).work).toEqual([])
  // A job is thought to take five minutes here, so two slots may stand idle for fifteen.
  desk.now += 14 * MINUTE
  expect((await desk.ask(a, 2, { held: 1 })).work).toEqual([])
  desk.now += 2 * MINUTE
  const { work } = await desk.ask(a, 2, { held: 1 })
  expect(work.map(({ sort }) => sort.token)).toEqual(['narrow', 'narrow'])
})

test('nothing is saved up for an item whose token is paused', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(desk.newItem({ token: 'wide', slots: 3 }), ...desk.newItems(9))
  desk.now += 11 * MINUTE
  expect((await desk.ask(a, 1, { held: 2 })).work).toEqual([])
  desk.line.pause({ token: 'wide' })
  expect((await desk.ask(a, 1, { held: 2 })).work).toHaveLength(1)
})

test('a paused token starts nothing, and its deadlines go on', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const brief = desk.newItem({ token: 'paused', startBy: desk.now + 5 * MINUTE })
  const [late = '', next = ''] = await desk.enqueue(brief, desk.newItem({ token: 'paused' }))
  await desk.enqueue(desk.newItem({ token: 'other' }))
  desk.line.pause({ token: 'paused' })
  desk.line.pause({ token: 'paused' })
  const { work, isMore } = await desk.ask(a, 9)
  expect(work.map(({ sort }) => sort.token)).toEqual(['other'])
  expect(isMore).toBe(false)
  // It comes in as before, and outlives a restart.
  await desk.enqueue(desk.newItem({ token: 'paused' }))
  desk.restart()
  expect(desk.line.pauses()).toEqual([{ token: 'paused' }])
  const underWay = work.map(({ item }) => item)
  expect((await desk.ask(a, 9, { underWay })).work).toEqual([])
  await desk.ring(6 * MINUTE)
  expect(desk.ends).toMatchObject([{ item: late, reason: 'start_deadline' }])
  desk.calls = []
  desk.line.resume({ token: 'paused' })
  await desk.settle()
  expect(desk.calls).toEqual([a.key])
  const resumed = await desk.ask(a, 9, { underWay })
  expect(resumed.work.map(({ item }) => item)).toContain(next)
})

test('an account may be paused, for all or for one token, and a pause of all ends by itself alone', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  await desk.enqueue(...desk.newItems(9, { token: 'one' }), ...desk.newItems(9, { token: 'two' }))
  desk.line.pause({ lane: laneOf(a), token: 'one' })
  const tokensAt = async (account: PlayedAccount) => {
    const { work } = await desk.ask(account, 2, { underWay: chosen })
    chosen.push(...work.map(({ item }) => item))
    return [...new Set(work.map(({ sort }) => sort.token))].toSorted()
  }
  const chosen: string[] = []
  expect(await tokensAt(a)).toEqual(['two'])
  expect(await tokensAt(b)).toContain('one')
  desk.line.pause({})
  expect([await tokensAt(a), await tokensAt(b)]).toEqual([[], []])
  desk.line.resume({})
  expect(await tokensAt(a)).toEqual(['two'])
  desk.line.resume({ lane: laneOf(a), token: 'one' })
  expect(await tokensAt(a)).toContain('one')
})

test('what was chosen and not sent when its token was paused comes again and may not start', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'paused' }))
  await desk.ask(a)
  desk.line.pause({ token: 'paused' })
  expect((await desk.ask(a)).work).toMatchObject([{ item, mayStart: false }])
})

test('a pause does not stop clients that wait, and nobody is called for what is paused', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  desk.line.pause({ token: 'paused' })
  await desk.enqueue(desk.newItem({ token: 'paused' }))
  expect(desk.calls).toEqual([])
  await desk.ring(31_000)
  expect(desk.calls).toEqual([])
  desk.addClient('client', 'paused')
  expect((await desk.ask(a)).leave).toBe(1)
})
