/** What asking about refused accounts costs, and that it outlives a new sealing of their credentials. */
import { afterAll, expect, test } from 'vitest'
import { parkedOf, parkedScopes } from '../../support/scenes/blamed.ts'
import { MINUTE, SECOND, advance, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import { addKling, keysOf, makeKling, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { Receiver } from '../../support/receiver.ts'
import { K1, K2, Rotating } from '../../support/scenes/rotation.ts'
import { testFull } from '../../support/full.ts'

const gateway = await openGateway({
  simVars: { JOB_MS: '1' },
  entry: 'test/support/workers/counting-worker.ts',
})
afterAll(() => gateway.dispose())
await stopClock(gateway)
for (const name of ['a', 'b', 'c']) await addKling(gateway, name, { maxJobs: 9 })

/** In steps: an alarm that is set for the next moment rings in each of them. */
async function requestsIn(ms: number, steps = 1): Promise<number> {
  await fetch(`${gateway.url}/__count`)
  for (let step = 0; step < steps; step += 1) await advance(gateway, ms / steps)
  const counted = (await (await fetch(`${gateway.url}/__count`)).json()) as { requests: number }
  return counted.requests
}

const makeTask = (name: string) =>
  gateway.post('/kling/v1/videos/text2video', TEXT2VIDEO, {
    'x-gateway-account': `${name}@example.com`,
  })

test('an account whose key was refused and that is blocked later is asked about once at its time, and returns', async () => {
  const { accessKey } = keysOf('a')
  await makeKling(gateway, 'a', { accessKey, secretKey: 'another-secret-key-0000' })
  expect((await makeTask('a')).status).toBe(503)
  expect(await parkedScopes(gateway, 'kling')).toEqual(['a key:accessKey'])
  await makeKling(gateway, 'a', { refuseWith: 1100 })
  expect(await requestsIn(61 * SECOND)).toBeLessThan(20)
  expect(await parkedScopes(gateway, 'kling')).toEqual(['a all'])
  expect(await requestsIn(20 * SECOND, 20)).toBeLessThan(5)
  // And the other way round.
  await makeKling(gateway, 'a', {
    accessKey,
    secretKey: 'another-secret-key-0000',
    refuseWith: null,
  })
  expect(await requestsIn(5 * MINUTE)).toBeLessThan(20)
  expect(await parkedScopes(gateway, 'kling')).toEqual(['a key:accessKey'])
  expect(await requestsIn(20 * SECOND, 20)).toBeLessThan(5)
  await makeKling(gateway, 'a', { refuseWith: null })
  await advance(gateway, 65 * MINUTE)
  expect(await parkedScopes(gateway, 'kling')).toEqual([])
  expect((await makeTask('a')).status).toBe(200)
})

// Of its kind in `npm test`: this file: an account whose key was refused
testFull(
  'a key that is revoked after the credentials were sealed anew is parked as before',
  async () => {
    const receiver = await Receiver.open()
    const rotating = await Rotating.open(receiver, K1)
    try {
      for (const name of ['a', 'b', 'c']) await rotating.gateway.addAccount(name, 9)
      const it = await rotating.openWith(`${K2},${K1}`)
      await rotating.reseal()
      await rotating.advance(2 * MINUTE)
      await it.sim.addAccount('a@example.com', 'sk_test_another')
      const answer = await it.createVideo({}, { 'x-gateway-account': 'a@example.com' })
      expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([
        503,
        'account_unavailable',
      ])
      expect(await parkedOf(it, 'a')).toMatchObject([{ scope: 'all', reason: 'credential' }])
    } finally {
      await rotating.dispose()
      await receiver.close()
    }
  }
)
