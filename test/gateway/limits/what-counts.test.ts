/** What the limits on jobs count, and how each door says that one is reached. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, SECOND, stopClock } from '../../support/clock/clock.ts'
import { VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { acceptedSoon, expectLimit, limitedBy } from '../../support/scenes/tokens/limits.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'
import { call, NEW, newStreamToken, openSession } from '../../support/scenes/streaming.ts'
import { call as callTool } from '../mcp/agent.ts'

const open = gatewaysOfTests()

async function gatewayWith(vars: Record<string, string> = {}): Promise<Gateway> {
  const gateway = await open({
    accounts: { a: 9 },
    simVars: { JOB_MS: '-1' },
    entry: CLOCKED,
    vars,
  })
  await stopClock(gateway)
  return gateway
}

const TRANSLATION = {
  video: { type: 'url', url: 'https://example.com/in.mp4' },
  output_languages: ['Spanish', 'French', 'German'],
}

test('each job of a creation counts: three languages are three, and what can never start is a 400', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 3, jobsPerDay: 5 })
  const path = '/heygen/v3/video-translations'
  const made = await as.post(path, TRANSLATION)
  expect(made.status).toBe(200)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 3)
  const many = await as.post(path, { ...TRANSLATION, output_languages: ['a', 'b', 'c', 'd'] })
  expect([many.status, many.headers.get('x-gateway-limit')]).toEqual([400, 'maxConcurrent=3'])
  expect(await many.text()).toContain('can never start')
})

test('a streaming session counts until it is over, also when a browser opens it; speech and reads count as no job', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1, scope: 'use' })
  const browser = await newStreamToken(as)
  const session = await openSession(as, browser)
  const second = await call(as, browser, '/v1/streaming.new', NEW)
  await expectLimit(second, 'maxConcurrent', 1)
  await expectLimit(await as.createVideo(), 'maxConcurrent', 1)
  const say = { text: 'Hi', voice_id: VIDEO.voice_id }
  expect((await as.post('/heygen/v3/voices/speech', say)).status).toBe(200)
  expect((await as.fetch('/heygen/v3/videos')).status).toBe(200)
  await call(as, browser, '/v1/streaming.stop', { session_id: session })
  await acceptedSoon(gateway, () => as.createVideo())
})

test('a POST on a path that nobody knows counts while it runs, and as a job if it seems to have started one', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  const match = { method: 'POST', path: '/v3/unlisted/things' }
  const plain = { status: 200, body: { data: { said: 'done' } } }
  await gateway.sim.fault({ match, times: 2, effect: plain })
  for (const _ of [1, 2]) {
    await acceptedSoon(gateway, () => as.post('/heygen/v3/unlisted/things', {}))
  }
  const pending = { status: 200, body: { data: { thing_id: 'thing-1', status: 'pending' } } }
  await gateway.sim.fault({ match, times: 1, effect: pending })
  const guess = await as.post('/heygen/v3/unlisted/things', {})
  expect(guess.headers.get('x-gateway-job')).toBe('thing-1')
  await expectLimit(await as.createVideo(), 'maxConcurrent', 1)
})

test('a creation without a status counts for its day, and runs only as long as its call; a refused one counts for neither', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1, jobsPerDay: 2 })
  const path = '/v1/personalized_video/add_contact'
  const add = () => as.post(`/heygen${path}`, { project_id: 'project' })
  const match = { method: 'POST', path }
  await gateway.sim.fault({ match, times: 2, effect: { status: 400 } })
  const refused = [await add(), await add()]
  expect(refused.map(({ status }) => status)).toEqual([400, 400])
  await gateway.sim.fault({ match, effect: { status: 200, body: { code: 100, data: {} } } })
  await acceptedSoon(gateway, add)
  await acceptedSoon(gateway, add)
  await advance(gateway, 1 * SECOND)
  await expectLimit(await add(), 'jobsPerDay', 2)
})

test('each door says that a limit is reached in the form of its own errors', async () => {
  const gateway = await gatewayWith({ LEGACY: 'bridge' })
  await addKling(gateway, 'k')
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  expect((await as.createVideo()).status).toBe(200)
  expect((await as.post(T2V, TEXT2VIDEO)).status, 'each provider has its own count').toBe(200)

  const v3 = await as.createVideo()
  await expectLimit(v3, 'maxConcurrent', 1)
  expect(await v3.json()).toMatchObject({ error: { code: 'token_limit', param: null } })

  const scene = sceneOf(VIDEO.avatar_id, { use_avatar_iv_model: true })
  const v2 = await as.post('/heygen/v2/video/generate', { video_inputs: [scene] })
  await expectLimit(v2, 'maxConcurrent', 1)
  expect(await v2.json()).toMatchObject({ data: null, error: { code: 'token_limit' } })

  const v1 = await as.post('/v1/video_agent/generate', { prompt: 'A video' })
  await expectLimit(v1, 'maxConcurrent', 1)
  expect(await v1.json()).toMatchObject({ code: 400123 })

  const kling = await as.post(T2V, TEXT2VIDEO)
  await expectLimit(kling, 'maxConcurrent', 1)
  expect(await kling.json()).toMatchObject({ code: 1303 })

  const useapi = await as.post('/v1/kling/videos/text2video', { prompt: 'A calm sunrise' })
  await expectLimit(useapi, 'maxConcurrent', 1)
  expect(await useapi.json()).toMatchObject({ code: 429 })

  const { avatar_id, voice_id, script } = VIDEO
  const tool = await callTool(as, 'make_video', { avatar_id, voice_id, script })
  expect(tool.isError).toBe(true)
  expect(tool.content[0].text).toContain('token_limit: This token has the limit maxConcurrent: 1')
})

test('a repeat under a key that started its job takes no second share, and a refused one may run later', async () => {
  const gateway = await gatewayWith()
  const { as } = await limitedBy(gateway, { maxConcurrent: 1 })
  const first = await as.createVideo({}, { 'idempotency-key': 'one' })
  const again = await as.createVideo({}, { 'idempotency-key': 'one' })
  expect(again.headers.get('x-gateway-job')).toBe(first.headers.get('x-gateway-job'))
  const two = () => as.createVideo({}, { 'idempotency-key': 'two' })
  await expectLimit(await two(), 'maxConcurrent', 1)
  const job = first.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await as.fetch(`/heygen/v3/videos/${job}`)
  await acceptedSoon(gateway, two)
})
