/** A 404 says that a job is gone only in HeyGen's own words, and not when many jobs go at once. */
import { afterAll, expect, test } from 'vitest'
import { MINUTE, pass, untilMoved } from '../../support/clock/clock.ts'
import { addEndpoint } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'
import type { WitnessJob } from '../../support/witness/witness-types.ts'

const NAMES = ['edge', 'many', 'one', 'ours']
const shared = await openWitnessed({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 2])),
})
const { gateway, witness } = shared
const receiver = await Receiver.open()
await addEndpoint(gateway, `${receiver.url}/all`)
afterAll(async () => {
  await shared.close()
  await receiver.close()
})

const at = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })

async function twoJobs(name: string): Promise<WitnessJob[]> {
  for (const n of [1, 2]) {
    const made = await create(gateway, 'video', `mark-${name}-${n}`, {}, at(name))
    expect(made.status).toBe(200)
  }
  return [1, 2].flatMap((n) => witness.marked(`mark-${name}-${n}`))
}

async function expectRunning(name: string, jobs: WitnessJob[]): Promise<void> {
  for (const { id } of jobs) {
    const { status, status_final: isFinal } = await viewOf(gateway, id)
    expect([status, isFinal]).toEqual(['running', false])
  }
  const more = await create(gateway, 'video', `mark-${name}-more`, {}, at(name))
  expect(more.status).toBe(429)
}

/** Asked without the events, which would end them sooner. */
async function expectCompleted(name: string, jobs: WitnessJob[]): Promise<void> {
  for (const job of jobs) witness.end(job, 'completed', { isTold: false })
  await untilMoved(gateway, async () => {
    const views = await Promise.all(jobs.map(({ id }) => viewOf(gateway, id)))
    return views.every(({ status }) => status === 'completed')
  })
  expect(witness.account(name).maxInFlight).toBe(2)
}

test('jobs that run while HeyGen’s edge answers a 404 page for 15 minutes keep their slots and end as they end [I1]', async () => {
  const jobs = await twoJobs('edge')
  await pass(gateway, 10 * MINUTE)
  witness.account('edge').isEdgeLost = true
  await pass(gateway, 15 * MINUTE)
  witness.account('edge').isEdgeLost = false
  await expectRunning('edge', jobs)
  await expectCompleted('edge', jobs)
})

test('several jobs of an account that vanish at once, in HeyGen’s own words, are not gone [I1]', async () => {
  const jobs = await twoJobs('many')
  for (const job of jobs) job.isHidden = true
  await pass(gateway, 30 * MINUTE)
  for (const job of jobs) job.isHidden = false
  await expectRunning('many', jobs)
  await expectCompleted('many', jobs)
})

test('one job that HeyGen says it does not know is gone, and its slot comes back [I2]', async () => {
  const [gone, other] = await twoJobs('one')
  if (!gone || !other) throw new Error('no jobs')
  witness.forget(gone)
  await untilMoved(gateway, async () => (await viewOf(gateway, gone.id)).status === 'gone')
  expect((await viewOf(gateway, other.id)).status).toBe('running')
  const more = await create(gateway, 'video', 'mark-one-more', {}, at('one'))
  expect(more.status).toBe(200)
})

test('all jobs of an account that were deleted through us are gone', async () => {
  const jobs = await twoJobs('ours')
  for (const { id } of jobs) {
    const deleted = await gateway.fetch(`/heygen/v3/videos/${id}`, { method: 'DELETE' })
    expect(deleted.status).toBe(200)
  }
  await untilMoved(gateway, async () => {
    const views = await Promise.all(jobs.map(({ id }) => viewOf(gateway, id)))
    return views.every(({ status_final: isFinal }) => isFinal)
  })
  const more = await create(gateway, 'video', 'mark-ours-more', {}, at('ours'))
  expect(more.status).toBe(200)
})
