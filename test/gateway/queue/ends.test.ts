/** How queued creations end without a job: each is told once under its name, costs nothing, and holds up nothing. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import {
  advance,
  CLOCKED,
  clockOf,
  MINUTE,
  SECOND,
  stopped,
  untilMoved,
} from '../../support/clock/clock.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { queueVideo, startedTitles, wordOf } from '../../support/queue/videos.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'

const shared = await stopped(openGateway({ vars: LOOPBACK, entry: CLOCKED }))
const receiver = await Receiver.open()
afterAll(async () => {
  await shared.dispose()
  await receiver.close()
})

const CREATE = { method: 'POST', path: '/v3/videos' }
let gateway: Gateway
let tenant = ''
let account = ''
let tests = 0
let at = ''

/** A tenant of its own with an account of one slot. */
beforeEach(async () => {
  tests += 1
  at = `/ended${tests}`
  await shared.sim.clearFaults()
  const made = await shared.newToken()
  tenant = made.tenant
  gateway = shared.as(made.token)
  account = await gateway.addAccount(`ends${tests}`, 1)
})

const mine = (title: string) => `${tests}-${title}`
/** The end of a job is known to the gateway. What it shows of a job that waited is old by then. */
async function end(name: string): Promise<void> {
  await advance(gateway, 20 * SECOND)
  await gateway.sim.finishJobs()
  await gateway.fetch(`/heygen/v3/videos/${name}`)
}

const queue = (title: string, headers: Record<string, string> = {}, from = gateway) =>
  queueVideo(from, mine(title), { 'x-gateway-reply-url': receiver.url + at, ...headers })
const isStarted = async (title: string) => (await startedTitles(gateway)).includes(mine(title))

async function viewOf(name: string) {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${name}`)
  return (await answer.json()) as { status: string }
}

/** A job that holds the only slot until the test ends it. */
async function fillSlot(): Promise<string> {
  const name = await queueVideo(gateway, mine('first'))
  await until(() => isStarted('first'))
  return name
}

interface Told {
  event_id: string
  event_type: string
  event_data: { video_id: string }
}

/** What the receiver was told of these names, each under one id. The clock is moved while calls are under way, so one may come twice. */
async function toldOf(names: string[]): Promise<Told[]> {
  const all = () => receiver.posts(at).map(({ body }) => JSON.parse(body) as Told)
  await untilMoved(
    gateway,
    async () => new Set(all().map((one) => one.event_id)).size >= names.length
  )
  await advance(gateway, MINUTE)
  const told = [...new Map(all().map((one) => [one.event_id, one])).values()]
  expect(told.map(({ event_data }) => event_data.video_id).toSorted()).toEqual(names.toSorted())
  return told
}

test('the event of a queued job names it as the client knows it, and so do all later answers [I3]', async () => {
  const name = await queue('named')
  await until(() => isStarted('named'))
  // The desk hears of the start after the provider.
  await until(async () => (await wordOf(gateway, name)) !== 'waiting')
  const [job] = (await gateway.sim.state()).jobs.filter((one) => one.account === account)
  const poll = await gateway.fetch(`/heygen/v3/videos/${name}`)
  expect(poll.headers.get('x-gateway-job')).toBe(name)
  expect(poll.headers.get('x-gateway-provider-job')).toBe(job?.id)
  expect(await poll.json()).toMatchObject({ data: { id: name } })
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await wordOf(gateway, name)) === 'completed')
  const [told] = await toldOf([name])
  expect(told).toMatchObject({ event_type: 'avatar_video.success' })
  const real = await gateway.fetch(`/heygen/v3/videos/${job?.id}`)
  expect(await real.json()).toMatchObject({ data: { id: job?.id, status: 'completed' } })
})

test('a delivery about a queued job has its name and the provider’s id, and is found by both', async () => {
  const name = await queue('delivered')
  await until(() => isStarted('delivered'))
  const [job] = (await gateway.sim.state()).jobs.filter((one) => one.account === account)
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await wordOf(gateway, name)) === 'completed')
  await receiver.heard(at)
  const found = async (id = '') => {
    const answer = await gateway.fetch(`/v1/deliveries?job=${id}`)
    return ((await answer.json()) as { deliveries: { id: string }[] }).deliveries
  }
  const [one, ...others] = await found(name)
  expect(one).toMatchObject({ job: name, providerJob: job?.id })
  expect(others).toEqual([])
  expect(await found(job?.id)).toEqual([one])
  const full = await gateway.fetch(`/v1/deliveries/${one?.id}`)
  expect(await full.json()).toMatchObject({ job: name, providerJob: job?.id })
})

test('a delivery about an end without a job, or of one that was not queued, has no other id of the provider', async () => {
  const started = await gateway.createVideo(
    { title: mine('direct') },
    { 'x-gateway-reply-url': receiver.url + at }
  )
  const { data } = (await started.json()) as { data: { video_id: string } }
  const waiting = await queue('cancelled')
  await gateway.fetch(`/v1/heygen/queue/${waiting}`, { method: 'DELETE' })
  await end(data.video_id)
  await receiver.heard(at, 2)
  const { deliveries } = (await (await gateway.fetch('/v1/deliveries')).json()) as {
    deliveries: { job: string; providerJob?: string }[]
  }
  const ids = deliveries.map((one) => [one.job, one.providerJob])
  expect(ids.toSorted()).toEqual([waiting, data.video_id].map((id) => [id, undefined]).toSorted())
})

test('a cancelled creation is never sent, is told once, and its slot goes to the next one [I3]', async () => {
  const first = await fillSlot()
  const [gone, alsoGone, next] = [
    await queue('gone'),
    await queue('also-gone'),
    await queueVideo(gateway, mine('next')),
  ]
  expect((await gateway.fetch(`/v1/heygen/queue/${gone}`, { method: 'DELETE' })).status).toBe(204)
  const own = await gateway.fetch(`/heygen/v3/videos/${alsoGone}`, { method: 'DELETE' })
  expect(own.status).toBe(200)
  await toldOf([gone, alsoGone])
  expect(await wordOf(gateway, gone)).toBe('failed')
  await end(first)
  await until(() => isStarted('next'))
  expect(await isStarted('gone')).toBe(false)
  expect(await isStarted('also-gone')).toBe(false)
  expect(await wordOf(gateway, next ?? '')).not.toBe('waiting')
})

test('an end without a start is told under the client’s own callback id, and shown with its times and without an account', async () => {
  await fillSlot()
  const reply = { 'x-gateway-reply-url': receiver.url + at }
  const name = await queueVideo(gateway, mine('named'), reply, { callback_id: 'order 7' })
  const json = async (path: string) => (await gateway.fetch(`/v1/heygen${path}`)).json()
  const { created } = (await json(`/jobs/${name}`)) as { created: string }
  await advance(gateway, SECOND)
  await gateway.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
  const [told] = await toldOf([name])
  expect(told?.event_data).toMatchObject({ video_id: name, callback_id: 'order 7' })
  const view = (await json(`/jobs/${name}`)) as { ended: string; times: object }
  expect(Date.parse(view.ended)).toBeGreaterThan(Date.parse(created))
  expect(view.times).toMatchObject({ asked: created, started: null, ended: view.ended })
  const { jobs } = (await json('/jobs?state=ended')) as { jobs: { jobid: string }[] }
  const shown = { email: null, status: 'failed', created, ended: view.ended }
  expect(jobs.find(({ jobid }) => jobid === name)).toMatchObject(shown)
})

test('a creation that is being started or runs is not cancelled in the line', async () => {
  const name = await fillSlot()
  const cancel = () => gateway.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
  expect((await cancel()).status).toBe(409)
  await untilMoved(gateway, async () => (await wordOf(gateway, name)) !== 'waiting')
  // Another try would be refused as well, so nothing invites one.
  const answer = await cancel()
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([409, 'conflict'])
  expect(answer.headers.get('retry-after')).toBeNull()
})

test('another token of the tenant cancels only with full scope, another tenant never [I5]', async () => {
  await fillSlot()
  const name = await queue('mine')
  const cancel = async (token: string) =>
    (await shared.as(token).fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })).status
  expect(await cancel((await shared.newToken()).token)).toBe(404)
  const user = await shared.newToken({ tenant, scope: 'use' })
  expect(await cancel(user.token)).toBe(404)
  const full = await shared.newToken({ tenant, scope: 'full' })
  expect(await cancel(full.token)).toBe(204)
})

test('what has not started by its deadline ends as failed, is told once, and is never sent [I3]', async () => {
  await fillSlot()
  const name = await queue('late', { 'x-gateway-start-within': '90' })
  await advance(gateway, 60 * SECOND)
  expect(await wordOf(gateway, name)).toBe('waiting')
  const [told] = await toldOf([name])
  expect(JSON.stringify(told)).toContain('start_deadline')
  expect(await wordOf(gateway, name)).toBe('failed')
  await gateway.sim.finishJobs()
  await advance(gateway, MINUTE)
  expect(await isStarted('late')).toBe(false)
  expect(await gateway.heldSlots()).toBe(0)
})

test('forty creations of a removed token start nothing more, and each end is told once [I3, I5]', async () => {
  const first = await fillSlot()
  const mineToo = await shared.newToken({ tenant })
  const names = await Promise.all(
    Array.from({ length: 40 }, (_, n) => queue(`removed${n}`, {}, shared.as(mineToo.token)))
  )
  const left = await queueVideo(gateway, mine('left'))
  expect((await gateway.admin('DELETE', `/tokens/${mineToo.id}`)).ok).toBe(true)
  await toldOf(names)
  await end(first)
  await untilMoved(gateway, () => isStarted('left'))
  await advance(gateway, 2 * MINUTE)
  const titles = await startedTitles(gateway)
  expect(titles.filter((title) => title.startsWith(mine('removed')))).toEqual([])
  expect(await wordOf(gateway, left)).not.toBe('waiting')
})

const words = (code: string, message: string) => ({
  error: { code, message, param: null, doc_url: null },
})

test('a refusal for its content ends a creation at once in the provider’s words, and the next one starts [I3]', async () => {
  const first = await fillSlot()
  const bad = await queue('bad')
  await advance(gateway, 2 * SECOND)
  const next = await queueVideo(gateway, mine('next'))
  const body = words('content_policy_violation', 'The script is not allowed.')
  await gateway.sim.fault({ match: CREATE, times: 1, effect: { status: 400, body } })
  await end(first)
  await until(() => isStarted('next'))
  expect(await isStarted('bad')).toBe(false)
  const [told] = await toldOf([bad])
  expect(JSON.stringify(told)).toContain('The script is not allowed.')
  const poll = await gateway.fetch(`/heygen/v3/videos/${bad}`)
  expect(await poll.text()).toContain('The script is not allowed.')
  expect(await viewOf(bad)).toMatchObject({
    status: 'failed',
    detail: 'The script is not allowed.',
    ended: expect.any(String),
    story: expect.arrayContaining([expect.objectContaining({ what: 'ended', why: 'refused' })]),
  })
  expect(await wordOf(gateway, next)).not.toBe('waiting')
})

test('a queued job names the request that asked for it, while it waits, runs, and has ended or was cancelled', async () => {
  const first = await fillSlot()
  const ask = () => gateway.createVideo({ title: mine('asked') }, { prefer: 'respond-async' })
  const [runs, stays] = [await ask(), await ask()].map(({ headers }) => ({
    name: headers.get('x-gateway-job') ?? '',
    requestId: headers.get('x-request-id') ?? '',
  }))
  if (!runs || !stays) throw new Error('two were asked for')
  expect(await viewOf(runs.name)).toMatchObject({ status: 'queued', requestId: runs.requestId })
  const cancel = await gateway.fetch(`/v1/heygen/queue/${stays.name}`, { method: 'DELETE' })
  expect(cancel.status).toBe(204)
  await end(first)
  await untilMoved(gateway, async () => (await viewOf(runs.name)).status === 'running')
  expect(await viewOf(runs.requestId)).toMatchObject({ jobid: runs.name })
  expect(await viewOf(runs.name)).toMatchObject({ requestId: runs.requestId })
  const pool = await (await gateway.fetch('/v1/pool')).json()
  const shown = { id: runs.name, requestId: runs.requestId, status: 'running' }
  expect(pool).toMatchObject({ accounts: [{ jobs: [shown] }] })
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await viewOf(runs.name)).status === 'completed')
  const isLogged = (line: string) => line.includes('job_ended') && line.includes(runs.requestId)
  await until(async () => gateway.logs.some(isLogged))
  const listed = async () => {
    const answer = await gateway.fetch('/v1/heygen/jobs?state=ended')
    const { jobs } = (await answer.json()) as { jobs: Record<'jobid' | 'requestId', string>[] }
    return new Map(jobs.map(({ jobid, requestId }) => [jobid, requestId]))
  }
  await untilMoved(gateway, async () => (await listed()).has(stays.name))
  for (const { name, requestId } of [runs, stays]) {
    expect(await viewOf(name)).toMatchObject({ requestId })
    expect((await listed()).get(name)).toBe(requestId)
  }
})

test('a creation that names what is still being made goes back until it is ready, and starts once [I4]', async () => {
  const body = { error: { code: 'resource_not_ready', message: 'The voice is still in training.' } }
  const early = () => gateway.sim.fault({ match: CREATE, times: 1, effect: { status: 409, body } })
  await early()
  const name = await queue('early')
  const sent = async () =>
    (await gateway.sim.requests()).filter(
      (one) => one.method === 'POST' && one.body?.includes(mine('early'))
    )
  await until(async () => (await sent()).length === 1)
  expect(await wordOf(gateway, name)).toBe('waiting')
  // The slot is free for others.
  await queue('meanwhile')
  await until(() => isStarted('meanwhile'))
  await early()
  await gateway.sim.finishJobs()
  await untilMoved(gateway, () => isStarted('early'))
  expect((await sent()).map(({ status }) => status)).toEqual([409, 409, 200])
  expect(receiver.posts(at).filter(({ body }) => body.includes('avatar_video.fail'))).toEqual([])
})

test('four creations that one account refuses leave none of its other slots idle', async () => {
  const roomy = shared.as((await shared.newToken()).token)
  const a = await roomy.addAccount(`roomy${tests}`, 6)
  const b = await roomy.addAccount(`small${tests}`, 1)
  const body = words('resource_limit_reached', 'This avatar is not in your plan.')
  await roomy.sim.fault({
    match: { ...CREATE, account: a },
    times: 4,
    effect: { status: 403, body },
  })
  const names = await Promise.all(
    Array.from({ length: 14 }, (_, n) => queueVideo(roomy, mine(`r${n}`)))
  )
  expect(names).toHaveLength(14)
  await until(async () => {
    const { accounts } = await roomy.sim.state()
    const running = accounts
      .filter(({ email }) => [a, b].includes(email))
      .map((one) => one.inFlight)
    return running.reduce((sum, one) => sum + one, 0) === 7
  }, 20_000)
})

test('what every account of the pool refuses ends as refused, and is told in the provider’s words [I3]', async () => {
  const body = words('resource_limit_reached', 'This avatar is not in your plan.')
  await gateway.sim.fault({
    match: { ...CREATE, account },
    times: 1,
    effect: { status: 403, body },
  })
  const name = await queue('unwanted')
  const [told] = await toldOf([name])
  expect(JSON.stringify(told)).toContain('not in your plan')
  expect(await wordOf(gateway, name)).toBe('failed')
  const view = await gateway.fetch(`/v1/heygen/jobs/${name}`)
  expect(await view.json()).toMatchObject({ status: 'failed' })
})

test('what is pinned to an account that is removed ends as failed and is told once, and the rest goes on elsewhere [I3]', async () => {
  await fillSlot()
  const pinned = await queue('pinned', { 'x-gateway-account': account })
  const open = await queueVideo(gateway, mine('open'))
  const other = await gateway.addAccount(`other${tests}`, 1)
  await untilMoved(gateway, () => isStarted('open'))
  const removed = await gateway.fetch(`/v1/heygen/accounts/${account}`, { method: 'DELETE' })
  expect(removed.ok).toBe(true)
  const [told] = await toldOf([pinned])
  expect(JSON.stringify(told)).toContain('account_removed')
  const { jobs } = await gateway.sim.state()
  const ran = jobs.find((job) => 'title' in job && job.title === mine('open'))
  expect(ran?.account).toBe(other)
  expect(await wordOf(gateway, open)).not.toBe('failed')
})

test('a token that expires starts nothing more, and what it has waiting is told [I3, I5]', async () => {
  const first = await fillSlot()
  const { now } = await clockOf(shared)
  const expiresAt = new Date(now + 5 * MINUTE).toISOString()
  const expiring = await shared.newToken({ tenant, expiresAt })
  const name = await queue('expired', {}, shared.as(expiring.token))
  const [told] = await toldOf([name])
  expect(JSON.stringify(told)).toContain('token_removed')
  await end(first)
  await advance(gateway, MINUTE)
  expect(await isStarted('expired')).toBe(false)
})
