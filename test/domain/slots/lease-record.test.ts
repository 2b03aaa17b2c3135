/** Workers and objects of two releases: what each writes, the other reads. The records here are those of release 0.2.0. */
import { expect, test } from 'vitest'
import { durationsAt } from '#domain/runtime/durations.ts'
import { grant, type Lease, type LeaseAsk } from '#domain/slots/lease.ts'
import {
  fromLeaseMessage,
  fromLeaseRecord,
  toLeaseMessage,
  toLeaseRecord,
  type LeaseMessage,
  type LeaseRecord,
} from '#domain/slots/lease-record.ts'

const COMMON = {
  id: 'r',
  requestId: 'r',
  tenant: 't',
  kind: 'job',
  state: 'suspect',
  route: 'POST /v3/videos',
  acquiredAt: 1000,
  watch: ['video:v'],
  nextAt: 2000,
  asks: 1,
  misses: 0,
  isTracked: true,
} as const
const RECORD = {
  ...COMMON,
  watch: ['video:v'],
  heardAt: 1500,
  clue: { title: 'Demo', callbackId: 'c' },
  isTold: true,
  isDoubtful: true,
} satisfies LeaseRecord
const LEASE: Lease = {
  ...COMMON,
  watch: ['video:v'],
  lastReportAt: 1500,
  fingerprint: { title: 'Demo', callbackId: 'c' },
  expectsEvent: true,
  mayHaveRun: true,
}

test('a stored lease has the field names that the release before reads', () => {
  expect(toLeaseRecord(LEASE)).toEqual(RECORD)
})

test('a lease that the release before has stored is read whole', () => {
  expect(fromLeaseRecord(RECORD)).toEqual(LEASE)
})

test('a stored lease keeps fields that only a later release knows', () => {
  const later = { ...RECORD, newInLater: 1 }
  expect(toLeaseRecord(fromLeaseRecord(later))).toEqual(later)
})

test('a stored lease has no field that its lease has not', () => {
  const { isTold: _, isDoubtful: __, ...plain } = RECORD
  expect(Object.keys(toLeaseRecord(fromLeaseRecord(plain))).toSorted()).toEqual(
    Object.keys(plain).toSorted()
  )
})

const MESSAGE = {
  leaseId: 'r',
  tenant: 't',
  kind: 'job',
  route: 'POST /v3/videos',
  count: 1,
  clue: { callbackId: 'c' },
  isTold: true,
  isTicketed: true,
  despite: 'scope',
} satisfies LeaseMessage
const { clue: _, isTold: __, despite: ___, ...rest } = MESSAGE
const ASK: LeaseAsk = {
  ...rest,
  fingerprint: { callbackId: 'c' },
  expectsEvent: true,
  ignoredReason: 'scope',
}

test('a lease request is sent with the field names that the release before reads', () => {
  expect(toLeaseMessage(ASK)).toEqual(MESSAGE)
})

test('a lease request from a Worker of the release before grants the same lease', () => {
  expect(fromLeaseMessage(MESSAGE)).toEqual(ASK)
  const ledger = { maxJobs: 3, isRetired: false, leases: [], parkings: [] }
  const leaseFor = (ask: LeaseAsk) => grant(ledger, ask, 1000, durationsAt(1)).change.put
  expect(leaseFor(fromLeaseMessage(MESSAGE))).toEqual(leaseFor(ASK))
  expect(leaseFor(ASK)).toMatchObject([{ expectsEvent: true, fingerprint: { callbackId: 'c' } }])
})

test('a lease request from a Worker of a later release may have the names of the code', () => {
  expect(fromLeaseMessage(ASK)).toEqual(ASK)
  expect(fromLeaseMessage({ ...MESSAGE, ...ASK })).toEqual(ASK)
})

test('the lease of a queued creation keeps its item, in the object and in what is stored', () => {
  const item = { id: 'i', names: ['n'], askedAt: 500, absents: 1 }
  const ask: LeaseAsk = {
    leaseId: 'l',
    tenant: 't',
    kind: 'job',
    route: 'POST /v3/videos',
    count: 1,
    fingerprint: {},
    item,
  }
  const ledger = { maxJobs: 1, isRetired: false, leases: [], parkings: [] }
  const [lease] = grant(ledger, fromLeaseMessage(toLeaseMessage(ask)), 1000, durationsAt(1)).change
    .put
  expect(lease && fromLeaseRecord(toLeaseRecord(lease)).item).toEqual(item)
})
