/** A re-seal of much, in parts, by several at once, and by one that dies in the middle. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MINUTE } from '../../support/clock/clock.ts'
import { Receiver } from '../../support/receiver.ts'
import { K1, K2, Rotating, until, type Pass } from '../../support/scenes/rotation.ts'

let receiver: Receiver
let rotating: Rotating
const it = () => rotating.gateway

/** Takes no slot, and its answer is kept. */
const makeFolder = (n: number) =>
  it().post(
    '/heygen/v1/folders/create',
    { name: `v${n}`, project_type: 'video' },
    { 'idempotency-key': `k${n}` }
  )

beforeAll(async () => {
  receiver = await Receiver.open()
  rotating = await Rotating.open(receiver)
  // More tokens than a step takes, more desks than a request takes, more accounts and answers than a share has.
  for (let n = 0; n < 120; n += 1) await it().newToken({ tenant: `tenant-${n % 30}` })
  for (let n = 0; n < 45; n += 1) await it().addAccount(`many-${n}`, 1, { examples: false })
  for (let n = 0; n < 450; n += 1) {
    const kept = await makeFolder(n)
    if (n === 0) expect(kept.status, await kept.clone().text()).toBe(200)
  }
  await rotating.openWith(`${K2},${K1}`)
}, 300_000)
afterAll(async () => {
  await rotating.dispose()
  await receiver.close()
})

async function part(): Promise<Pass> {
  const answer = await it().admin('POST', '/reseal')
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Pass
}

test('a request does a part, and what was interrupted goes on from its place until every text is of the new key', async () => {
  const first = await part()
  expect(first).toMatchObject({ done: false, status: 'running', pass: 1 })
  expect(first.tenants.passed).toBeLessThan(first.tenants.all)
  await part()
  // As after a crash: nothing of what was done is lost, and nothing is done twice.
  await rotating.openWith(`${K2},${K1}`)
  expect((await rotating.shown()).tenants.passed).toBeGreaterThan(first.tenants.passed)
  const pass = await rotating.reseal()
  expect(pass.resealed['keptAnswers']).toBe(450)
  expect(pass.resealed['credentials']).toBe(90)
  // The token of the first opening beside; those of later ones are of the new key.
  expect(pass.resealed['tokenPairs']).toBe(121)
  expect(pass.unreadable).toEqual({ byKey: {}, examples: [] })
})

test('several who call at once end one pass, which finds nothing more', async () => {
  await rotating.advance(11 * MINUTE)
  const last = await until(async () => {
    const parts = await Promise.all([part(), part(), part(), part()])
    return parts.every(({ done }) => done) && parts[0]
  })
  expect(last).toMatchObject({ pass: 2, status: 'aging', resealed: {}, byKey: {} })
  await rotating.openWith(K2)
  expect((await makeFolder(7)).status).toBe(200)
  expect((await it().createVideo()).status).toBe(200)
})
