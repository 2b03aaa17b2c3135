/** HeyGen's events under ids that are not unique and times that are not true: each end is told, once, under one id. */
import { afterAll, expect, test } from 'vitest'
import { MINUTE, pass, SECOND, untilMoved } from '../../support/clock/clock.ts'
import { isFull } from '../../support/full.ts'
import { addEndpoint } from '../../support/scenes/hooked.ts'
import { Receiver, type Received } from '../../support/receiver.ts'
import { until } from '../../support/gateway.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'
import type { WitnessJob } from '../../support/witness/witness-types.ts'

const NAMES = ['pair', 'same', 'gif', 'behind', 'local', 'ahead', 'asked', 'a', 'b']
const shared = await openWitnessed({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 2])),
  isHooked: true,
})
const { gateway, witness } = shared
const receiver = await Receiver.open()
await addEndpoint(gateway, `${receiver.url}/all`)
await addEndpoint(gateway, `${receiver.url}/other`)
afterAll(async () => {
  await shared.close()
  await receiver.close()
})

async function make(name: string, n = 1): Promise<WitnessJob> {
  const more = { callback_url: `${receiver.url}/${name}-${n}`, callback_id: `${name}-${n}` }
  const pinned = { 'x-gateway-account': `${name}@example.com` }
  const made = await create(gateway, 'video', `mark-${name}-${n}`, more, pinned)
  expect(made.status).toBe(200)
  const [job] = witness.marked(`mark-${name}-${n}`)
  if (!job) throw new Error('it did not reach the witness')
  return job
}

/** A repeat under the same id is dropped, as a receiver may. */
function toldOf({ id }: WitnessJob, path?: string): Received[] {
  const posts = receiver.posts(path).filter(({ body }) => body.includes(id))
  const names = posts.map((post) => `${post.path} ${idOf(post)}`)
  return posts.filter((_, n) => names.indexOf(names[n] ?? '') === n)
}

const idOf = ({ headers }: Received): string => String(headers['webhook-id'])

/** Its end, once at each of the three, all under one id. */
async function expectOneEnd(job: WitnessJob, own: string): Promise<string> {
  await untilMoved(
    gateway,
    async () => toldOf(job, own).length > 0 && toldOf(job, '/all').length > 0
  )
  await pass(gateway, 15 * MINUTE)
  const ends = toldOf(job).filter(({ body }) => body.includes('avatar_video.success'))
  expect(ends.map(({ path }) => path).toSorted()).toEqual(['/all', own, '/other'].toSorted())
  expect(new Set(ends.map(idOf)).size).toBe(1)
  expect(await viewOf(gateway, job.id)).toMatchObject({ status: 'completed' })
  const [end] = ends
  if (!end) throw new Error('it was not told')
  return idOf(end)
}

test('two ends under one event id are both told, each under an id of its own [I3]', async () => {
  const [one, two] = [await make('same', 1), await make('same', 2)]
  for (const job of [one, two]) witness.end(job, 'completed', { isTold: false })
  for (const job of [one, two]) witness.tell(job, { eventId: 'evt_shared' })
  const ids = [await expectOneEnd(one, '/same-1'), await expectOneEnd(two, '/same-2')]
  expect(new Set(ids).size).toBe(2)
  const headers = [...toldOf(one), ...toldOf(two)].map((post) => post.headers['heygen-event-id'])
  expect(new Set(headers)).toEqual(new Set(['evt_shared']))
})

test('ends on two accounts under one event id are told under two [I3]', async () => {
  const [one, two] = [await make('a'), await make('b')]
  for (const job of [one, two]) witness.end(job, 'completed', { isTold: false })
  for (const job of [one, two]) witness.tell(job, { eventId: 'evt_across' })
  const ids = [await expectOneEnd(one, '/a-1'), await expectOneEnd(two, '/b-1')]
  expect(new Set(ids).size).toBe(2)
})

test('another event with the id of a job’s end does not swallow it [I3]', async () => {
  const job = await make('gif')
  const [hook] = witness.account('gif').endpoints
  if (!hook) throw new Error('no webhook')
  const event = { event_id: 'evt_gif', event_data: { video_id: job.id }, created_at: iso(0) }
  const body = JSON.stringify({ ...event, event_type: 'avatar_video_gif.success' })
  const sending = { url: hook.url, secret: hook.secret, eventId: 'evt_gif', body, jobId: job.id }
  witness.hooks.enqueue(sending)
  await untilMoved(gateway, async () => toldOf(job, '/all').length > 0)
  witness.end(job, 'completed', { isTold: false })
  witness.tell(job, { eventId: 'evt_gif' })
  await expectOneEnd(job, '/gif-1')
})

function iso(offMs: number): string {
  return new Date(witness.now() + offMs).toISOString()
}

const CLOCKS: [string, () => string][] = [
  ['behind', () => iso(-300 * SECOND)],
  ['ahead', () => iso(300 * SECOND)],
  ['local', () => iso(-7 * 60 * MINUTE).slice(0, 19)],
]

for (const [name, created] of isFull ? CLOCKS : CLOCKS.slice(0, 1)) {
  test(`an end is told once, under one id and at once, where HeyGen’s clock is ${name} [I3]`, async () => {
    const job = await make(name)
    witness.end(job, 'completed', { isTold: false })
    witness.tell(job, { createdAt: created() })
    await receiver.heard(`/${name}-1`)
    expect(await viewOf(gateway, job.id)).toMatchObject({ status: 'completed' })
    await expectOneEnd(job, `/${name}-1`)
    const [own] = receiver.posts(`/${name}-1`)
    expect(own?.body).toContain(`${job.id}.mp4`)
  })
}

test('an end that was asked about is not told again when its event comes late, from a clock that is behind', async () => {
  const job = await make('asked')
  witness.end(job, 'completed', { isTold: false })
  await untilMoved(gateway, async () => toldOf(job, '/asked-1').length > 0)
  witness.tell(job, { createdAt: iso(-20 * MINUTE) })
  await expectOneEnd(job, '/asked-1')
})

test('an end that comes while a lost creation may be the same job, and its own is not bound yet, is told once, under one id [I3]', async () => {
  const pinned = { 'x-gateway-account': 'pair@example.com' }
  witness.fault({ isCreation: true, mark: 'mark-pair-lost' }, { reset: 'before' })
  await create(gateway, 'agent', 'mark-pair-lost', {}, pinned)
  await pass(gateway, 115 * SECOND)
  const answer = Promise.withResolvers<void>()
  witness.fault({ isCreation: true, mark: 'mark-pair' }, { heldAnswer: answer.promise })
  const made = create(
    gateway,
    'agent',
    'mark-pair',
    { callback_url: `${receiver.url}/pair` },
    pinned
  )
  await until(async () => witness.marked('mark-pair').length > 0)
  const [job] = witness.marked('mark-pair')
  if (!job) throw new Error('it did not reach the witness')
  await pass(gateway, 45 * SECOND)
  witness.end(job)
  await pass(gateway, 5 * SECOND, { stepMs: 5 * SECOND })
  answer.resolve()
  expect((await made).status).toBe(200)
  await untilMoved(gateway, async () => toldOf(job, '/pair').length > 0)
  await pass(gateway, 15 * MINUTE)
  expect(new Set(toldOf(job).map(idOf)).size).toBe(1)
  expect(
    toldOf(job)
      .map(({ path }) => path)
      .toSorted()
  ).toEqual(['/all', '/other', '/pair'])
})
