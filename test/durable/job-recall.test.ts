/** Which of the jobs that the desk knows are an account's own, after its object was evicted. */
import { expect, test } from 'vitest'
import type { JobsOf } from '#domain/ports/desk.ts'

interface Recall {
  read(): Promise<void>
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const file: string = '../../src/durable/jobs/job-recall.ts'
const { JobRecall } = (await import(file)) as {
  JobRecall: new (
    context: object,
    deps: { change(change: () => void): Promise<void>; bind(jobs: JobsOf): void }
  ) => Recall
}

async function boundFor(email: string, known: string[], key?: string): Promise<string[]> {
  const bound: string[] = []
  const open = [{ id: 'lease', requestId: 'request', tenant: 't' }]
  const jobsOf = async () =>
    known.map((one) => ({ requestId: 'r', email: one, ...(key && { key }), starts: [] }))
  const context = {
    tables: {
      account: () => ({ email, key: 'heygen:me' }),
      leaseRows: { unasked: () => open, noteAsked: () => {} },
    },
    ports: () => ({ desk: () => ({ jobsOf }), after: () => new Promise(() => {}) }),
    provider: () => ({ name: 'heygen' }),
  }
  const deps = {
    change: async (change: () => void) => change(),
    bind: (jobs: JobsOf) => void bound.push(jobs.email),
  }
  await new JobRecall(context, deps).read()
  return bound
}

test('an account whose email was written otherwise since then still has its jobs [I2]', async () => {
  const known = ['a@example.com', 'b@example.com']
  expect(await boundFor('A@Example.com', known)).toEqual(['a@example.com'])
})

test('an account has the jobs that were kept with its key, whatever its email is now, and no others [I1, I5]', async () => {
  expect(await boundFor('a@example.com', ['b@example.com'], 'heygen:me')).toEqual(['b@example.com'])
  expect(await boundFor('a@example.com', ['a@example.com'], 'heygen:other')).toEqual([])
})

test('a desk that never answers holds nothing up for long: its jobs are asked about again later [I2]', async () => {
  const lease = { id: 'lease', requestId: 'request', tenant: 't', nextAt: 0 }
  const put: object[] = []
  const context = {
    now: () => 1000,
    tables: {
      account: () => ({ email: 'a@example.com', key: 'heygen:me' }),
      leases: () => [lease],
      leaseRows: { unasked: () => [lease] },
      apply: (change: { put: object[] }) => void put.push(...change.put),
    },
    ports: () => ({
      desk: () => ({ jobsOf: () => new Promise(() => {}) }),
      after: async () => {},
      durations: { lookSoonMs: 5000 },
      log: () => {},
    }),
    provider: () => ({ name: 'heygen' }),
  }
  const deps = { change: async () => {}, bind: () => {} }
  await new JobRecall(context, deps).read()
  expect(put).toMatchObject([{ id: 'lease', nextAt: 6000 }])
})
