import { expect, test } from 'vitest'
import {
  applyEvent,
  type ParsedEvent,
  type IncomingEvent,
  type UnmatchedEnd,
  type Via,
} from '#domain/events/incoming-event.ts'
import type { Lease, Ledger } from '#domain/slots/lease.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = 1_800_000_000_000
const WAITS = durationsAt(1)
const HOOK: Via = { kind: 'hook' }

function lease(more: Partial<Lease> = {}): Lease {
  return {
    id: 'r',
    requestId: 'r',
    tenant: 't',
    kind: 'job',
    state: 'running',
    route: 'POST /v3/videos',
    acquiredAt: NOW - 1000,
    jobId: 'v',
    watch: ['video:v'],
    nextAt: NOW + 600_000,
    asks: 0,
    misses: 0,
    lastReportAt: NOW - 1000,
    fingerprint: {},
    isTracked: true,
    ...more,
  }
}

function unbound(more: Partial<Lease> = {}): Lease {
  const { jobId: _, ...rest } = lease({ state: 'unbound', watch: [] })
  return { ...rest, ...more }
}

function event(more: Partial<ParsedEvent> = {}): ParsedEvent {
  return {
    id: 'evt',
    type: 'avatar_video.success',
    body: '{}',
    reports: [{ watch: 'video:v', state: 'completed' }],
    subject: 'v',
    mentions: ['v'],
    ...more,
  }
}

const unknownType = { reports: [], ending: 'completed' as const }

function hear(
  leases: Lease[],
  incoming: Partial<IncomingEvent> = {},
  late: UnmatchedEnd[] = [],
  now = NOW,
  isOver = false
) {
  const ledger: Ledger = { maxJobs: 5, isRetired: false, leases, parkings: [] }
  const full = { event: event(), via: HOOK, at: NOW, ...incoming }
  const startOf = (_: Lease, id: string) => ({ jobId: id, watch: [`video:${id}`] })
  return applyEvent(ledger, full, { unmatched: late, isOver }, startOf, now, WAITS)
}

test('a terminal event ends the job that it is about, in its own words [I2]', () => {
  const { outcome, change, isForwarded } = hear([lease(), lease({ id: 's', watch: ['video:w'] })])
  expect(outcome).toBe('settled')
  expect(isForwarded).toBe(false)
  expect(change.ended).toMatchObject([
    { lease: { id: 'r' }, outcome: { status: 'completed' }, heard: { event: { id: 'evt' } } },
  ])
})

test('what was only taken for a job is never settled as the client’s by a webhook [I1]', () => {
  const { change } = hear([lease({ state: 'suspect', misses: 2 })])
  expect(change.ended).toEqual([])
  expect(change.put).toMatchObject([{ state: 'unbound', mayHaveRun: true }])
})

test('an event that may be about a creation under way waits for it, ten minutes at most [I2]', () => {
  expect(hear([unbound()]).outcome).toBe('early')
  expect(hear([unbound()], {}, [], NOW + WAITS.earlyMs).outcome).toBe('news')
  // Objects move between machines, whose clocks differ.
  expect(hear([unbound({ acquiredAt: NOW + 2000 })]).outcome).toBe('early')
  expect(hear([unbound({ acquiredAt: NOW + 6000 })]).outcome).toBe('news')
})

test('the event of a job that had already ended is late, once [I3]', () => {
  const late = [{ watch: 'video:v', endedAt: NOW - 5 }]
  expect(hear([], {}, late)).toMatchObject({ outcome: 'late', isForwarded: false })
  const came = [{ watch: 'video:v', endedAt: NOW - 5, eventId: 'evt' }]
  expect(hear([], {}, came).outcome).toBe('late')
  expect(hear([], { event: event({ id: 'another' }) }, came).outcome).toBe('late')
  const reused = came.map((end) => ({ ...end, isReused: true }))
  expect(hear([], { event: event({ id: 'another' }) }, reused).outcome).toBe('news')
})

test('a ticket names the job of its own creation, whatever was thought of it', () => {
  const via: Via = { kind: 'ticket', requestId: 'r' }
  for (const before of [unbound(), lease({ state: 'suspect', jobId: 'w', watch: ['video:w'] })]) {
    const { outcome, change } = hear([before], { via })
    expect(outcome).toBe('settled')
    expect(change.ended).toMatchObject([
      { lease: { id: 'r', jobId: 'v' }, outcome: { status: 'completed' } },
    ])
  }
})

test('a ticket says nothing about another creation’s job [I1]', () => {
  const via: Via = { kind: 'ticket', requestId: 'other' }
  expect(hear([lease()], { via })).toMatchObject({ outcome: 'known', change: { ended: [] } })
})

test('a ticket’s event about something that its job is not watched by makes the account ask', () => {
  const via: Via = { kind: 'ticket', requestId: 'r' }
  const session = lease({ jobId: 's', watch: ['agent-session:s'] })
  const asked = hear([session], { via })
  expect(asked).toMatchObject({ outcome: 'asked', isForwarded: false, change: { ended: [] } })
  expect(asked.change.put).toEqual([{ ...session, nextAt: NOW }])
  // Of several jobs it may be about one that has ended.
  const two = [session, { ...session, id: 'r.1', jobId: 't', watch: ['agent-session:t'] }]
  expect(hear(two, { via })).toMatchObject({ outcome: 'known', change: { put: [] } })
})

test('of several jobs of one creation a ticket’s event ends the one that it is about', () => {
  const via: Via = { kind: 'ticket', requestId: 'r' }
  const both = [lease(), lease({ id: 'r.1', jobId: 'w', watch: ['video:w'] })]
  expect(hear(both, { via }).change.ended).toMatchObject([{ lease: { id: 'r' } }])
  const open = [unbound(), unbound({ id: 'r.1' })]
  expect(hear(open, { via }).outcome).toBe('early')
})

test('a type that nobody knows settles by ticket, and only makes the account ask by webhook', () => {
  const via: Via = { kind: 'ticket', requestId: 'r' }
  const odd = event(unknownType)
  expect(hear([lease()], { via, event: odd }).outcome).toBe('settled')
  const asked = hear([lease()], { event: odd })
  expect(asked).toMatchObject({
    outcome: 'asked',
    isForwarded: true,
    change: { put: [{ nextAt: NOW }] },
  })
  expect(hear([], { event: odd })).toMatchObject({ outcome: 'news', isForwarded: true })
})

test('that one of several jobs of a creation tells of its end again names none of the others', () => {
  const left = unbound({ id: 'r.1', requestId: 'r' })
  const via: Via = { kind: 'ticket', requestId: 'r' }
  expect(hear([left], { via }).change.ended).toHaveLength(1)
  const again = hear([left], { via }, [], NOW, true)
  expect(again.change.ended).toEqual([])
  expect(again.outcome).not.toBe('settled')
})
