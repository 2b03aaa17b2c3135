/** Videos that are made by HeyGen's v2, carried by v3: bodies, answers, refusals and money. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { addLook, bodiesSent, sceneOf, VOICE } from '../../support/scenes/legacy-videos.ts'

let gateway: Gateway

beforeAll(async () => {
  gateway = await openGateway({
    accounts: { alice: 99, bob: 5 },
    vars: { LEGACY: 'bridge', HEYGEN_MAX_JOBS: '99' },
  })
  const { sim } = gateway
  await addLook(sim, 'alice', 'twin', { avatar_type: 'digital_twin' }, ['avatar_iii', 'avatar_iv'])
  await addLook(sim, 'alice', 'photo', { avatar_type: 'photo_avatar' }, ['avatar_iii', 'avatar_iv'])
  await addLook(sim, 'alice', 'new', { avatar_type: 'digital_twin' }, ['avatar_iv', 'avatar_v'])
})
afterAll(() => gateway.dispose())
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await gateway.sim.forgetRequests()
})

const generate = (more: Record<string, unknown>, headers: Record<string, string> = {}) =>
  gateway.post('/heygen/v2/video/generate', more, headers)

test('a video of one scene is made by v3 with Avatar III, and answered as by v2', async () => {
  const answer = await generate({
    title: 'Demo',
    caption: true,
    callback_id: 'job-0042',
    dimension: { width: 1280, height: 720 },
    video_inputs: [
      {
        character: { type: 'avatar', avatar_id: 'twin', avatar_style: 'normal', scale: 1 },
        voice: { type: 'text', input_text: 'Hello there.', voice_id: VOICE, speed: '1.1' },
        background: { type: 'color', value: '#FAFAFA' },
      },
    ],
  })
  expect(answer.status).toBe(200)
  const body = (await answer.json()) as { data: { video_id: string } }
  expect(body).toEqual({ error: null, data: { video_id: expect.any(String) } })
  expect(answer.headers.get('x-gateway-job')).toContain(body.data.video_id)
  expect(answer.headers.get('x-gateway-account')).toBe('alice@example.com')
  expect(answer.headers.get('x-gateway-carried')).toBe(
    'GET /v3/avatars/looks/{look_id}, POST /v3/videos'
  )
  expect(answer.headers.get('x-gateway-lost')).toBeNull()
  const [sent] = await bodiesSent(gateway.sim)
  expect(sent).toMatchObject({
    type: 'avatar',
    title: 'Demo',
    callback_id: 'job-0042',
    aspect_ratio: '16:9',
    resolution: '720p',
    caption: { file_format: 'srt', style: 'default' },
    avatar_id: 'twin',
    engine: { type: 'avatar_iii' },
    script: 'Hello there.',
    voice_id: VOICE,
    voice_settings: { speed: 1.1 },
    background: { type: 'color', value: '#FAFAFA' },
  })
})

test('an avatar without Avatar III is refused in the older words, and nothing is started', async () => {
  const answer = await generate({ video_inputs: [sceneOf('new')] })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    data: null,
    error: {
      code: 'internal_error',
      message: expect.stringContaining('This avatar does not support unlimited mode.'),
    },
  })
  expect(await bodiesSent(gateway.sim)).toEqual([])
})

test('a call that asks for Avatar IV gets it', async () => {
  const scene = sceneOf('new', { use_avatar_iv_model: true })
  expect((await generate({ video_inputs: [scene] })).status).toBe(200)
  expect(await bodiesSent(gateway.sim)).toMatchObject([{ engine: { type: 'avatar_iv' } }])
})

test('a carried creation with a known look asks HeyGen as often as the v3 creation', async () => {
  const whole = { video_inputs: [sceneOf('twin')] }
  expect((await generate(whole)).status).toBe(200)
  await gateway.sim.forgetRequests()
  expect((await generate(whole)).status).toBe(200)
  const carried = await gateway.sim.requests()
  await gateway.sim.forgetRequests()
  expect((await gateway.createVideo({ avatar_id: 'twin' })).status).toBe(200)
  const plain = await gateway.sim.requests()
  const calls = (all: typeof plain) => all.map(({ method, path }) => `${method} ${path}`)
  expect(calls(carried)).toEqual(calls(plain))
})

test('a test render is refused, because v3 would make a paid video', async () => {
  const answer = await generate({ test: true, video_inputs: [sceneOf('twin')] })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ error: { code: 'invalid_parameter' } })
  expect(await gateway.sim.requests()).toEqual([])
})

test('when the look cannot be read, nothing is started', async () => {
  const match = { path: '/v3/avatars/looks' }
  await gateway.sim.fault({ match, effect: { status: 503 } })
  const answer = await generate({ video_inputs: [sceneOf('unread')] })
  expect(answer.status).toBe(503)
  expect(await bodiesSent(gateway.sim)).toEqual([])
})

test('a refusal of Avatar III by v3 is not tried again with Avatar IV', async () => {
  const body = {
    error: { code: 'invalid_parameter', message: 'Not available.', param: 'engine' },
  }
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    effect: { status: 400, body },
  })
  const answer = await generate({ video_inputs: [sceneOf('twin')] })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({
    data: null,
    error: { code: 'invalid_parameter', message: 'Not available. [engine]' },
  })
  const made = (await gateway.sim.requests()).filter(({ path }) => path === '/v3/videos')
  expect(made).toHaveLength(1)
})
