/** Two uploads and one creation, in every pool and state; races; more uploads than one account has slots. */
import { describe, expect, test } from 'vitest'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { upload, uploadRaw, withAssets } from '../../support/scenes/uploads.ts'

const open = gatewaysOfTests()
const LONG = { simVars: { JOB_MS: '-1' }, vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' } }
/** Two hundred in all: of four pools and states. */
const ROUNDS = 50

function poolOf(accounts: number, maxJobs: number): Record<string, number> {
  const names = Array.from({ length: accounts }, (_, index) => `acc${index}`)
  return Object.fromEntries(names.map((name) => [name, maxJobs]))
}

async function finishNewest(gateway: Gateway, ids: string[], keep: number): Promise<void> {
  for (const id of ids.splice(keep)) {
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    await gateway.fetch(`/heygen/v3/videos/${id}`)
  }
}

describe.each([3, 10])('a pool of %i', (size) => {
  test.each(['idle', 'half full'])(
    'two uploads and one creation are never a conflict, %s',
    async (state) => {
      const gateway = await open({ accounts: poolOf(size, 3), ...LONG })
      const running: string[] = []
      const busy = state === 'idle' ? 0 : Math.floor((size * 3) / 2)
      for (let job = 0; job < busy; job += 1) {
        running.push((await gateway.createVideo()).headers.get('x-gateway-job') ?? '')
      }
      const statuses = new Map<number, number>()
      for (let round = 0; round < ROUNDS; round += 1) {
        const [one, two] =
          round % 2 === 0
            ? [await upload(gateway), await uploadRaw(gateway)]
            : await Promise.all([upload(gateway), upload(gateway)])
        const made = await gateway.createVideo(withAssets(one?.id ?? '', two?.id ?? ''))
        statuses.set(made.status, (statuses.get(made.status) ?? 0) + 1)
        const job = made.headers.get('x-gateway-job')
        if (job) running.push(job)
        await finishNewest(gateway, running, busy)
      }
      expect(Object.fromEntries(statuses)).toEqual({ 200: ROUNDS })
    },
    300_000
  )
})

test('fifty uploads and then fifty creations: as many run at once as the pool has slots', async () => {
  const gateway = await open({ accounts: poolOf(10, 3), ...LONG })
  const files = await Promise.all(Array.from({ length: 50 }, () => upload(gateway)))
  expect(new Set(files.map(({ status }) => status))).toEqual(new Set([200]))
  const made = await Promise.all(files.map(({ id }) => gateway.createVideo(withAssets(id))))
  const count = (status: number) => made.filter((answer) => answer.status === status).length
  expect([count(200), count(429)]).toEqual([30, 20])
  expect(await gateway.heldSlots()).toBe(30)
  const { accounts } = await gateway.sim.state()
  expect(Math.max(...accounts.map((account) => account.maxInFlight))).toBe(3)
})

test('fifty uploads at one account and then fifty creations use the whole pool, too', async () => {
  const gateway = await open({ accounts: poolOf(10, 3), ...LONG })
  const at = { 'x-gateway-account': 'acc0@example.com' }
  const files = await Promise.all(Array.from({ length: 50 }, () => upload(gateway, at)))
  const made: number[] = []
  for (const { id } of files) made.push((await gateway.createVideo(withAssets(id))).status)
  expect(made.filter((status) => status === 200)).toHaveLength(30)
  expect(made.filter((status) => status === 429)).toHaveLength(20)
})

test('races of many files, creations and accounts make each copy once', async () => {
  const gateway = await open({ accounts: poolOf(4, 10), ...LONG })
  for (const name of ['acc1', 'acc2', 'acc3']) {
    const resource = {
      account: `${name}@example.com`,
      resource: 'avatar',
      id: `avatar-of-${name}`,
    }
    await gateway.sim.control('POST', '/resources', resource)
  }
  for (let round = 0; round < 10; round += 1) {
    const at = { 'x-gateway-account': 'acc0@example.com' }
    const files = await Promise.all([1, 2, 3].map(() => upload(gateway, at)))
    await gateway.sim.forgetRequests()
    const calls = ['acc1', 'acc2', 'acc3'].flatMap((name) =>
      [
        [0, 1, 2],
        [2, 0],
        [1, 2],
      ].map((picked) =>
        gateway.createVideo({
          avatar_id: `avatar-of-${name}`,
          ...withAssets(...picked.map((index) => files[index]?.id ?? '')),
        })
      )
    )
    const answers = await Promise.all(calls)
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    const requests = await gateway.sim.requests()
    const copies = requests.filter(({ method, path }) => method === 'POST' && path === '/v3/assets')
    expect(copies).toHaveLength(9)
    await gateway.sim.finishJobs()
    for (const answer of answers) {
      await gateway.fetch(`/heygen/v3/videos/${answer.headers.get('x-gateway-job')}`)
    }
  }
}, 300_000)
