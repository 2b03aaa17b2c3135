/** What the desk is told about the ids of a creation. */
import { expect, test } from 'vitest'
import type { Account } from '#domain/accounts/account.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { learnIds, jobOwners, startedOwners } from '#flows/routing/learn-ids.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

const ACCOUNT = { email: 'a@example.com', createdAt: 1 } as Account
const CALL = { tenant: 't', provider: { name: 'heygen' } } as unknown as ProxyCall

test('the jobs of a creation are kept in the order of its answer, each id once, as it was named first', async () => {
  const learned: Owner[] = []
  const ports = {
    accounts: { list: async () => ({ accounts: [ACCOUNT] }) },
    owners: {
      learn: async (_pool: unknown, owners: Owner[]) => {
        learned.push(...owners)
        return true
      },
    },
  } as unknown as Ports
  const starts = ['z', 'a', 'm'].map((jobId) => ({ jobId, watch: [] }))
  const started = startedOwners(starts, ACCOUNT, 'request')
  await learnIds(ports, CALL, [...started, ...jobOwners(starts, ACCOUNT, 'request')])
  expect(learned).toEqual(started)
})
