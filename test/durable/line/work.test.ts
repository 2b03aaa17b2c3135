/** What an account gets when it asks for work, and what its reports change. The account is played. */
import { expect, test } from 'vitest'
import type { Work } from '#domain/ports/line.ts'
import { PlayedDesk, type PlayedAccount } from '../../support/queue/desk-line.ts'

function open(...names: string[]): { desk: PlayedDesk; accounts: PlayedAccount[] } {
  const desk = new PlayedDesk()
  return { desk, accounts: names.map((name) => desk.addAccount(name)) }
}

const itemsIn = (work: Work[]) => work.map(({ item }) => item)

test('two pulls never bring one item under one lease id [I4]', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const items = await desk.enqueue(...desk.newItems(20))
  const answers = await Promise.all([
    desk.ask(a, 5),
    desk.ask(b, 5),
    desk.ask(a, 5),
    desk.ask(b, 5),
  ])
  const all = answers.flatMap(({ work }) => work)
  expect(new Set(all.map(({ leaseId }) => leaseId)).size).toBe(all.length)
  // What came twice came to the same account.
  const [ofA, ofB] = [
    [0, 2],
    [1, 3],
  ].map((turns) => new Set(turns.flatMap((turn) => itemsIn(answers[turn]?.work ?? []))))
  expect([...(ofA ?? [])].filter((item) => ofB?.has(item))).toEqual([])
  expect(new Set(items).size).toBe(20)
})

test('an item that is not under way comes again, with its earlier lease ids, also after a restart [I4]', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const [first] = (await desk.ask(a)).work
  expect((await desk.ask(a, 1, { underWay: [item] })).work).toEqual([])
  desk.restart()
  expect((await desk.ask(b)).work).toEqual([])
  const [second] = (await desk.ask(a)).work
  expect(second).toMatchObject({ item, earlier: [first?.leaseId], mayStart: true })
  desk.restart()
  const [third] = (await desk.ask(a, 0)).work
  expect(third?.earlier).toEqual([first?.leaseId, second?.leaseId])
  expect(third?.leaseId).not.toBe(second?.leaseId)
})

test('an item that no account can decide for a week keeps its rows small, and loses no lease id of that time [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const ids: string[] = []
  for (let asked = 0; asked < 500; asked += 1) {
    const [work] = (await desk.ask(a)).work
    if (asked % 100 === 0) desk.restart()
    ids.push(...(work?.mayStart ? [work.leaseId] : []))
    expect(work?.earlier).toEqual(expect.arrayContaining(ids.filter((id) => id !== work?.leaseId)))
    if (!work?.mayStart) expect(work?.earlier).toContain(work?.leaseId)
  }
  expect(ids).toHaveLength(9)
  const [row] = desk.storage.sql.exec<{ record: string }>('SELECT record FROM token_line').toArray()
  expect(row?.record.length).toBeLessThan(1000)
  // It was started all the same, and that comes to light late.
  desk.line.report(a.key, [desk.begun(item, ids[0] ?? '', a)])
  expect(desk.stateOf(item)).toBe('begun')
})

test('an item that was handed over too often goes back to the line, and starts elsewhere', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  let [work] = (await desk.ask(a)).work
  for (let asked = 0; asked < 20; asked += 1) [work] = (await desk.ask(a)).work
  expect(work?.mayStart).toBe(false)
  const leaseId = work?.leaseId ?? ''
  const back = { kind: 'back', item, leaseId, why: 'may not start', absents: 0 } as const
  desk.line.report(a.key, [back])
  expect((await desk.ask(b)).work).toMatchObject([{ item, mayStart: true, earlier: [] }])
  // Late, and of an older choice.
  desk.line.report(a.key, [back])
  expect(desk.stateOf(item)).toBe('chosen')
})

test('what comes again counts against what is free', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(...desk.newItems(5))
  await desk.ask(a, 2)
  expect((await desk.ask(a, 3)).work).toHaveLength(3)
  expect((await desk.ask(a, 3, { held: 2 })).work).toHaveLength(3)
})

test('a late report of an older lease puts nothing back, and ends nothing [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const [first] = (await desk.ask(a)).work
  await desk.ask(a)
  const leaseId = first?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'full' }])
  desk.line.report(a.key, [{ kind: 'over', item, leaseId, reason: 'lost' }])
  expect(desk.stateOf(item)).toBe('chosen')
  expect(desk.rows()[0]?.sealed).toBe('sealed')
  // That it began is believed of every lease that it had.
  desk.line.report(a.key, [desk.begun(item, leaseId, a)])
  expect(desk.stateOf(item)).toBe('begun')
})

test('what goes back has its place again, and is not given to the same account at once', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [first = '', second = ''] = await desk.enqueue(...desk.newItems(2))
  const [work] = (await desk.ask(a)).work
  const leaseId = work?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item: first, leaseId, why: 'full' }])
  expect(desk.stateOf(first)).toBe('waiting')
  expect(itemsIn((await desk.ask(a)).work)).toEqual([second])
  desk.restart()
  const [again] = (await desk.ask(b)).work
  // The lease ids of another account are nothing to this one.
  expect(again).toMatchObject({ item: first, earlier: [] })
  expect(again?.record.tries).toMatchObject([{ account: a.key, why: 'full' }])
})

test('what is handed over says why the other accounts do not get it, as they said last', async () => {
  const { desk, accounts } = open('a', 'b', 'c', 'd', 'e')
  const [a, b, c, d] = accounts as [PlayedAccount, PlayedAccount, PlayedAccount, PlayedAccount]
  const [wide = ''] = await desk.enqueue(desk.newItem({ slots: 3 }))
  desk.now += 11 * 60_000
  // Slots are saved up here.
  expect((await desk.ask(d, 2, { held: 1 })).work).toEqual([])
  const [item = ''] = await desk.enqueue(desk.newItem())
  const [first] = (await desk.ask(b)).work
  expect(first?.item).toBe(item)
  desk.line.report(b.key, [{ kind: 'back', item, leaseId: first?.leaseId ?? '', why: 'newer' }])
  desk.line.pause({ lane: `${c.email} ${c.createdAt}` })
  const [work] = (await desk.ask(a)).work
  expect(work?.item).toBe(item)
  expect(work?.choice).toEqual({
    passed: [
      { email: b.email, why: 'gave_back' },
      { email: c.email, why: 'paused' },
      { email: d.email, why: 'saving_up' },
      // It was told, and did not ask.
      { email: 'e@example.com', why: 'full' },
    ],
  })
  expect(desk.stateOf(wide)).toBe('waiting')
})

test('an item that came back to an account names the lease ids that it had there before [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'full' }])
  desk.restart()
  expect(desk.stateOf(item)).toBe('waiting')
  desk.now += 5001
  expect((await desk.ask(a)).work).toMatchObject([{ item, earlier: [leaseId] }])
})

test('an account that refused an item is left out, and a third one ends it', async () => {
  const { desk, accounts } = open('a', 'b', 'c', 'd')
  const [item = ''] = await desk.enqueue(desk.newItem())
  for (const account of accounts.slice(0, 3)) {
    const [work] = (await desk.ask(account)).work
    expect(work?.item).toBe(item)
    const leaseId = work?.leaseId ?? ''
    const back = { kind: 'back', item, leaseId, why: 'refused', isLeftOut: true } as const
    expect(desk.line.report(account.key, [back, back])).toEqual([item, item])
    desk.now += 60_000
    expect((await desk.ask(account)).work).toEqual([])
  }
  expect(desk.line.itemsOf([item])).toMatchObject([{ state: 'untold', reason: 'refused' }])
  expect((await desk.ask(accounts[3] as PlayedAccount)).work).toEqual([])
  await desk.ring(30_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'refused' }])
})

test('an item that all accounts of its lane have refused ends, and waits for no other', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const lane = { lane: a.email, laneSince: a.createdAt }
  const [pinned = '', anywhere = ''] = await desk.enqueue(desk.newItem(lane), desk.newItem())
  const refuse = async (account: PlayedAccount) => {
    const { work } = await desk.ask(account, 9)
    const rest = { kind: 'back', why: 'refused', isLeftOut: true, refusal: 'its words' } as const
    const backs = work.map(({ item, leaseId }) => ({ ...rest, item, leaseId }))
    desk.line.report(account.key, backs)
  }
  await refuse(a)
  expect([desk.stateOf(pinned), desk.stateOf(anywhere)]).toEqual(['untold', 'waiting'])
  await refuse(b)
  expect(desk.line.itemsOf([anywhere])).toMatchObject([{ reason: 'refused', refusal: 'its words' }])
})

test('a second start of one item changes no state, and its owner is known [I1]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const [first] = (await desk.ask(a)).work
  const [second] = (await desk.ask(a)).work
  desk.line.report(a.key, [desk.begun(item, first?.leaseId ?? '', a)])
  desk.line.report(a.key, [desk.begun(item, second?.leaseId ?? '', a)])
  expect(desk.line.itemsOf([item])[0]?.leaseId).toBe(first?.leaseId)
  expect(desk.learned.map(({ lease }) => lease)).toEqual([first?.leaseId, second?.leaseId])
})

test('the names of an own token’s item are its own, and its jobs too, also those that a search found [I5]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const added = desk.newItem()
  added.record.own = { list: '/v3/videos' }
  added.record.taskName = 'chapter-1'
  const [item = ''] = await desk.enqueue(added, desk.newItem())
  const { token } = added.sort
  const names = [...added.record.names, 'chapter-1']
  const own = { token, list: '' }
  expect(desk.learned).toMatchObject(names.map((id) => ({ id, own })))
  const [first] = (await desk.ask(a)).work
  desk.line.report(a.key, [desk.begun(item, first?.leaseId ?? '', a)])
  expect(desk.learned.slice(names.length)).toMatchObject([{ own: { token, list: '/v3/videos' } }])
})

test('a start that comes to light late begins an item that waits again or was cancelled [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  desk.onEnds = async () => []
  const items = await desk.enqueue(...desk.newItems(2))
  const { work } = await desk.ask(a, 2)
  const backs = work.map(({ item, leaseId }) => ({
    kind: 'back' as const,
    item,
    leaseId,
    why: 'absent',
  }))
  desk.line.report(a.key, backs)
  desk.line.cancel(items[1] ?? '')
  desk.line.report(
    a.key,
    work.map(({ item, leaseId }) => desk.begun(item, leaseId, a))
  )
  expect(items.map((item) => desk.stateOf(item))).toEqual(['begun', 'begun'])
  desk.now += 60_000
  expect((await desk.ask(a, 9)).work).toEqual([])
  await desk.ring(30_000)
  expect(desk.ends).toEqual([])
  const keep = 90 * 86_400_000
  expect(desk.line.nextAt(keep, 1)).toBeGreaterThan(desk.now + keep)
})

test('a desk that dies in a report has all of it or nothing: the item and its owners [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.onLearn = () => {
    throw new Error('the disk is full')
  }
  expect(() => desk.line.report(a.key, [desk.begun(item, leaseId, a)])).toThrow('disk')
  expect(desk.stateOf(item)).toBe('chosen')
  expect(desk.rows()[0]?.sealed).toBe('sealed')
  desk.onLearn = () => {}
  desk.line.report(a.key, [desk.begun(item, leaseId, a)])
  expect(desk.stateOf(item)).toBe('begun')
})

test('a choice that cannot be written is no choice [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const { sql } = desk.storage
  const exec = sql.exec.bind(sql)
  sql.exec = ((text: string, ...values: unknown[]) => {
    if (text.startsWith('INSERT INTO token_line')) throw new Error('the disk is full')
    return exec(text, ...values)
  }) as typeof sql.exec
  await expect(desk.ask(a)).rejects.toThrow('disk')
  expect(desk.stateOf(item)).toBe('waiting')
  sql.exec = exec
  expect((await desk.ask(a)).work).toMatchObject([{ item, earlier: [] }])
})

test('a pull says whether more waits that the account may serve, and leaves slots for clients that wait', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const lane = { lane: a.email, laneSince: a.createdAt }
  await desk.enqueue(...desk.newItems(3, lane))
  expect(await desk.ask(b)).toMatchObject({ work: [], isMore: false })
  desk.addClient('client', 'token')
  const first = await desk.ask(a, 2)
  expect(first).toMatchObject({ leave: 1, clients: [{ id: 'client', slots: 1 }], isMore: true })
  expect(first.work).toHaveLength(1)
  expect(desk.sent).toEqual([`client ${a.key}`])
  const underWay = itemsIn(first.work)
  expect(await desk.ask(a, 9, { underWay })).toMatchObject({ leave: 0, isMore: false })
})

test('a lane ends with its account, and one that is added again does not open it', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem({ lane: a.email, laneSince: a.createdAt }))
  desk.accounts = [b, { ...a, createdAt: a.createdAt + 1 }]
  expect((await desk.ask(desk.accounts[1] as PlayedAccount)).work).toEqual([])
  desk.line.accountsChanged()
  await desk.ring(1)
  expect(desk.ends).toMatchObject([{ item, reason: 'account_removed' }])
})

test('a removed account gets back what was chosen for it, may not start it, and gets nothing new', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [item = '', other] = await desk.enqueue(...desk.newItems(2))
  await desk.ask(a)
  desk.accounts = [b]
  const { work } = await desk.ask(a, 9)
  expect(work).toMatchObject([{ item, mayStart: false }])
  const leaseId = work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'retired' }])
  expect(itemsIn((await desk.ask(b, 9)).work)).toEqual([item, other])
})

test('a restart changes no share', async () => {
  const turnsOf = async (isRestarted: boolean) => {
    const { desk, accounts } = open('a')
    const [a] = accounts as [PlayedAccount]
    desk.addToken('one', { weight: 10 })
    desk.addToken('three', { weight: 30 })
    const both = [
      ...desk.newItems(120, { token: 'one' }),
      ...desk.newItems(120, { token: 'three' }),
    ]
    await desk.enqueue(...both)
    const turns: string[] = []
    for (let turn = 0; turn < 120; turn += 1) {
      if (isRestarted && turn % 10 === 5) desk.restart()
      const [work] = (await desk.ask(a)).work
      if (!work) break
      turns.push(work.sort.token)
      desk.line.report(a.key, [desk.begun(work.item, work.leaseId, a)])
    }
    return turns.filter((token) => token === 'three').length
  }
  expect(await turnsOf(false)).toBeCloseTo(90, -1)
  expect(await turnsOf(true)).toBeCloseTo(90, -1)
})

test('an answer has at most some MiB, and the account is told of the rest at once', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(...desk.newItems(9, { sealed: 'x'.repeat(1_400_000) }))
  desk.calls = []
  const first = await desk.ask(a, 9)
  expect(first.work).toHaveLength(6)
  await desk.settle()
  expect(desk.calls).toEqual([a.key])
  const underWay = itemsIn(first.work)
  expect((await desk.ask(a, 3, { held: 6, underWay })).work).toHaveLength(3)
})

test('the next account hears that a start of the item ended as absent elsewhere, also after a restart', async () => {
  const desk = new PlayedDesk()
  const [a, b] = [desk.addAccount('a'), desk.addAccount('b')]
  const [item = ''] = await desk.enqueue(desk.newItem())
  await desk.ask(a)
  const [again] = (await desk.ask(a)).work
  const back = {
    kind: 'back',
    item,
    leaseId: again?.leaseId ?? '',
    why: 'full',
    absents: 1,
  } as const
  desk.line.report(a.key, [back])
  desk.restart()
  const [work] = (await desk.ask(b)).work
  expect(work?.record.tries).toMatchObject([{ account: a.key, absents: 1 }])
})
