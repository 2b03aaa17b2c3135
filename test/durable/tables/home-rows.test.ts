/** What a desk believes of how full its accounts are: in memory, and no more of it than orders them. */
import { expect, test } from 'vitest'

interface Homes {
  learn(owners: readonly object[], accounts: readonly object[], now: number): void
  choose(
    token: string,
    wish: object,
    accounts: readonly object[],
    now: number,
    durations: object
  ): string
}
const room: string = '../../../src/durable'
const { UploadAccountRows } = (await import(`${room}/desk-tables/upload-account-rows.ts`)) as {
  UploadAccountRows: new (sql: object, random: () => number) => Homes
}

test('a desk that starts jobs day and night keeps a bounded number of them, and still knows the roomier account', () => {
  const homes = new UploadAccountRows({ exec: () => ({ toArray: () => [] }) }, Math.random)
  const accounts = ['a', 'b'].map((email) => ({ email, maxJobs: 9, createdAt: 1 }))
  const job = { id: 'x', email: 'a', source: 'created', lease: 'r' }
  for (let at = 0; at < 200_000; at += 1) homes.learn([job], accounts, at)
  const wish = { able: ['a', 'b'], parked: [], isUpload: true }
  const durations = { uploadAccountMs: 600_000, typicalJobMs: 300_000 }
  expect(homes.choose('t', wish, accounts, 200_000, durations)).toBe('b')
})
