import { expect, test } from 'vitest'
import { bindJobs } from '#domain/jobs/bind-jobs.ts'
import { applyReports } from '#domain/jobs/apply-reports.ts'
import { grant, heldSlots, type LeaseAsk, type Ledger } from '#domain/slots/lease.ts'
import { memberEdit, splice } from '#domain/text/json-slices.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { parseJson } from '#domain/text/json-text.ts'

const durations = durationsAt(1)

function ledgerOf(...leases: Ledger['leases']): Ledger {
  return { maxJobs: 5, isRetired: false, leases, parkings: [] }
}

function ask(more: Partial<LeaseAsk> = {}): LeaseAsk {
  const rest = { tenant: 't', kind: 'job', route: 'POST /x', count: 1, fingerprint: {} } as const
  return { leaseId: 'a', ...rest, ...more }
}

test('a job that takes several slots gets all or none, and is one lease with one end [I1]', () => {
  const { answer, change } = grant(ledgerOf(), ask({ slots: 3 }), 0, durations)
  expect(answer).toEqual({ ok: true, free: 2 })
  expect(change.put).toHaveLength(1)
  const ledger = ledgerOf(...change.put)
  expect(heldSlots(ledger, 0)).toBe(3)
  const second = ask({ leaseId: 'b', slots: 3 })
  expect(grant(ledger, second, 0, durations).answer).toMatchObject({ ok: false, reason: 'full' })
  const start = { jobId: 'j', watch: ['task:j'], ask: '/j' }
  const running = ledgerOf(...bindJobs(ledger, 'a', [start], 0, durations).put)
  expect(heldSlots(running, 0)).toBe(3)
  const { ended } = applyReports(running, [{ watch: 'task:j', state: 'completed' }], 0, durations)
  expect(ended).toHaveLength(1)
})

test('a job that takes more slots than there can ever be is refused as such', () => {
  const { answer } = grant(ledgerOf(), ask({ slots: 9 }), 0, durations)
  expect(answer).toEqual({ ok: false, reason: 'too_many', maxJobs: 5 })
})

test('integers beyond 2^53 are read as the text that they are, other numbers as numbers [I7]', () => {
  expect(parseJson('{"a":829836802793406551,"b":[12,1.5,-9007199254740993],"c":1e20}')).toEqual({
    a: '829836802793406551',
    b: [12, 1.5, '-9007199254740993'],
    c: 1e20,
  })
  expect(parseJson('{"a":"829836802793406551"}')).toEqual({ a: '829836802793406551' })
})

test('a member is replaced where it is, or put in front with the objects around it', () => {
  const put = (text: string, pointer: string) => {
    const edit = memberEdit(text, pointer, '"v"')
    return edit && splice(text, [edit])
  }
  expect(put('{ "a" : 1, "b":2}', '/a')).toBe('{ "a" : "v", "b":2}')
  expect(put('{"b":2}', '/a')).toBe('{"a":"v","b":2}')
  expect(put('{ }', '/a')).toBe('{"a":"v" }')
  expect(put('{"b":{}}', '/b/a')).toBe('{"b":{"a":"v"}}')
  expect(put('{}', '/b/a')).toBe('{"b":{"a":"v"}}')
  expect(put('{"b":[]}', '/b/a')).toBeUndefined()
  expect(put('[]', '/a')).toBeUndefined()
})
