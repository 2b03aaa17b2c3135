/** Words for a state that no row lists, and jobs that wait for a human who never comes. */
import { afterAll, expect, test } from 'vitest'
import { HOUR, MINUTE, pass, SECOND, untilMoved } from '../../support/clock/clock.ts'
import { isFull, testFull } from '../../support/full.ts'
import { addEndpoint } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'
import type { WitnessJob } from '../../support/witness/witness-types.ts'

const END_WORDS = isFull
  ? ['cancelled', 'Canceled', 'EXPIRED', 'deleted', 'error', 'timeout']
  : ['Canceled', 'timeout']
const NAMES = [
  ...END_WORDS.map((word) => word.toLowerCase()),
  'once',
  'odd',
  'result',
  'waits',
  'session',
]
const shared = await openWitnessed({
  accounts: Object.fromEntries(NAMES.map((name) => [name, 2])),
  isHooked: true,
})
const { gateway, witness } = shared
const receiver = await Receiver.open()
await addEndpoint(gateway, `${receiver.url}/all`)
afterAll(async () => {
  await shared.close()
  await receiver.close()
})

const at = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
const DAY = 24 * HOUR

async function make(name: string, kind = 'video', n = 1): Promise<WitnessJob> {
  const made = await create(gateway, kind, `mark-${name}-${n}`, {}, at(name))
  expect(made.status).toBe(kind === 'clipping' ? 202 : 200)
  const [job] = witness.marked(`mark-${name}-${n}`)
  if (!job) throw new Error('it did not reach the witness')
  return job
}

/** A repeat under the same id is dropped, as a receiver may. */
function toldTypes(id: string): string[] {
  const posts = receiver.posts('/all').filter(({ body }) => body.includes(id))
  const ids = posts.map(({ headers }) => headers['webhook-id'])
  const told = posts.filter((_, n) => ids.indexOf(ids[n]) === n)
  return told.map(({ body }) => (JSON.parse(body) as { event_type: string }).event_type)
}

async function statusOf(id: string): Promise<string> {
  return (await viewOf(gateway, id)).status
}

async function heldBy(name: string): Promise<number> {
  const answer = await gateway.fetch('/v1/heygen/scheduler/available')
  const { available } = (await answer.json()) as {
    available: { email: string; executing: number }[]
  }
  return available.find(({ email }) => email.startsWith(`${name}@`))?.executing ?? 0
}

function asksAbout(id: string, since: number): number {
  return witness.calls.filter(({ path, at: when }) => when >= since && path.endsWith(`/${id}`))
    .length
}

for (const word of END_WORDS) {
  test(`a job that HeyGen twice calls ${word} has failed, its slot comes back and its end is told [I2]`, async () => {
    const name = word.toLowerCase()
    const job = await make(name)
    witness.end(job, word, { isTold: false })
    await untilMoved(gateway, async () => (await statusOf(job.id)) === 'failed', 20 * MINUTE)
    expect(await heldBy(name)).toBe(0)
    await untilMoved(gateway, async () => toldTypes(job.id).length > 0)
    expect(toldTypes(job.id)).toEqual(['avatar_video.fail'])
  })
}

test('such a word ends nothing when it is said only within a minute [I1]', async () => {
  const job = await make('once')
  job.word = 'cancelled'
  for (const _ of [1, 2, 3]) {
    await gateway.fetch(`/heygen/v3/videos/${job.id}`)
    await pass(gateway, 10 * SECOND, { stepMs: 5 * SECOND })
  }
  job.word = 'processing'
  await pass(gateway, 15 * MINUTE)
  expect(await statusOf(job.id)).toBe('running')
  witness.end(job)
  await untilMoved(gateway, async () => (await statusOf(job.id)) === 'completed')
})

test('a word that nobody knows ends nothing, and does not put off the 48 h after which a job is lost [I2]', async () => {
  const job = await make('odd')
  witness.end(job, 'archived_elsewhere', { isTold: false })
  await pass(gateway, 40 * MINUTE, { stepMs: MINUTE })
  expect(await statusOf(job.id)).toBe('running')
  await pass(gateway, 46 * HOUR, { stepMs: HOUR })
  expect(await statusOf(job.id)).toBe('running')
  await pass(gateway, 2 * HOUR, { stepMs: 10 * MINUTE })
  expect(await statusOf(job.id)).toBe('lost')
  expect(await heldBy('odd')).toBe(0)
})

test('a video’s address beside a word that nobody knows says that it is done', async () => {
  const job = await make('result')
  job.more = { video_url: `https://files.example.com/${job.id}.mp4` }
  witness.end(job, 'finished', { isTold: false })
  await untilMoved(gateway, async () => (await statusOf(job.id)) === 'completed', 20 * MINUTE)
  await untilMoved(gateway, async () => toldTypes(job.id).length > 0)
  expect(toldTypes(job.id)).toEqual(['avatar_video.success'])
  expect(await heldBy('result')).toBe(0)
})

// Of its kind in `npm test`: jobs/unknown-outcomes.test.ts: a job unheard of for 48 h
testFull(
  'sessions that wait for a human are asked about less and less, and given up after seven days [I2]',
  async () => {
    const jobs: WitnessJob[] = []
    const numbers = isFull ? [1, 2, 3, 4, 5] : [1, 2]
    for (const n of numbers) {
      const job = await make('waits', 'agent', n)
      witness.wait(job, 'waiting_for_input')
      await gateway.fetch(`/heygen/v3/video-agents/${job.id}`)
      jobs.push(job)
    }
    expect(await heldBy('waits')).toBe(0)
    const perQuarter: number[] = []
    for (let day = 0; day < 6; day += 1) {
      const since = witness.now()
      const isWatched = day === 0 || day === 5
      if (isWatched) await pass(gateway, DAY / 4, { stepMs: 10 * MINUTE })
      if (isWatched) perQuarter.push(jobs.reduce((sum, { id }) => sum + asksAbout(id, since), 0))
      await pass(gateway, isWatched ? DAY * 0.75 : DAY, { stepMs: 3 * HOUR })
    }
    const [early = 0, late = 0] = perQuarter
    expect(late).toBeLessThanOrEqual(numbers.length * 7)
    expect(late).toBeLessThan(early)
    const [first, ...others] = jobs
    if (!first) throw new Error('no session')
    witness.end(first, 'completed', { isTold: false })
    await untilMoved(
      gateway,
      async () => (await statusOf(first.id)) === 'completed',
      DAY,
      30 * MINUTE
    )
    await pass(gateway, 1.5 * DAY, { stepMs: HOUR })
    for (const { id } of others) expect((await viewOf(gateway, id)).status_final).toBe(true)
    const since = witness.now()
    await pass(gateway, DAY, { stepMs: 2 * HOUR })
    expect(others.reduce((sum, { id }) => sum + asksAbout(id, since), 0)).toBe(0)
  }
)

test('a session whose video is known ends with its video, also while the session cannot be asked about', async () => {
  const job = await make('session', 'agent')
  const [video] = witness.addForeign('session', 'video', 1, { isRunning: true })
  if (!video) throw new Error('no video')
  job.more = { video_id: video.id }
  await gateway.fetch(`/heygen/v3/video-agents/${job.id}`)
  const path = `/v3/video-agents/${job.id}`
  witness.fault({ method: 'GET', path }, { status: 500 }, { times: Infinity })
  witness.end(video)
  await untilMoved(gateway, async () => (await heldBy('session')) === 0, 20 * MINUTE)
  expect(await statusOf(job.id)).toBe('completed')
  await untilMoved(gateway, async () => toldTypes(job.id).length + toldTypes(video.id).length > 0)
  witness.clearFaults()
})
