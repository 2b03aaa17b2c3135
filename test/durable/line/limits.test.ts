/** Limits of tokens on jobs, for what waits in the line: items are stepped over, and told of as soon as there is room. */
import { expect, test } from 'vitest'
import type { Work } from '#domain/ports/line.ts'
import { PlayedDesk, START, type PlayedAccount } from '../../support/queue/desk-line.ts'

const MINUTE = 60_000
const DAY = 1440 * MINUTE

interface Played {
  desk: PlayedDesk
  a: PlayedAccount
  b: PlayedAccount
}

function open(limits: { maxConcurrent?: number; jobsPerDay?: number }): Played {
  const desk = new PlayedDesk()
  desk.addToken('limited', limits)
  const [a, b] = [desk.addAccount('a'), desk.addAccount('b')]
  return { desk, a, b }
}

const ofToken = (work: readonly Work[], token: string) =>
  work.filter(({ sort }) => sort.token === token)

/** As an account's object does: the jobs of what it was handed run. */
function begin(desk: PlayedDesk, account: PlayedAccount, work: readonly Work[]): void {
  const reports = work.map(({ item, leaseId }) => desk.begun(item, leaseId, account))
  expect(desk.line.report(account.key, reports)).toHaveLength(work.length)
}

test('of a thousand items of a token that may run five, five run, and another token goes on', async () => {
  const { desk, a, b } = open({ maxConcurrent: 5 })
  await desk.enqueue(...desk.newItems(1000, { token: 'limited' }))
  await desk.enqueue(...desk.newItems(10))
  const first = await desk.ask(a, 8)
  const second = await desk.ask(b, 50)
  const all = [...first.work, ...second.work]
  expect(ofToken(all, 'limited')).toHaveLength(5)
  expect(ofToken(all, 'token')).toHaveLength(10)
  expect(ofToken(all, 'limited').every(({ isLimited }) => isLimited)).toBe(true)
  expect(ofToken(all, 'token').some(({ isLimited }) => isLimited)).toBe(false)
  // Nothing is left for an account to ask for at each freed slot.
  expect(second.isMore).toBe(false)
  begin(desk, a, first.work)
  begin(desk, b, second.work)
  desk.restart()
  expect((await desk.ask(a, 9)).work).toEqual([])
  const [ended] = ofToken(all, 'limited')
  await desk.endJobs(ended?.item ?? '')
  expect((await desk.ask(a, 9)).work).toHaveLength(1)
})

test('the end of a job wakes an account for the next item of its token, without an alarm', async () => {
  const { desk, a } = open({ maxConcurrent: 1 })
  await desk.enqueue(...desk.newItems(3, { token: 'limited' }))
  const { work } = await desk.ask(a, 9)
  expect(work).toHaveLength(1)
  begin(desk, a, work)
  const taken: Work[] = []
  desk.calls = []
  desk.onWork = async () => {
    taken.push(...(await desk.ask(a, 9)).work)
  }
  await desk.endJobs(work[0]?.item ?? '')
  expect(desk.calls).toHaveLength(1)
  expect(taken).toHaveLength(1)
})

test('an item of a token that is at its limit asks no account', async () => {
  const { desk, a } = open({ maxConcurrent: 1 })
  await desk.enqueue(desk.newItem({ token: 'limited' }))
  begin(desk, a, (await desk.ask(a, 9)).work)
  desk.calls = []
  await desk.enqueue(...desk.newItems(100, { token: 'limited' }))
  expect(desk.calls).toEqual([])
  await desk.ring(MINUTE)
  expect(desk.calls).toEqual([])
})

test('a share comes back with an item that goes back or is over, and is not taken twice by one that comes again', async () => {
  const { desk, a, b } = open({ maxConcurrent: 1, jobsPerDay: 2 })
  await desk.enqueue(...desk.newItems(4, { token: 'limited' }))
  const [first] = (await desk.ask(a, 9)).work
  const again = (await desk.ask(a, 9)).work
  expect(again.map(({ item }) => item)).toEqual([first?.item])
  expect((await desk.ask(b, 9)).work).toEqual([])
  const { item = '', leaseId = '' } = again[0] ?? {}
  desk.line.report(a.key, [{ kind: 'back', item, leaseId, why: 'full' }])
  const [second] = (await desk.ask(b, 9)).work
  expect(second?.item).toBe(item)
  // Refused before anything ran, so the day has it again, too.
  const over = { kind: 'over', item, leaseId: second?.leaseId ?? '', reason: 'refused' } as const
  desk.line.report(b.key, [over])
  const [third] = (await desk.ask(b, 9)).work
  const lost = { item: third?.item ?? '', leaseId: third?.leaseId ?? '' }
  desk.line.report(b.key, [{ kind: 'over', ...lost, reason: 'outcome_unknown' }])
  const [fourth] = (await desk.ask(b, 9)).work
  expect(fourth).toBeDefined()
  const unstarted = { item: fourth?.item ?? '', leaseId: fourth?.leaseId ?? '' }
  desk.line.report(b.key, [{ kind: 'over', ...unstarted, reason: 'lost' }])
  // Two may have run today.
  expect((await desk.ask(b, 9)).work).toEqual([])
})

test('a limit of the day opens at midnight UTC, and what waits is told of then', async () => {
  const { desk, a } = open({ jobsPerDay: 2 })
  desk.now = START + 20 * 60 * MINUTE
  await desk.enqueue(...desk.newItems(5, { token: 'limited' }))
  const { work } = await desk.ask(a, 9)
  expect(work).toHaveLength(2)
  begin(desk, a, work)
  await desk.endJobs(...work.map(({ item }) => item))
  expect((await desk.ask(a, 9)).work).toEqual([])
  // The pauses double up to ten minutes, and none of them goes past midnight.
  for (let rings = 0; desk.now < START + DAY; rings += 1) {
    expect(rings).toBeLessThan(60)
    desk.calls = []
    const next = desk.line.nextAt(DAY, DAY) ?? Infinity
    expect(next).toBeLessThanOrEqual(START + DAY)
    await desk.ring(next - desk.now)
  }
  expect(desk.now).toBe(START + DAY)
  expect(desk.calls).not.toEqual([])
  expect((await desk.ask(a, 9)).work).toHaveLength(2)
})

test('an end that nobody told is found by the look, and nothing that is chosen or runs is forgotten', async () => {
  const { desk, a, b } = open({ maxConcurrent: 3 })
  await desk.enqueue(...desk.newItems(5, { token: 'limited' }))
  const [lost, running] = (await desk.ask(a, 2)).work
  begin(desk, a, [lost, running] as Work[])
  const [chosen] = (await desk.ask(b, 1)).work
  expect(chosen).toBeDefined()
  // The lease of the first is gone, and its notice was lost.
  desk.leases.set(a.key, [running?.item ?? ''])
  await desk.ring(9 * MINUTE)
  expect((await desk.ask(a, 9)).work).toEqual([])
  await desk.ring(2 * MINUTE)
  const next = (await desk.ask(a, 9)).work
  expect(next).toHaveLength(1)
  await desk.ring(11 * MINUTE)
  expect((await desk.ask(a, 9, { underWay: next.map(({ item }) => item) })).work).toEqual([])
})

test('a limit that was raised or taken away acts as soon as the desk is told', async () => {
  const { desk, a, b } = open({ maxConcurrent: 1 })
  const taken = { [a.key]: [] as string[], [b.key]: [] as string[] }
  const count = () => Object.values(taken).flat().length
  desk.onWork = async (key) => {
    const underWay = taken[key] ?? []
    const { work } = await desk.ask(key === a.key ? a : b, 4 - underWay.length, { underWay })
    underWay.push(...work.map(({ item }) => item))
  }
  await desk.enqueue(...desk.newItems(12, { token: 'limited' }))
  expect(count()).toBe(1)
  desk.addToken('limited', { maxConcurrent: 6 })
  await desk.line.tokenChanged('hash-limited')
  await desk.settle()
  expect(count()).toBe(6)
  desk.addToken('limited')
  await desk.line.tokenChanged('hash-limited')
  await desk.settle()
  expect(count()).toBe(8)
})

test('an item of several jobs counts each, and is stepped over while not all of them may run', async () => {
  const { desk, a } = open({ maxConcurrent: 3 })
  await desk.enqueue(desk.newItem({ token: 'limited' }))
  const wide = desk.newItem({ token: 'limited', slots: 3, jobs: 3 })
  await desk.enqueue(wide, desk.newItem({ token: 'limited' }))
  const { work } = await desk.ask(a, 9)
  expect(work).toHaveLength(2)
  begin(desk, a, work)
  await desk.endJobs(work[0]?.item ?? '')
  expect((await desk.ask(a, 9)).work).toEqual([])
  await desk.endJobs(work[1]?.item ?? '')
  expect((await desk.ask(a, 9)).work.map(({ item }) => item)).toEqual([wide.item])
  await desk.enqueue(desk.newItem({ token: 'limited' }))
  expect((await desk.ask(a, 9, { underWay: [wide.item] })).work).toEqual([])
  await desk.endJobs(wide.item)
  expect((await desk.ask(a, 9, { underWay: [wide.item] })).work).toHaveLength(1)
})

test('of an item whose provider started fewer jobs than it asked for, only those count', async () => {
  const { desk, a } = open({ maxConcurrent: 3 })
  const wide = desk.newItem({ token: 'limited', slots: 3, jobs: 3 })
  await desk.enqueue(wide, ...desk.newItems(5, { token: 'limited' }))
  const [work] = (await desk.ask(a, 9)).work
  expect(work?.item).toBe(wide.item)
  expect((await desk.ask(a, 9, { underWay: [wide.item] })).work).toEqual([])
  desk.line.report(a.key, [desk.begun(wide.item, work?.leaseId ?? '', a)])
  expect((await desk.ask(a, 9)).work).toHaveLength(2)
})

test('a choice that could not be written takes no share', async () => {
  const { desk, a } = open({ maxConcurrent: 1 })
  await desk.enqueue(desk.newItem({ token: 'limited' }))
  desk.storage.sql.exec('ALTER TABLE token_line RENAME TO hidden')
  await expect(desk.ask(a)).rejects.toThrow()
  desk.storage.sql.exec('ALTER TABLE hidden RENAME TO token_line')
  expect((await desk.ask(a)).work).toHaveLength(1)
})

test('a choice writes two rows for an item of a token with limits, and one for any other', async () => {
  const { desk, a } = open({ maxConcurrent: 1 })
  const [item = ''] = await desk.enqueue(desk.newItem({ token: 'limited' }))
  let before = changes(desk)
  expect((await desk.ask(a)).work).toHaveLength(1)
  expect(changes(desk) - before).toBe(2)
  before = changes(desk)
  await desk.endJobs(item)
  expect(changes(desk) - before).toBe(1)
  await desk.enqueue(desk.newItem())
  before = changes(desk)
  expect((await desk.ask(a, 1, { underWay: [item] })).work).toHaveLength(1)
  expect(changes(desk) - before).toBe(1)
})

function changes(desk: PlayedDesk): number {
  const [row] = desk.storage.sql.exec<{ n: number }>('SELECT total_changes() AS n').toArray()
  return row?.n ?? 0
}

test('what waits for its token’s own limit as long as was to be expected is not called old', async () => {
  const desk = new PlayedDesk()
  desk.addToken('limited', { maxConcurrent: 1 })
  const a = desk.addAccount('a', 50)
  await desk.enqueue(...desk.newItems(30, { token: 'limited' }))
  // Jobs of five minutes, one after the other: the last begins after two and a half hours.
  for (let n = 0; n < 30; n += 1) {
    const { work } = await desk.ask(a, 50)
    expect(work).toHaveLength(1)
    begin(desk, a, work)
    expect(desk.line.oldSince(), `${5 * n} minutes`).toBeUndefined()
    desk.now += 5 * MINUTE
    await desk.endJobs(...work.map(({ item }) => item))
  }
})

test('what waits for a limit of its token is told when that lets it start', async () => {
  const startsOf = (desk: PlayedDesk, names: string[]) =>
    desk.line.itemsOf(names).map(({ startsAt = NaN }) => startsAt - desk.now)
  const few = open({ maxConcurrent: 1 })
  const items = few.desk.newItems(4, { token: 'limited' })
  await few.desk.enqueue(...items)
  begin(few.desk, few.a, (await few.desk.ask(few.a, 9)).work)
  const [, second, third] = items.map(({ record }) => record.names[0] ?? '')
  // Of a job that has not ended yet five minutes are thought.
  expect(startsOf(few.desk, [second ?? '', third ?? ''])).toEqual([5 * MINUTE, 10 * MINUTE])
  const daily = open({ jobsPerDay: 1 })
  const two = daily.desk.newItems(2, { token: 'limited' })
  await daily.desk.enqueue(...two)
  begin(daily.desk, daily.a, (await daily.desk.ask(daily.a, 9)).work)
  const [left] = startsOf(daily.desk, [two[1]?.record.names[0] ?? ''])
  expect((daily.desk.now + (left ?? NaN)) % DAY).toBe(0)
})
