/** Videos that are made by HeyGen's v2, carried by v3: bodies, answers, refusals and money. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import {
  addAsset,
  addLook,
  billOf,
  bodiesSent,
  sceneOf,
  VOICE,
} from '../../../support/scenes/legacy/legacy-videos.ts'

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

test('an avatar without Avatar III is refused in the older words and told what to send, and nothing is started', async () => {
  // Only beside the id of the avatar does the older API read this member.
  const answer = await generate({ video_inputs: [sceneOf('new')], use_avatar_iv_model: true })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    data: null,
    error: {
      code: 'internal_error',
      message: expect.stringMatching(
        /^This avatar does not support unlimited mode\..*use_avatar_iv_model: true beside the id of its avatar/
      ),
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

test('several scenes are one studio video, each with its engine, background and voice', async () => {
  const answer = await generate({
    video_inputs: [
      { ...sceneOf('twin'), background: { type: 'color', value: '#1a2' } },
      { ...sceneOf('photo'), background: { type: 'video', url: 'https://example.com/b.mp4' } },
      {
        voice: { type: 'silence', duration: 3 },
        background: { type: 'image', url: 'https://example.com/b.jpg', fit: 'cover' },
      },
    ],
  })
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(answer.headers.get('x-gateway-lost')).toBe('fit')
  const speech = { script: 'Hello there.', voice_id: VOICE, engine: { type: 'avatar_iii' } }
  expect(await bodiesSent(gateway.sim)).toEqual([
    {
      type: 'studio',
      aspect_ratio: '16:9',
      resolution: '1080p',
      scenes: [
        {
          type: 'avatar_video',
          input: {
            type: 'avatar',
            avatar_id: 'twin',
            ...speech,
            background: { type: 'color', color: '#11aa22' },
          },
        },
        {
          type: 'avatar_video',
          input: {
            type: 'avatar',
            avatar_id: 'photo',
            ...speech,
            background: { type: 'video', url: 'https://example.com/b.mp4' },
          },
        },
        {
          type: 'image',
          source: { type: 'url', url: 'https://example.com/b.jpg' },
          duration: 3,
        },
      ],
    },
  ])
})

test('an avatar that says nothing gets a silent sound, which is uploaded before the one creation', async () => {
  const scene = { ...sceneOf('twin'), voice: { type: 'silence', duration: 2 } }
  const answer = await generate({ video_inputs: [scene] })
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(answer.headers.get('x-gateway-carried')).toContain('POST /v3/assets')
  const [sent] = (await bodiesSent(gateway.sim)) as { audio_asset_id: string }[]
  expect(sent?.audio_asset_id).toEqual(expect.any(String))
  const bill = await billOf(gateway.sim)
  expect(bill.lines.filter(({ kind }) => kind !== 'video')).toEqual([])
})

test('an uploaded picture is animated only by a call that asks for Avatar IV, and no look is made of it', async () => {
  const asset = await addAsset(gateway.sim, 'alice', '7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e60')
  const scene = (more: Record<string, unknown>) => ({
    ...sceneOf(''),
    character: { type: 'talking_photo', talking_photo_id: asset, ...more },
  })
  const refused = await generate({ video_inputs: [scene({})] })
  expect(refused.status).toBe(400)
  expect(await refused.text()).toContain('A raw picture needs Avatar IV.')
  expect(await bodiesSent(gateway.sim)).toEqual([])
  const made = await generate({ video_inputs: [scene({ use_avatar_iv_model: true })] })
  expect(made.status, await made.clone().text()).toBe(200)
  expect(await bodiesSent(gateway.sim)).toMatchObject([
    { type: 'image', image: { type: 'asset_id', asset_id: asset } },
  ])
})

test('a group stands for its oldest finished look, as in older answers', async () => {
  const { sim } = gateway
  const of = { avatar_type: 'photo_avatar', group_id: 'family' }
  await addLook(sim, 'alice', 'first', of, ['avatar_iii'])
  await addLook(sim, 'alice', 'second', of, ['avatar_iii'])
  await sim.control('POST', '/resources', {
    account: 'alice@example.com',
    resource: 'avatar-group',
    id: 'family',
  })
  const answer = await generate({ video_inputs: [sceneOf('family')] })
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(await bodiesSent(sim)).toMatchObject([{ avatar_id: 'first' }])
})

test('an avatar that nobody knows is refused as by v2, and nothing is started', async () => {
  const answer = await generate({ video_inputs: [sceneOf('nobody')] })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ data: null, error: { code: 'avatar_not_found' } })
  expect(await bodiesSent(gateway.sim)).toEqual([])
})

test('a folder that v3 does not take is lost by name, and one video is made', async () => {
  const before = (await gateway.sim.account('alice@example.com')).jobsStarted
  const error = { code: 'invalid_parameter', message: 'Extra input.', param: 'folder_id' }
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    effect: { status: 400, body: { error } },
    times: 1,
  })
  const answer = await generate({ folder_id: 'f1', video_inputs: [sceneOf('twin')] })
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(answer.headers.get('x-gateway-lost')).toBe('folder_id')
  const [first, second] = (await bodiesSent(gateway.sim)) as Record<string, unknown>[]
  expect(first).toEqual({ ...second, folder_id: 'f1' })
  expect((await gateway.sim.account('alice@example.com')).jobsStarted).toBe(before + 1)
})

test('a video of an agent is found by its session while it has no id of its own', async () => {
  const answer = await gateway.post('/heygen/v1/video_agent/generate', {
    prompt: 'A short film',
    config: { duration_sec: 30, orientation: 'landscape' },
  })
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { data } = (await answer.json()) as { data: { video_id: string; session_id: string } }
  expect(data.session_id).toBe(answer.headers.get('x-gateway-job'))
  const [sent] = await bodiesSent(gateway.sim, '/v3/video-agents')
  expect(sent).toEqual({
    mode: 'generate',
    orientation: 'landscape',
    prompt: 'A short film\n\nMake the video about 30 seconds long.',
  })
  const status = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${data.session_id}`)
  expect(await status.json()).toMatchObject({ code: 100, data: { id: data.session_id } })
})

test('the older list shows the videos of all accounts, page by page', async () => {
  const { sim } = gateway
  for (const [name, id] of [
    ['alice', 'video-of-alice'],
    ['bob', 'video-of-bob'],
  ]) {
    const account = `${name}@example.com`
    await sim.control('POST', '/resources', { account, resource: 'video', id })
  }
  const seen: string[] = []
  let token: string | null = ''
  do {
    const query: string = token ? `&token=${encodeURIComponent(token)}` : ''
    const answer = await gateway.fetch(`/heygen/v1/video.list?limit=5${query}`)
    expect(answer.status, await answer.clone().text()).toBe(200)
    const page = (await answer.json()) as ListPage
    expect(page).toMatchObject({ code: 100, msg: null, message: 'Success' })
    seen.push(...page.data.videos.map((video) => video.video_id))
    expect(page.data.videos[0]).toMatchObject({ type: 'GENERATED', created_at: expect.any(Number) })
    token = page.data.token
  } while (token)
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toEqual(expect.arrayContaining(['video-of-alice', 'video-of-bob']))
})

interface ListPage {
  data: { token: string | null; videos: { video_id: string }[] }
}
