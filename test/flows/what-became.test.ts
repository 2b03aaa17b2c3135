import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import type { Lease } from '#domain/slots/lease.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import { readOutcome } from '#flows/repeats/read-outcome.ts'
import { heygen } from '#providers/heygen/index.ts'

const EMAIL = 'a@example.com'

function portsWith(records: JobRecord[]): Ports {
  const find = async (_: string, name: Record<string, string>) =>
    records.find(({ lease }) => [lease.id, lease.jobId].includes(Object.values(name)[0] ?? ''))
  return {
    ...platform,
    accounts: { list: async () => ({ version: 1, accounts: [{ email: EMAIL, key: 'k' }] }) },
    slots: () => ({ findJob: find }),
    desk: () => ({ itemsOf: async () => [] }),
  } as unknown as Ports
}

const part = (id: string, more: Partial<Lease>): JobRecord => ({
  lease: { id, requestId: 'r', kind: 'job', watch: [], state: 'unbound', ...more } as Lease,
})

const asked = { provider: heygen, tenant: 't', requestId: 'r', email: EMAIL }
const found = part('r', { state: 'running', jobId: 'j1' })

test.each([
  ['unbound', {}],
  ['suspect', { jobId: 'x' }],
] as const)('of several jobs some are not given while another is %s', async (state, more) => {
  const ports = portsWith([found, part('r.1', { state, ...more })])
  expect((await readOutcome(ports, asked)).kind).toBe('open')
})

test('the jobs that were found are given when no other is looked for any more', async () => {
  const over = { ended: { endedAt: 1, outcome: { status: 'outcome_unknown' as const } } }
  const ports = portsWith([found, { ...part('r.1', {}), ...over }])
  expect(await readOutcome(ports, asked)).toMatchObject({
    kind: 'found',
    starts: [{ jobId: 'j1' }],
  })
})

test('a lease left behind on an account that refused says nothing of the account that took the creation', async () => {
  const absent = { ended: { endedAt: 1, outcome: { status: 'absent' as const } } }
  const at: Record<string, JobRecord> = { a: { ...part('r', {}), ...absent }, b: found }
  const accounts = ['a', 'b'].map((key) => ({ email: `${key}@example.com`, key, createdAt: 1 }))
  const ports = {
    ...platform,
    accounts: { list: async () => ({ version: 1, accounts }) },
    owners: { find: async () => [] },
    slots: (key: string) => ({
      findJob: async (_: string, name: Record<string, string>) =>
        Object.values(name)[0] === 'r' ? at[key] : undefined,
    }),
    desk: () => ({ formerKeys: async () => [], itemsOf: async () => [] }),
  } as unknown as Ports
  const { email: _, ...unplaced } = asked
  expect((await readOutcome(ports, unplaced)).kind).toBe('found')
})
