/**
 * What the line promises to Workers and accounts' objects, played at the line without storage. The desk's own line must keep the
 * same promises (docs/rfc/0009-queue.md, step 2).
 */
import { expect, test } from 'vitest'
import type { Work, WorkAsk, WorkReport } from '#domain/ports/line.ts'
import type { ItemState, NewItem } from '#domain/queue/item.ts'
import { judgeReport } from '#domain/queue/judge-report.ts'
import { LineInMemory } from '../../support/queue/line-in-memory.ts'

const ADDED_AT = 7

interface Scene {
  line: LineInMemory
  clock: { now: number }
  /** By the hash of a token. */
  tokens: Record<string, 'good' | 'waits' | 'gone'>
  accounts: Record<string, { email: string; createdAt: number; isRemoved?: true }>
}

function scene(): Scene {
  const clock = { now: 1000 }
  const tokens: Scene['tokens'] = {}
  const account = (email: string) => ({ email, createdAt: ADDED_AT })
  const accounts = { k1: account('1@x'), k2: account('2@x'), k3: account('3@x') }
  const stateOf = (hash: string) => tokens[hash] ?? 'good'
  const line = new LineInMemory({ now: () => clock.now, accounts, stateOf })
  return { line, clock, tokens, accounts }
}

function newItem(item: string, sort: Partial<NewItem['sort']> = {}): NewItem {
  const token = sort.token ?? 'A'
  return {
    item,
    sort: {
      lane: '',
      token,
      priority: 3,
      askedAt: 1000,
      startBy: 1e9,
      bytes: 10,
      route: 'POST /v3/videos',
      slots: 1,
      ...sort,
    },
    record: {
      requestId: `request of ${item}`,
      tenant: 't',
      method: 'POST',
      path: '/v3/videos',
      names: [`name of ${item}`],
      tokenHash: `hash of ${token}`,
      origin: 'https://gateway.example.com',
      tries: [],
    },
    sealed: 'k1.sealed',
  }
}

function ask(account: string, of: Partial<WorkAsk> = {}): WorkAsk {
  return { account, tenant: 't', free: 1, held: 0, underWay: [], parkings: [], ...of }
}

function began({ item, leaseId }: Work, jobId: string): WorkReport {
  return { item, leaseId, kind: 'begun', owners: [], starts: [{ jobId, watch: [] }] }
}

function back({ item, leaseId }: Work, isLeftOut?: true): WorkReport {
  return { item, leaseId, kind: 'back', why: 'full', ...(isLeftOut ? { isLeftOut } : {}) }
}

async function oneOf(line: LineInMemory, account: string): Promise<Work> {
  const { work } = await line.takeWork(ask(account))
  expect(work).toHaveLength(1)
  return work[0] as Work
}

test('an item that is queued twice is there once, and its names belong to one request', async () => {
  const { line } = scene()
  expect(await line.enqueue([newItem('i'), newItem('i')])).toMatchObject([
    { kind: 'queued' },
    { kind: 'known', shown: { item: 'i', state: 'waiting' } },
  ])
  const other = newItem('i')
  other.record.requestId = 'another request'
  expect(await line.enqueue([other])).toEqual([{ kind: 'taken' }])
  const byRequest = await line.itemsOf(['request:request of i', 'name of i', 'unknown'])
  expect(byRequest.map(({ item }) => item)).toEqual(['i'])
  expect((await line.takeWork(ask('k1', { free: 5 }))).work).toHaveLength(1)
})

test('two accounts never get one item, and no more items than they have free slots [I1]', async () => {
  const { line } = scene()
  await line.enqueue([1, 2, 3, 4, 5].map((count) => newItem(`i${count}`)))
  const first = await line.takeWork(ask('k1', { free: 2 }))
  const second = await line.takeWork(ask('k2', { free: 9 }))
  const items = [...first.work, ...second.work].map(({ item }) => item)
  expect(items).toEqual(['i1', 'i2', 'i3', 'i4', 'i5'])
  expect([first.isMore, second.isMore]).toEqual([true, false])
  const leases = [...first.work, ...second.work].map(({ leaseId }) => leaseId)
  expect(new Set(leases).size).toBe(5)
})

test('an item that is not under way comes again, under a new lease id and with the earlier ones [I4]', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i'), newItem('j')])
  const first = await oneOf(line, 'k1')
  const again = await oneOf(line, 'k1')
  expect(again).toMatchObject({ item: 'i', earlier: [first.leaseId], mayStart: true })
  expect(again.leaseId).not.toBe(first.leaseId)
  // While it is being sent, the account gets the next one, and no other account gets it.
  const next = await line.takeWork(ask('k1', { underWay: ['i'] }))
  expect(next.work.map(({ item }) => item)).toEqual(['j'])
  expect((await line.takeWork(ask('k2', { free: 9 }))).work).toEqual([])
})

test('a late report of an older lease puts nothing back [I4]', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i')])
  const first = await oneOf(line, 'k1')
  const again = await oneOf(line, 'k1')
  expect(await line.report('k1', [back(first)])).toEqual(['i'])
  expect(line.look('i')?.state).toBe('chosen')
  expect((await line.takeWork(ask('k2'))).work).toEqual([])
  await line.report('k1', [back(again)])
  expect((await oneOf(line, 'k2')).item).toBe('i')
})

test('a start is believed of every lease that the item had, also while it waits again, and the first one counts', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i')])
  const first = await oneOf(line, 'k1')
  await line.report('k1', [back(first)])
  await line.report('k1', [began(first, 'v1')])
  expect(await line.itemsOf(['name of i'])).toMatchObject([{ state: 'begun', jobIds: ['v1'] }])
  expect((await line.takeWork(ask('k2'))).work).toEqual([])
  await line.report('k1', [began(first, 'v2')])
  expect(await line.itemsOf(['name of i'])).toMatchObject([{ jobIds: ['v1'] }])
})

test('a begun item has no body left [I6]', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i')])
  const work = await oneOf(line, 'k1')
  expect([work.sealed, line.look('i')?.hasBody]).toEqual(['k1.sealed', true])
  await line.report('k1', [began(work, 'v1')])
  expect(line.look('i')).toEqual({ state: 'begun', hasBody: false })
})

test('an item that an account refused goes to others, and ends after the third', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i')])
  await line.report('k1', [back(await oneOf(line, 'k1'), true)])
  expect((await line.takeWork(ask('k1'))).work).toEqual([])
  await line.report('k2', [back(await oneOf(line, 'k2'), true)])
  await line.report('k3', [back(await oneOf(line, 'k3'), true)])
  expect(line.untold().map(({ item, sort }) => [item, sort.reason])).toEqual([['i', 'refused']])
})

test('only what waits can be cancelled, and only by its own token', async () => {
  const { line } = scene()
  await line.enqueue([newItem('i'), newItem('j')])
  expect(await line.cancelItem('name of j', 'B')).toBeUndefined()
  expect(await line.cancelItem('name of j', 'A')).toMatchObject({
    state: 'untold',
    reason: 'cancelled',
  })
  expect((await line.takeWork(ask('k1', { free: 5 }))).work.map(({ item }) => item)).toEqual(['i'])
  expect(await line.cancelItem('name of i', 'A')).toBe('late')
})

test("a removed token's 900 items start nothing more", async () => {
  const { line, tokens } = scene()
  const items = Array.from({ length: 900 }, (_, count) => newItem(`i${count}`))
  await line.enqueue([...items, newItem('other', { token: 'B' })])
  const begun = await oneOf(line, 'k1')
  tokens['hash of A'] = 'gone'
  const next = await line.takeWork(ask('k2', { free: 999 }))
  expect(next.work.map(({ item }) => item)).toEqual(['other'])
  expect(line.untold()).toHaveLength(899)
  // What was chosen comes again, since only its account knows whether it runs. It may not be started.
  const again = await oneOf(line, 'k1')
  expect(again).toMatchObject({ item: begun.item, mayStart: false })
})

test('a lapsed token waits, and a deadline goes on', async () => {
  const { line, clock, tokens } = scene()
  await line.enqueue([newItem('i'), newItem('j', { startBy: 2000 })])
  tokens['hash of A'] = 'waits'
  expect((await line.takeWork(ask('k1', { free: 5 }))).work).toEqual([])
  clock.now = 2000
  await line.takeWork(ask('k1'))
  expect(line.untold().map(({ item, sort }) => [item, sort.reason])).toEqual([
    ['j', 'start_deadline'],
  ])
  tokens['hash of A'] = 'good'
  expect((await oneOf(line, 'k1')).item).toBe('i')
})

test('what is pinned to a removed account ends, and what it has comes back to it as not to be started', async () => {
  const { line, accounts } = scene()
  await line.enqueue([newItem('i', { lane: '1@x', laneSince: ADDED_AT }), newItem('open')])
  await line.enqueue([newItem('j', { lane: '1@x', laneSince: ADDED_AT })])
  expect((await oneOf(line, 'k1')).item).toBe('i')
  accounts.k1 = { email: '1@x', createdAt: ADDED_AT, isRemoved: true }
  const { work } = await line.takeWork(ask('k1', { free: 5 }))
  expect(work).toMatchObject([{ item: 'i', mayStart: false }])
  expect(line.untold().map(({ sort }) => sort.reason)).toEqual(['account_removed'])
  expect((await oneOf(line, 'k2')).item).toBe('open')
})

const OF_LATEST: [ItemState, 'begun' | 'back' | 'over', string | undefined][] = [
  ['chosen', 'begun', 'begun'],
  ['chosen', 'back', 'back'],
  ['chosen', 'over', 'over'],
  ['waiting', 'begun', 'begun'],
  ['waiting', 'back', undefined],
  ['waiting', 'over', undefined],
  ['begun', 'back', undefined],
  ['untold', 'over', undefined],
]

test.for(OF_LATEST)('of an item that is %s, a report "%s" means %s', ([state, kind, event]) => {
  const item = { state, leaseIds: ['l1', 'l2'], leftOut: [] }
  expect(judgeReport(item, 'k', { kind, leaseId: 'l2' })).toBe(event)
  const ofEarlier = kind === 'begun' ? 'begun' : undefined
  expect(judgeReport(item, 'k', { kind, leaseId: 'l1' })).toBe(ofEarlier)
  expect(judgeReport(item, 'k', { kind, leaseId: 'of another item' })).toBeUndefined()
})

test('a second refusal by one account is not that of another', () => {
  const item = { state: 'chosen', leaseIds: ['l'], leftOut: ['k', 'm'] } as const
  const refused = { kind: 'back', leaseId: 'l', isLeftOut: true } as const
  expect(judgeReport(item, 'k', refused)).toBe('back')
  expect(judgeReport(item, 'n', refused)).toBe('refused')
})

test('what all accounts of its lane have refused is tried no more', () => {
  const item = { state: 'chosen', leaseIds: ['l'], leftOut: ['m'], serving: ['k', 'm'] } as const
  const back = { kind: 'back', leaseId: 'l' } as const
  expect(judgeReport(item, 'k', { ...back, isLeftOut: true })).toBe('refused')
  expect(judgeReport(item, 'k', back)).toBe('back')
  const other = { ...item, serving: ['k', 'm', 'n'] }
  expect(judgeReport(other, 'k', { ...back, isLeftOut: true })).toBe('back')
})
