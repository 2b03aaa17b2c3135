/** What the desk does by itself: whom it tells that something waits, and what its look ends and mends. */
import { expect, test } from 'vitest'
import { PlayedDesk, START, type PlayedAccount } from '../../support/queue/desk-line.ts'

function open(...names: string[]): { desk: PlayedDesk; accounts: PlayedAccount[] } {
  const desk = new PlayedDesk()
  return { desk, accounts: names.map((name) => desk.addAccount(name)) }
}

/** The account pulls when it is told, with so many slots. */
function pullWith(desk: PlayedDesk, free: Record<string, number>): void {
  const underWay = new Map<string, string[]>()
  desk.onWork = async (key) => {
    const account = desk.accounts.find((one) => one.key === key)
    const had = underWay.get(key) ?? []
    const left = (free[key] ?? 0) - had.length
    if (!account || left <= 0) return
    const { work } = await desk.ask(account, left, { held: had.length, underWay: had })
    underWay.set(key, [...had, ...work.map(({ item }) => item)])
  }
}

test('an item tells accounts until one pulls it, and those that know of more are not told again', async () => {
  const { desk, accounts } = open('a', 'b', 'c')
  const [, b] = accounts as [PlayedAccount, PlayedAccount, PlayedAccount]
  pullWith(desk, { [b.key]: 1 })
  const [item = ''] = await desk.enqueue(desk.newItem())
  expect(desk.stateOf(item)).toBe('chosen')
  expect(new Set(desk.calls).size).toBe(desk.calls.length)
  // All are full now, and those that were not told yet are.
  desk.now += 1
  await desk.enqueue(desk.newItem())
  expect(desk.calls.filter((key) => key !== b.key).toSorted()).toEqual(
    accounts.flatMap(({ key }) => (key === b.key ? [] : [key]))
  )
  desk.calls = []
  await desk.enqueue(...desk.newItems(50))
  expect(desk.calls).toEqual([])
})

test('a burst of items calls an idle account once', async () => {
  const { desk, accounts } = open('a', 'b')
  pullWith(desk, Object.fromEntries(accounts.map(({ key }) => [key, 3])))
  await Promise.all(Array.from({ length: 100 }, () => desk.line.enqueue([desk.newItem()])))
  await desk.settle()
  expect(desk.calls.toSorted()).toEqual(accounts.map(({ key }) => key))
})

test('the look calls accounts that were silent, and none that asked a moment ago', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  await desk.enqueue(...desk.newItems(5))
  desk.calls = []
  await desk.ring(29_999)
  expect(desk.calls).toEqual([])
  await desk.ask(a, 0)
  await desk.ring(1)
  expect(desk.calls).toEqual([b.key])
  expect(desk.alarmAt).toBe(Infinity)
  expect(desk.line.nextAt(1, 1)).toBe(desk.now + 30_000)
})

test('what is chosen and not told of for two minutes is asked for again, also of a removed account [I3]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  await desk.enqueue(desk.newItem())
  await desk.ask(a)
  desk.accounts = []
  desk.calls = []
  await desk.ring(30_000)
  expect(desk.calls).toEqual([])
  await desk.ring(120_000)
  expect(desk.calls).toEqual([`${a.key} owed`])
})

test('while nothing waits the pauses double, and an item that comes makes them short', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  await desk.ask(a)
  const pauses: number[] = []
  for (let looks = 0; looks < 7; looks += 1) {
    const at = desk.line.nextAt(1, 1) ?? 0
    pauses.push((at - desk.now) / 1000)
    await desk.ring(at - desk.now)
  }
  expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600])
  await desk.enqueue(desk.newItem())
  expect(desk.alarmAt - desk.now).toBe(30_000)
  expect(desk.stateOf(item)).toBe('chosen')
})

test('what nobody can start now is looked at ever more seldom, and at once when it can', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  desk.addToken('late', { subscription: 'lapsed' })
  await desk.enqueue(desk.newItem({ token: 'late' }))
  const nextIn = () => ((desk.line.nextAt(1, 1) ?? 0) - desk.now) / 1000
  await desk.ring(30_000)
  expect(nextIn()).toBe(60)
  await desk.ring(60_000)
  expect(nextIn()).toBe(120)
  desk.addToken('late')
  await desk.line.tokenChanged('hash-late')
  expect(nextIn()).toBe(30)
  await desk.ring(30_000)
  expect(nextIn()).toBe(30)
  desk.accounts = []
  await desk.ring(30_000)
  expect(nextIn()).toBe(60)
  desk.accounts = [a]
  desk.line.accountsChanged()
  expect(nextIn()).toBe(0)
})

test('an account that does not answer keeps no other from being told', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const hangs = Promise.withResolvers<void>()
  desk.onWork = async (key) => {
    if (key === a.key) return hangs.promise
    await desk.ask(b)
  }
  desk.giveUp = true
  const [item = ''] = await desk.enqueue(desk.newItem())
  expect(desk.stateOf(item)).toBe('chosen')
  hangs.resolve()
})

test('ten accounts that cannot be reached keep no other from being called by the look [I3]', async () => {
  const { desk, accounts } = open(...Array.from({ length: 11 }, (_, n) => `k${n}`))
  const [item = ''] = await desk.enqueue(desk.newItem())
  desk.restart()
  const last = accounts.at(-1) as PlayedAccount
  desk.onWork = async (key) => {
    if (key !== last.key) throw new Error('it cannot be reached')
    await desk.ask(last)
  }
  await desk.ring(30_000)
  await desk.ring(30_000)
  expect(desk.stateOf(item)).toBe('chosen')
})

test('what is held is not chosen, also after a restart, and does not stop the line', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [held = '', item = ''] = await desk.enqueue(...desk.newItems(2))
  const sql = `UPDATE queued SET sort = replace(sort, '"waiting"', '"held"'),
    record = json_set(record, '$.named', json(?)) WHERE item = ?`
  desk.storage.sql.exec(sql, JSON.stringify([{ name: 'n', item }]), held)
  desk.restart()
  expect((await desk.ask(a, 9)).work).toMatchObject([{ item }])
  expect(desk.stateOf(held)).toBe('held')
})

test('the desk rests when nothing is owed any more', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.line.report(a.key, [desk.begun(item, leaseId, a)])
  desk.calls = []
  await desk.ring(30_000)
  expect(desk.calls).toEqual([])
  const [day, keep] = [86_400_000, 90 * 86_400_000]
  expect(desk.line.nextAt(keep, day)).toBeGreaterThan(desk.now + keep)
  desk.line.forget(desk.now + 98 * day, keep)
  expect([desk.line.nextAt(keep, day), desk.line.hasWork]).toEqual([undefined, false])
})

test('an item that comes to an empty line has its look half a minute later, and not at once', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  for (let n = 0; n < 3; n += 1) {
    const [item = ''] = await desk.enqueue(desk.newItem())
    expect(desk.alarmAt - desk.now).toBe(30_000)
    const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
    desk.line.report(a.key, [desk.begun(item, leaseId, a)])
    await desk.ring(30_000)
    desk.now += 600_000
  }
})

test('an item that waits past its deadline ends, is told, and can not be pulled', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem({ startBy: desk.now + 10_000 }))
  desk.now += 10_000
  expect((await desk.ask(a)).work).toEqual([])
  await desk.ring(20_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'start_deadline', endedAt: desk.now }])
  expect(desk.stateOf(item)).toBe('ended')
})

test('the desk looks when something must have started, also while all is paused, and soon after the last look at the earliest', async () => {
  const { desk } = open('a')
  const lookIn = () => (desk.line.nextAt(Infinity, 86_400_000) ?? 0) - desk.now
  desk.line.pause({})
  const startBys = [2000, 2500, 400_000].map((ms) => desk.now + ms)
  const items = startBys.map((startBy) => desk.newItem({ startBy }))
  await desk.enqueue(...items)
  expect(lookIn()).toBe(2000)
  await desk.ring(2000)
  expect(desk.ends).toMatchObject([{ item: items[0]?.item, reason: 'start_deadline' }])
  expect(lookIn()).toBe(1000)
  await desk.ring(1000)
  expect(desk.ends).toMatchObject([{}, { item: items[1]?.item }])
  expect(lookIn()).toBeGreaterThan(29_000)
  for (let n = 0; n < 9 && desk.ends.length < 3; n += 1) await desk.ring(lookIn())
  expect(desk.ends[2]).toMatchObject({ item: items[2]?.item, endedAt: startBys[2] })
})

test('a chosen item that is past its deadline comes again, and may not start', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem({ startBy: desk.now + 10_000 }))
  await desk.ask(a)
  await desk.ring(30_000)
  const { work } = await desk.ask(a)
  expect(work).toMatchObject([{ item, mayStart: false }])
  const leaseId = work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'may not start' }])
  await desk.ring(30_000)
  expect(desk.ends).toMatchObject([{ item, reason: 'start_deadline' }])
})

test('what every account that is left has refused ends as refused when the others are removed [I3]', async () => {
  const { desk, accounts } = open('a', 'b')
  const [a, b] = accounts as [PlayedAccount, PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  const back = { kind: 'back', why: 'refused', isLeftOut: true, refusal: 'sealed' } as const
  desk.line.report(a.key, [{ ...back, item, leaseId }])
  await desk.ring(30_000)
  expect(desk.stateOf(item)).toBe('waiting')
  // Nobody is left at all: one may be added that takes it.
  desk.accounts = []
  desk.line.accountsChanged()
  await desk.ring()
  expect(desk.stateOf(item)).toBe('waiting')
  desk.accounts = [a]
  desk.line.accountsChanged()
  await desk.ring()
  expect(desk.ends).toMatchObject([{ item, reason: 'refused', record: { refusal: 'sealed' } }])
  expect((await desk.ask(b)).work).toEqual([])
})

test('what was chosen for an account before it was drained comes again, and may not start', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  expect((await desk.ask(a)).work).toMatchObject([{ item, mayStart: true }])
  for (const account of desk.accounts) Object.assign(account, { isDrained: true })
  expect((await desk.ask(a)).work).toMatchObject([{ item, mayStart: false }])
})

test('an end that nobody has taken is handed over again, also after a restart, until one takes it [I3]', async () => {
  const { desk } = open('a')
  const take = desk.onEnds
  desk.onEnds = async () => {
    throw new Error('the object is away')
  }
  const [item = ''] = await desk.enqueue(desk.newItem())
  desk.line.cancel(item)
  await desk.settle()
  expect(desk.stateOf(item)).toBe('untold')
  desk.restart()
  // An older object takes nothing.
  desk.onEnds = async () => []
  await desk.ring(30_000)
  expect(desk.stateOf(item)).toBe('untold')
  desk.onEnds = take
  await desk.ring(60_000)
  expect(desk.ends.map((end) => end.item)).toEqual([item])
  expect(desk.stateOf(item)).toBe('ended')
  await desk.ring(600_000)
  expect(desk.ends).toHaveLength(1)
})

test('ends are handed over a hundred at a time, to the account of their lane', async () => {
  const { desk, accounts } = open('b', 'a')
  const [b] = accounts as [PlayedAccount, PlayedAccount]
  const calls: string[] = []
  desk.onEnds = async (key, ends) => {
    calls.push(`${key} ${ends.length}`)
    return ends.map(({ item }) => item)
  }
  const wish = { lane: b.email, laneSince: b.createdAt, startBy: desk.now + 1000 }
  await desk.enqueue(...desk.newItems(250, wish))
  await desk.ring(30_000)
  expect(calls).toEqual([`${b.key} 100`, `${b.key} 100`, `${b.key} 50`])
})

test('an end that no account can tell is given up after a day, and stays readable', async () => {
  const { desk } = open()
  const [item = ''] = await desk.enqueue(desk.newItem())
  desk.line.cancel(item)
  await desk.ring(23 * 3_600_000)
  expect(desk.stateOf(item)).toBe('untold')
  await desk.ring(3_600_000)
  expect(desk.line.itemsOf([item])).toMatchObject([{ state: 'ended', reason: 'cancelled' }])
})

test('a start that comes to light while its end is handed over is believed [I4]', async () => {
  const { desk, accounts } = open('a')
  const [a] = accounts as [PlayedAccount]
  const [item = ''] = await desk.enqueue(desk.newItem())
  const leaseId = (await desk.ask(a)).work[0]?.leaseId ?? ''
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'absent' }])
  desk.onEnds = async () => {
    desk.line.report(a.key, [desk.begun(item, leaseId, a)])
    return [item]
  }
  desk.line.cancel(item)
  await desk.settle()
  expect(desk.line.itemsOf([item])).toMatchObject([{ state: 'begun', leaseId }])
})

test('how long a creation should wait is kept with it, and ten times that is too long', async () => {
  const { desk } = open()
  const a = desk.addAccount('a', 1)
  const items = desk.newItems(3)
  await desk.enqueue(...items)
  const asked = items.map(({ sort }) => sort.askedAt)
  // Five minutes each, before anything has ended: they should wait five, ten and fifteen minutes.
  const after = (minutes: number) => {
    desk.now = START + minutes * 60_000 + 1000
    desk.restart()
    return desk.line.oldSince()
  }
  expect(after(59)).toBe(undefined)
  expect(after(60)).toBe(asked[0])
  await desk.ask(a)
  expect(after(99)).toBe(undefined)
  expect(after(100)).toBe(asked[1])
  desk.isClosed = true
  expect(after(100)).toBe(undefined)
})

/** Twenty accounts, each with a lane of its own, and one end for each. */
async function endInEachLane(desk: PlayedDesk): Promise<PlayedAccount[]> {
  const accounts = Array.from({ length: 20 }, (_, at) => desk.addAccount(`lane-${at}`))
  const startBy = desk.now + 10_000
  const items = accounts.map(({ email, createdAt }) =>
    desk.newItem({ lane: email, laneSince: createdAt, startBy })
  )
  await desk.enqueue(...items)
  return accounts
}

test('accounts that do not answer hold the look up for a minute and a call at most, and keep no others from their ends', async () => {
  const { desk } = open()
  const accounts = await endInEachLane(desk)
  const dead = new Set(accounts.slice(0, 19).map(({ key }) => key))
  let [atOnce, most] = [0, 0]
  desk.onEnds = async (key, ends) => {
    atOnce += 1
    most = Math.max(most, atOnce)
    await Promise.resolve()
    atOnce -= 1
    if (dead.has(key)) {
      desk.now += 20_000
      return []
    }
    desk.ends.push(...ends)
    return ends.map(({ item }) => item)
  }
  const began = desk.now + 30_000
  await desk.ring(30_000)
  expect(most).toBe(6)
  expect(desk.now - began).toBeLessThanOrEqual(60_000 + 6 * 20_000)
  // Those that were not asked yet come first.
  for (let looks = 0; looks < 3; looks += 1) await desk.ring(600_000)
  expect(desk.ends).toHaveLength(1)
})
