/** The story of a job: what happened when, and why other accounts did not get it. */
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import { openGateway, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addCustomer } from '../../support/scenes/tokens/own-tokens.ts'
import { Receiver } from '../../support/receiver.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({
  accounts: { full: 1, parked: 1, good: 1 },
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

interface Step {
  at: string
  what: string
  account?: string
  why?: string
  others?: { account: string; why: string; reason?: string; until?: string }[]
  delivery?: string
}
interface Job {
  status: string
  status_final: boolean
  story: Step[]
  storyIsWhole: boolean
}

async function jobOf(id: string, by: Pick<Gateway, 'fetch'> = gateway): Promise<Job> {
  const answer = await by.fetch(`/v1/heygen/jobs/${id}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Job
}

function create(headers: Record<string, string> = {}): Promise<Response> {
  const job = { script: `Hello, ${crypto.randomUUID()}.` }
  return gateway.createVideo({ ...VIDEO, ...job }, { 'x-gateway-join': 'no', ...headers })
}

function jobIdOf(answer: Response): string {
  return answer.headers.get('x-gateway-job') ?? ''
}

const email = (name: string) => `${name}@example.com`

test('a story names each account that was not chosen, and why', async () => {
  expect((await create({ 'x-gateway-account': email('full') })).status).toBe(200)
  const match = { method: 'POST', path: '/v3/videos' }
  await gateway.sim.fault({ match, times: 1, effect: { status: 429 } })
  expect((await create({ 'x-gateway-account': email('parked') })).status).toBe(429)
  const made = await create()
  const { story } = await jobOf(jobIdOf(made))
  const slot = story.find(({ what }) => what === 'slot')
  expect(slot?.account).toBe(email('good'))
  const others = (slot?.others ?? []).toSorted((a, b) => (a.account < b.account ? -1 : 1))
  expect(others).toEqual([
    { account: email('full'), why: 'seemed_full' },
    { account: email('parked'), why: 'parked', reason: 'busy', until: expect.any(String) },
  ])
})

test('a story of a job that named its account says that no other could serve it', async () => {
  await gateway.sim.finishJobs()
  const reply = { 'x-gateway-reply-url': `${receiver.url}/hook` }
  let made = new Response()
  await until(async () => {
    made = await create({ 'x-gateway-account': email('good'), ...reply })
    return made.ok
  })
  const id = jobIdOf(made)
  const before = await jobOf(id)
  expect(before.story.map(({ what }) => what)).toEqual(['asked', 'slot', 'accepted'])
  const others = before.story.find(({ what }) => what === 'slot')?.others ?? []
  expect(others.map(({ why }) => why)).toEqual(['pinned', 'pinned'])
  await gateway.sim.finishJobs()
  await until(async () => (await jobOf(id)).story.some(({ what }) => what === 'delivered'), 60_000)
  const { story, storyIsWhole } = await jobOf(id)
  expect(story.map(({ what }) => what)).toEqual([
    'asked',
    'slot',
    'accepted',
    'ended',
    'event',
    'delivered',
  ])
  expect(story.find(({ what }) => what === 'ended')?.why).toBe('completed')
  expect(storyIsWhole).toBe(true)
  const times = story.map(({ at }) => at)
  expect(times).toEqual(times.toSorted())
  const { delivery } = story.at(-1) ?? {}
  expect((await gateway.fetch(`/v1/deliveries/${delivery ?? ''}`)).status).toBe(200)
})

test('a queued job tells when it was asked for, chosen and started, also while it waits', async () => {
  const good = { 'x-gateway-account': email('good') }
  let first = new Response()
  await until(async () => {
    first = await create(good)
    return first.ok
  })
  const queued = await create({ ...good, prefer: 'respond-async' })
  expect(queued.status).toBe(202)
  const id = jobIdOf(queued) || queued.headers.get('location')?.split('/').at(-1) || ''
  const waiting = await jobOf(id)
  expect(waiting.status).toBe('queued')
  const [asked, wait] = waiting.story
  expect(asked?.what).toBe('asked')
  expect(wait).toMatchObject({ what: 'queued', why: 'pinned', account: email('good') })
  await gateway.sim.finishJobs()
  await gateway.fetch(`/heygen/v3/videos/${jobIdOf(first)}`)
  await until(async () => (await jobOf(id)).status === 'running', 60_000)
  const { story } = await jobOf(id)
  const steps = story.map(({ what }) => what)
  expect(steps.slice(0, 2)).toEqual(['asked', 'queued'])
  expect(steps).toContain('chosen')
  expect(steps.slice(-2)).toEqual(['slot', 'accepted'])
  expect(story.find(({ what }) => what === 'chosen')?.account).toBe(email('good'))
  const others = story.at(-2)?.others ?? []
  expect(others.map(({ why }) => why)).toEqual(['pinned', 'pinned'])
})

test('a story of a queued job names each account that was not chosen, and why [I5]', async () => {
  const accounts = { full: 1, parked: 1, drained: 1, good: 1 }
  const pool = await stopped(openGateway({ accounts, simVars: { JOB_MS: '-1' }, entry: CLOCKED }))
  onTestFinished(() => pool.dispose())
  const at = (name: string, headers: Record<string, string> = {}) => {
    const job = { ...VIDEO, script: `At ${name}, ${crypto.randomUUID()}.` }
    return pool.createVideo(job, { 'x-gateway-account': email(name), ...headers })
  }
  const end = async (job: string) => {
    await pool.sim.control('POST', '/finish', { id: job })
    await pool.fetch(`/heygen/v3/videos/${job}`)
  }
  const starts = (name: string, count: number) =>
    until(async () => (await pool.sim.account(email(name))).jobsStarted === count)
  const match = { method: 'POST', path: '/v3/videos' }
  await pool.sim.fault({ match, times: 1, effect: { status: 429 } })
  expect((await at('parked')).status).toBe(429)
  const [ofFull = '', ofGood = ''] = [jobIdOf(await at('full')), jobIdOf(await at('good'))]
  expect((await pool.post(`/v1/heygen/accounts/${email('drained')}/drain`, {})).status).toBe(200)
  // Each of the others says something to the desk: that it is parked, and that it is full while more waits for it.
  const async = { prefer: 'respond-async' }
  const [ofParked] = [await at('parked', async), await at('full', async), await at('full', async)]
  await end(ofFull)
  await starts('full', 2)
  await until(async () => {
    const line = await (await pool.fetch('/v1/heygen/queue')).json()
    const { items } = line as { items: { id: string; waitsFor: string }[] }
    return items.find((one) => one.id === jobIdOf(ofParked))?.waitsFor === 'account'
  })
  const { at: own } = await addCustomer(pool)
  const queued = await own.createVideo({}, async)
  expect(queued.status).toBe(202)
  const id = jobIdOf(queued)
  await end(ofGood)
  await starts('good', 2)
  await untilMoved(pool, async () => (await jobOf(id, pool)).status === 'running')
  const { story } = await jobOf(id, pool)
  expect(story.map(({ what }) => what)).toEqual(['asked', 'queued', 'chosen', 'slot', 'accepted'])
  const slot = story.find(({ what }) => what === 'slot')
  expect(slot?.account).toBe(email('good'))
  const others = (slot?.others ?? []).toSorted((a, b) => (a.account < b.account ? -1 : 1))
  expect(others).toEqual([
    { account: email('drained'), why: 'parked', reason: 'drained', until: expect.any(String) },
    { account: email('full'), why: 'full' },
    { account: email('parked'), why: 'parked', reason: 'busy', until: expect.any(String) },
  ])
  const seen = JSON.stringify(await jobOf(id, own))
  expect(seen).toContain('"slot"')
  for (const hidden of ['@example.com', 'others', 'parked']) expect(seen).not.toContain(hidden)
})

test('a token that sees only its own is told the story without any account [I5]', async () => {
  const shared = await openGateway({ accounts: { one: 1, two: 1 }, simVars: { JOB_MS: '-1' } })
  onTestFinished(() => shared.dispose())
  const { at: own } = await addCustomer(shared)
  const made = await own.createVideo()
  expect(made.status, await made.clone().text()).toBe(200)
  const answer = await own.fetch(`/v1/heygen/jobs/${jobIdOf(made)}`)
  const text = await answer.text()
  expect((JSON.parse(text) as Job).story.map(({ what }) => what)).toContain('slot')
  expect(text).not.toContain('@example.com')
  expect(text).not.toContain('others')
})

test('the story of what ended in the line tells who was told of that', async () => {
  const calm = await openGateway({ accounts: { one: 1 }, vars: LOOPBACK })
  onTestFinished(() => calm.dispose())
  await calm.post('/v1/heygen/queue/pause', {})
  const told = { 'x-gateway-reply-url': `${receiver.url}/cancelled`, prefer: 'respond-async' }
  const id = jobIdOf(await calm.createVideo({}, told))
  await calm.fetch(`/v1/heygen/queue/${id}`, { method: 'DELETE' })
  const steps = async () => (await jobOf(id, calm)).story.map(({ what }) => what)
  await until(async () => (await steps()).includes('delivered'))
  expect(await steps()).toEqual(['asked', 'queued', 'ended', 'event', 'delivered'])
})
