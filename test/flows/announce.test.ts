/** What a client is told of a job's end. */
import { expect, test } from 'vitest'
import type { Lease } from '#domain/slots/lease.ts'
import { announce } from '#flows/events/announce.ts'
import { getProvider } from '#providers/index.ts'

const SUSPECT: Lease = {
  id: 'r1',
  requestId: 'r1',
  tenant: 't',
  kind: 'job',
  state: 'suspect',
  route: 'POST /v3/videos',
  acquiredAt: 1000,
  jobId: 'somebody-elses',
  watch: ['video:somebody-elses'],
  nextAt: 2000,
  asks: 0,
  misses: 0,
  lastReportAt: 1000,
  fingerprint: {},
  isTracked: true,
  reply: { url: 'https://client.example.com/cb' },
}

test('a job that is only likely the client’s own is not named to it, not even when its account is given up', () => {
  const end = { lease: SUSPECT, endedAt: 3000, outcome: { status: 'lost' } } as const
  const told = announce(getProvider('heygen'), end)
  expect(told?.event.body).toBeDefined()
  expect(JSON.stringify(told)).not.toContain('somebody-elses')
  expect(told?.isCallbackOnly).toBe(true)
})

test('that a creation was not found has another id than the end of the job that the same request made elsewhere', () => {
  const provider = getProvider('heygen')
  const found: Lease = { ...SUSPECT, state: 'running', jobId: 'v1', watch: ['video:v1'] }
  const idOf = (lease: Lease, status: 'absent' | 'outcome_unknown' | 'completed') =>
    announce(provider, { lease, endedAt: 3000, outcome: { status } })?.event.id
  const ids = [
    idOf({ ...SUSPECT, state: 'unbound' }, 'absent'),
    idOf(SUSPECT, 'outcome_unknown'),
    idOf(found, 'completed'),
  ]
  expect(ids).not.toContain(undefined)
  expect(new Set(ids).size).toBe(3)
})
