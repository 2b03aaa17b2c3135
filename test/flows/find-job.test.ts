import { expect, test } from 'vitest'
import type { JobRecord } from '#domain/jobs/list-jobs.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { findJob } from '#flows/jobs/find-job.ts'
import { getProvider } from '#providers/index.ts'

/** One account, which answers the record for every name. */
function portsWith(lease: Partial<JobRecord['lease']>): Ports {
  const account = { key: 'k', email: 'a@example.com' }
  return {
    now: () => 0,
    after: () => new Promise(() => {}),
    accounts: { list: async () => ({ version: 1, accounts: [account] }) },
    items: { find: async () => [] },
    desk: () => ({ formerKeys: async () => [], itemsOf: async () => [] }),
    slots: () => ({ findJob: async () => ({ lease: { requestId: 'r', ...lease } }) }),
    durations: {},
  } as unknown as Ports
}

test('a job that was only taken for an own token’s is not shown to it by the provider’s id [I5]', async () => {
  const own = { token: 'tok_b' }
  const find = (state: 'running' | 'suspect', id: string) => {
    const ports = portsWith({ jobId: 'video-1', ownToken: 'tok_b', state })
    return findJob(ports, getProvider('heygen'), 'ten', id, own as never)
  }
  expect(await find('suspect', 'video-1')).toBeUndefined()
  expect(await find('suspect', 'r')).toBeDefined()
  expect(await find('running', 'video-1')).toBeDefined()
})
