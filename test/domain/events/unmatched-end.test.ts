/** Ends and events that have not met yet: clients are notified of each end once. */
import { expect, test } from 'vitest'
import type { IncomingEvent, ParsedEvent } from '#domain/events/incoming-event.ts'
import {
  forwardedIdOf,
  isReplay,
  unmatchedEndsOf,
  unmatchedEndsOfForwarded,
  wasNotified,
} from '#domain/events/unmatched-end.ts'
import type { EndedJob, Lease } from '#domain/slots/lease.ts'

const NOW = 1_800_000_000_000
const DAY = 86_400_000

function lease(more: Partial<Lease> = {}): Lease {
  const known = { kind: 'job', state: 'running', watch: ['video:v'], acquiredAt: NOW - 60_000 }
  return { id: 'r', requestId: 'r', jobId: 'v', ...known, ...more } as Lease
}

function event(more: Partial<ParsedEvent> = {}): ParsedEvent {
  const reports = [{ watch: 'video:v', state: 'completed' as const }]
  return { id: 'evt', type: 't', body: '{}', reports, mentions: ['v'], ...more }
}

function incoming(more: Partial<ParsedEvent> = {}): IncomingEvent {
  return { event: event({ contentId: 'content', ...more }), via: { kind: 'hook' }, at: NOW }
}

function ended(more: Partial<Lease> = {}, isByEvent = false): EndedJob {
  const heard = { watch: 'video:v', state: 'completed' as const }
  const text = { id: 'evt', type: 't', body: '{}' }
  const report = isByEvent ? { heard: { ...heard, event: text } } : {}
  return { lease: lease(more), endedAt: NOW, outcome: { status: 'completed' }, ...report }
}

test('an event of a job that has ended notifies nobody again, whatever its id and time [I3]', () => {
  const ends = [{ endedAt: NOW - DAY, isReused: false }]
  expect(wasNotified(event({ id: 'another', createdAt: NOW }), ends)).toBe(true)
  expect(wasNotified(event(), [])).toBe(false)
})

test('where a younger job may have the same name, only an event of about the end’s time is a repeat [I3]', () => {
  const ends = [{ endedAt: NOW, isReused: true }]
  expect(wasNotified(event({ createdAt: NOW + 59_000 }), ends)).toBe(true)
  expect(wasNotified(event({ createdAt: NOW + 60_000 }), ends)).toBe(false)
  expect(wasNotified(event(), ends)).toBe(true)
})

test('an event that is signed with a time three days ago is a replay', () => {
  expect(isReplay(event({ createdAt: NOW - 3 * DAY }), NOW)).toBe(false)
  expect(isReplay(event({ createdAt: NOW - 3 * DAY - 1 }), NOW)).toBe(true)
  expect(isReplay(event(), NOW)).toBe(false)
})

test('an end without its event keeps every name of its job, and an end by its event keeps none', () => {
  const two = ended({ watch: ['video:v', 'session:s'] })
  expect(unmatchedEndsOf([two])).toEqual([
    { watch: 'video:v', endedAt: NOW },
    { watch: 'session:s', endedAt: NOW },
  ])
  expect(unmatchedEndsOf([ended({ isReused: true })])).toMatchObject([{ isReused: true }])
  expect(unmatchedEndsOf([ended({}, true), ended({ kind: 'call' })])).toEqual([])
})

test('a forwarded event is kept for a job that may yet be found, not for one that is known [I3]', () => {
  const kept = [{ watch: 'video:v', endedAt: NOW, eventId: 'content', isForwarded: true }]
  expect(unmatchedEndsOfForwarded(incoming(), [])).toEqual(kept)
  expect(unmatchedEndsOfForwarded(incoming(), [lease({ state: 'suspect' })])).toEqual(kept)
  expect(unmatchedEndsOfForwarded(incoming(), [lease()])).toEqual([])
})

test('an end keeps the id under which its event was forwarded, unless that was before its creation [I3]', () => {
  const [forwarded] = unmatchedEndsOfForwarded(incoming(), [])
  const kept = forwarded ? [forwarded] : []
  expect(forwardedIdOf(ended(), kept)).toBe('content')
  expect(forwardedIdOf(ended({ acquiredAt: NOW + 1 }), kept)).toBeUndefined()
  expect(forwardedIdOf(ended(), unmatchedEndsOf([ended()]))).toBeUndefined()
})
