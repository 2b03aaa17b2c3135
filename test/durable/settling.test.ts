/** Which deliveries an account's object makes of a job's end, and under which event id, whatever came before. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { ParsedEvent, IncomingEvent } from '#domain/events/incoming-event.ts'
import type { Change, JobStart, Lease, Ledger } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { heygen } from '#providers/heygen/index.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'

const WAITS = durationsAt(1)
const ACCOUNT = { provider: 'heygen', tenant: 't', email: 'a@example.com', key: 'k', maxJobs: 3 }

/** The parts used here of three files that have the Worker's types, not those of these tests. */
interface Tables {
  leases(): Lease[]
  saveAccount(account: Account): void
  saveHook(hook: object): void
  dropHook(): void
  hook(): object | undefined
  saveLegacyProbe(probe: object): void
  legacyProbe(): object | undefined
  saveParking(parking: object): void
  parkings(): object[]
  deferEvent(incoming: IncomingEvent): void
  apply(change: Change): void
  retire(now: number): void
  wipeAccount(): void
}
interface Settlement {
  ledger(): Ledger
  save(change: Change): boolean
  bind(requestId: string, starts: JobStart[], how?: { isKept?: boolean }): void
}
interface Events {
  apply(incoming: IncomingEvent): string
  applyDeferred(): void
}
const room: string = '../../src/durable'
const { SlotsTables } = (await import(`${room}/account-tables/slots-tables.ts`)) as {
  SlotsTables: new (storage: object, now: () => number) => Tables
}
const { Settlement: SettlingOf } = (await import(`${room}/account/settlement.ts`)) as {
  Settlement: new (context: object, targets: object, deps: object) => Settlement
}
const { IncomingEvents } = (await import(`${room}/account/incoming-events.ts`)) as {
  IncomingEvents: new (context: object, settlement: Settlement, targets: object) => Events
}

/** As much of an object's storage as its tables use. */
function storageInMemory(): object {
  const database = new DatabaseSync(':memory:')
  const exec = (sql: string, ...values: SQLInputValue[]) => {
    if (values.length === 0 && /;\s*\S/.test(sql)) database.exec(sql)
    const isMany = values.length === 0 && /;\s*\S/.test(sql)
    const rows = isMany ? [] : database.prepare(sql).all(...values)
    const changes = isMany ? 0 : Number(database.prepare('SELECT changes() AS n').get()?.['n'])
    return { toArray: () => rows, one: () => rows[0], rowsWritten: changes }
  }
  const transactionSync = (work: () => unknown) => work()
  return { sql: { exec }, transactionSync }
}

function objectWith(leases: Lease[], storage = storageInMemory()) {
  const tables = new SlotsTables(storage, Date.now)
  tables.saveAccount(ACCOUNT as Account)
  tables.saveHook({ state: 'on' })
  tables.apply({ put: leases, drop: [], ended: [] })
  const queued: Delivery[] = []
  const context = {
    tables,
    now: () => Date.now(),
    durations: () => WAITS,
    provider: () => heygen,
  }
  const targets = { forSettling: () => undefined }
  const settling = new SettlingOf(context, targets, {
    isAlarmChecking: () => false,
    lastEventAt: () => 0,
    queueDeliveries: (deliveries: Delivery[]) => void queued.push(...deliveries),
    onEnded: () => {},
    onSlotsChanged: () => {},
  })
  const events = new IncomingEvents(context, settling, targets)
  const told = () => queued.map(({ target, eventId }) => `${target.kind} ${eventId}`)
  return { tables, settling, events, told }
}

function lease(id: string, more: Partial<Lease> = {}): Lease {
  const now = Date.now()
  return {
    id,
    requestId: id,
    tenant: 't',
    kind: 'job',
    state: 'unbound',
    route: 'POST /v3/videos',
    acquiredAt: now - 60_000,
    watch: [],
    nextAt: now + 600_000,
    asks: 0,
    misses: 0,
    lastReportAt: now,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

function incoming(more: Partial<ParsedEvent> = {}, agoMs = 0): IncomingEvent {
  const event: ParsedEvent = {
    id: 'evt_theirs',
    contentId: 'evt_news',
    type: 'avatar_video.success',
    body: '{}',
    reports: [{ watch: 'video:v', state: 'completed' }],
    subject: 'v',
    mentions: ['v'],
    ...more,
  }
  return { event, via: { kind: 'hook' }, at: Date.now() - agoMs }
}

const START = { jobId: 'v', watch: ['video:v'] }

test('an object whose account is gone takes no lease that nobody could ask about [I2]', () => {
  const id = newTimedId(Date.now() - 60_000, crypto.randomUUID())
  const { tables, settling } = objectWith([lease(id)])
  const [held] = tables.leases()
  tables.retire(Date.now())
  if (held)
    settling.save({
      put: [],
      drop: [],
      ended: [{ lease: held, endedAt: Date.now(), outcome: { status: 'lost' } }],
    })
  tables.wipeAccount()
  settling.bind(id, [START])
  expect(tables.leases()).toEqual([])
})

test('a check, a probe and a removal of the webhook that end after the account was wiped leave no row', () => {
  const { tables } = objectWith([])
  tables.retire(Date.now())
  tables.wipeAccount()
  tables.dropHook()
  tables.saveHook({ state: 'failed' })
  tables.saveLegacyProbe({ nextAt: 1 })
  tables.saveParking({ scope: 'all' })
  expect([tables.hook(), tables.legacyProbe(), tables.parkings()]).toEqual([
    undefined,
    undefined,
    [],
  ])
})

/** What a later life of an object finds, in which `leave` happened before or after the desk kept a job of tenant `t`. */
function foundAfter(leave: (tables: Tables) => void, isBoundFirst: boolean): string[] {
  const storage = storageInMemory()
  const id = newTimedId(Date.now() - 60_000, crypto.randomUUID())
  const { tables, settling } = objectWith([lease(id)], storage)
  if (!isBoundFirst) leave(tables)
  settling.bind(id, [START], { isKept: true })
  if (isBoundFirst) leave(tables)
  return new SlotsTables(storage, Date.now).leases().map(({ state }) => state)
}

test('the desk of a tenant that left the account may forget its jobs, so the account’s object writes them [I2, I3]', () => {
  const claim = (tables: Tables) => tables.saveAccount({ ...ACCOUNT, tenant: 'other' } as Account)
  expect(foundAfter((tables) => tables.retire(Date.now()), false)).toEqual(['running'])
  expect(foundAfter(claim, false)).toEqual(['running'])
  expect(foundAfter(claim, true)).toEqual(['running'])
  expect(foundAfter(() => {}, true)).toEqual(['unbound'])
})

test('an end whose early event was too old to be told is told to the endpoints [I3]', () => {
  const { settling, events, tables, told } = objectWith([
    lease('a', { acquiredAt: Date.now() - 1_000_000 }),
  ])
  tables.deferEvent(incoming({ createdAt: Date.now() - 5 * 86_400_000 }, WAITS.earlyMs))
  events.applyDeferred()
  settling.bind('a', [START])
  const { leases } = settling.ledger()
  settling.save({
    put: [],
    drop: [],
    ended: leases.map((one) => ({
      lease: one,
      endedAt: Date.now(),
      outcome: { status: 'completed' },
    })),
  })
  expect(told()).toEqual([expect.stringMatching(/^endpoints evt_/)])
})

test('an event of an earlier run of a session, sent again, hides no end of the next run [I3]', () => {
  const run: Partial<Lease> = {
    route: 'POST /v3/video-agents/{session_id}',
    watch: ['agent-session:s'],
    isReused: true,
    state: 'running',
  }
  const first = lease('a', { ...run, jobId: 'r1', acquiredAt: Date.now() - 3_600_000 })
  const second = lease('b', { ...run, jobId: 'r2', acquiredAt: Date.now() - 1_200_000 })
  const { settling, events, tables, told } = objectWith([second, lease('c')])
  const outcome = { status: 'completed' } as const
  const reports = [{ watch: 'agent-session:s', state: 'completed' as const }]
  const ofFirst = { subject: 's', mentions: ['s'], reports, createdAt: Date.now() - 3_000_000 }
  const heard = { ...reports[0], event: { id: 'e1', type: 't', body: '{}' } } as never
  settling.save({
    put: [],
    drop: [],
    ended: [{ lease: first, endedAt: Date.now() - 3_000_000, outcome, heard }],
  })
  tables.deferEvent(incoming(ofFirst, WAITS.earlyMs))
  events.applyDeferred()
  settling.save({ put: [], drop: [], ended: [{ lease: second, endedAt: Date.now(), outcome }] })
  expect(told()).toHaveLength(2)
})

test('an end that was told as news while its job was only suspected is not told under a second name [I3]', () => {
  const suspect = lease('a', { state: 'suspect', ...START, lostAt: Date.now() - 1000 })
  const { settling, events, told } = objectWith([suspect])
  events.apply(incoming())
  settling.bind('a', [START])
  const { leases } = settling.ledger()
  settling.save({
    put: [],
    drop: [],
    ended: leases.map((one) => ({
      lease: one,
      endedAt: Date.now(),
      outcome: { status: 'completed' },
    })),
  })
  expect(told()).toEqual(['endpoints evt_news'])
})

test('that one of several jobs of a creation is over, told again on its ticket, ends none of the others', () => {
  const first = lease('r', { state: 'running', ...START })
  const { tables, events, told } = objectWith([first, lease('r.1', { requestId: 'r' })])
  const ticket: IncomingEvent = { ...incoming(), via: { kind: 'ticket', requestId: 'r' } }
  expect(events.apply(ticket)).toBe('settled')
  const before = told().length
  expect(events.apply(ticket)).not.toBe('settled')
  expect(told()).toHaveLength(before)
  expect(tables.leases().map((one) => one.id)).toEqual(['r.1'])
})
