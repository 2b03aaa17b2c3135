/** A creation was answered with its job's id, but the account's object heard of that id late or never. */
import { afterAll, expect, test } from 'vitest'
import { MINUTE, pass, untilMoved } from '../../support/clock/clock.ts'
import { until } from '../../support/gateway.ts'
import { addEndpoint } from '../../support/scenes/hooked.ts'
import { Receiver, type Received } from '../../support/receiver.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'

const NAMES = ['never', 'own', 'early', 'late', 'gone']
const shared = await openWitnessed({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 1])),
  entry: 'test/support/workers/binds/late-bind-worker.ts',
  witness: { keys: 'ignores' },
  isHooked: true,
})
const { gateway, witness } = shared
const receiver = await Receiver.open()
await addEndpoint(gateway, `${receiver.url}/all`)
afterAll(async () => {
  await shared.close()
  await receiver.close()
})

async function bind(how: object): Promise<void> {
  await fetch(`${gateway.url}/__bind`, { method: 'POST', body: JSON.stringify(how) })
}

const at = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })

function toldOf(id: string, path = '/all'): Received[] {
  return receiver.posts(path).filter(({ body }) => body.includes(id))
}

/** Once, under one id, as it ended; a repeat under the same id is dropped, as a receiver may. */
function expectTold(posts: Received[]): void {
  const ids = posts.map(({ headers }) => headers['webhook-id'])
  const told = posts.filter((_, n) => ids.indexOf(ids[n]) === n)
  expect(told.map(({ body }) => (JSON.parse(body) as { event_type: string }).event_type)).toEqual([
    'avatar_video.success',
  ])
}

test('a job whose binding got lost is told to the tenant’s endpoint when HeyGen tells of it [I3]', async () => {
  await bind({ isLost: true })
  const made = await create(gateway, 'video', 'mark-never', {}, at('never'))
  await bind({})
  expect(made.status).toBe(200)
  const [job] = witness.marked('mark-never')
  if (!job) throw new Error('it did not reach the witness')
  witness.end(job)
  await untilMoved(gateway, async () => toldOf(job.id).length > 0, 10 * MINUTE)
  await pass(gateway, 20 * MINUTE)
  expectTold(toldOf(job.id))
  expect(await viewOf(gateway, job.id)).toMatchObject({ status: 'completed', jobid: job.id })
  await create(gateway, 'video', 'mark-never-2', {}, at('never'))
  expect(witness.marked('mark-never-2')).toHaveLength(1)
})

test('a job whose binding got lost is asked about by its id, and told to its own callback as it ended [I3]', async () => {
  await bind({ isLost: true })
  const more = { callback_url: `${receiver.url}/own`, callback_id: 'own' }
  await create(gateway, 'video', 'mark-own', more, at('own'))
  await bind({})
  const [job] = witness.marked('mark-own')
  if (!job) throw new Error('it did not reach the witness')
  await untilMoved(gateway, async () => (await viewOf(gateway, job.id)).status === 'running')
  witness.end(job, 'completed', { isTold: false })
  await untilMoved(gateway, async () => receiver.posts('/own').length > 0)
  await pass(gateway, 10 * MINUTE)
  expectTold(receiver.posts('/own'))
  expectTold(toldOf(job.id))
})

test('an event that comes before a late binding is told once, under one id [I3]', async () => {
  await bind({ lateMs: 30_000 })
  const more = { callback_url: `${receiver.url}/early`, callback_id: 'early' }
  const made = create(gateway, 'video', 'mark-early', more, at('early'))
  await until(async () => witness.marked('mark-early').length > 0)
  const [job] = witness.marked('mark-early')
  if (!job) throw new Error('it did not reach the witness')
  witness.end(job)
  await pass(gateway, MINUTE)
  expect((await made).status).toBe(200)
  await bind({})
  await untilMoved(gateway, async () => toldOf(job.id).length > 0)
  await pass(gateway, 20 * MINUTE)
  expectTold(toldOf(job.id))
  expectTold(receiver.posts('/early'))
  const ids = [...toldOf(job.id), ...receiver.posts('/early')].map(
    (one) => one.headers['webhook-id']
  )
  expect(new Set(ids).size).toBe(1)
})

test('a binding that comes after the first look still makes the job the client’s', async () => {
  await bind({ lateMs: 4 * MINUTE })
  const more = { callback_url: `${receiver.url}/late`, callback_id: 'late' }
  const made = create(gateway, 'video', 'mark-late', more, at('late'))
  await until(async () => witness.marked('mark-late').length > 0)
  const [job] = witness.marked('mark-late')
  if (!job) throw new Error('it did not reach the witness')
  await pass(gateway, 5 * MINUTE)
  expect((await made).status).toBe(200)
  await bind({})
  expect(await viewOf(gateway, job.id)).toMatchObject({ status: 'running', jobid: job.id })
  witness.end(job, 'completed', { isTold: false })
  await untilMoved(gateway, async () => receiver.posts('/late').length > 0)
  await untilMoved(gateway, async () => toldOf(job.id).length > 0)
  await pass(gateway, 10 * MINUTE)
  expectTold(receiver.posts('/late'))
  expectTold(toldOf(job.id))
})

test('a binding whose lease has ended makes one: the job holds a slot and its end is told [I1]', async () => {
  await bind({ lateMs: 10 * MINUTE, isUnlearned: true })
  const made = create(gateway, 'video', 'mark-gone', {}, at('gone'))
  await until(async () => witness.marked('mark-gone').length > 0)
  const [job] = witness.marked('mark-gone')
  if (!job) throw new Error('it did not reach the witness')
  // HeyGen's list lags behind, so nothing is found.
  job.isHidden = true
  await pass(gateway, 11 * MINUTE)
  expect((await made).status).toBe(200)
  await bind({})
  job.isHidden = false
  const more = await create(gateway, 'video', 'mark-gone-2', {}, at('gone'))
  expect(more.status).toBe(429)
  witness.end(job)
  await untilMoved(gateway, async () => toldOf(job.id).length > 0)
  expectTold(toldOf(job.id))
})
