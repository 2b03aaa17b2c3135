/** Every older call that makes, shows, lists or deletes videos: the bodies of v3, the older answers, and what is paid. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import {
  addLook,
  billOf,
  bodiesSent,
  sceneOf,
  VOICE,
} from '../../../support/scenes/legacy/legacy-videos.ts'
import { Receiver } from '../../../support/receiver.ts'

const receiver = await Receiver.open()
afterAll(() => receiver.close())
const LOOPBACK = { ALLOW_LOOPBACK_CALLBACKS: 'true', HEYGEN_MAX_JOBS: '99' }
/** The operator allows Avatar IV and 4k. */
const GENEROUS = { LEGACY: 'bridge', LEGACY_ENGINE: 'allow_iv', LEGACY_4K: 'allow' }
const KEY = 'image/7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f/original.jpg'
const SPEECH = { script: 'Hello there.', voice_id: VOICE }
const PLAIN = { aspect_ratio: '16:9', resolution: '1080p' }
const III = { engine: { type: 'avatar_iii' } }

let carried: Gateway
let passed: Gateway
let generous: Gateway

beforeAll(async () => {
  const accounts = { ann: 99 }
  const simVars = { JOB_MS: '-1' }
  const simAccount = { examples: true }
  const vars = { ...LOOPBACK, LEGACY: 'bridge' }
  carried = await openGateway({ accounts, simVars, simAccount, vars })
  const { sim: simulator } = carried
  const others = { accounts, simulator, simAccount }
  passed = await openGateway({ ...others, vars: { ...LOOPBACK, LEGACY: 'pass' } })
  generous = await openGateway({ ...others, vars: { ...LOOPBACK, ...GENEROUS } })
  await addLook(simulator, 'ann', 'twin', { avatar_type: 'digital_twin' }, ['avatar_iii'])
  const photo = { avatar_type: 'photo_avatar' }
  await addLook(simulator, 'ann', 'photo', photo, ['avatar_iii', 'avatar_iv'])
  await addLook(simulator, 'ann', 'new', { avatar_type: 'digital_twin' }, ['avatar_iv'])
})
afterAll(async () => {
  await generous.dispose()
  await passed.dispose()
  await carried.dispose()
})
beforeEach(async () => {
  await carried.sim.clearFaults()
  await carried.sim.forgetRequests()
  await carried.sim.control('DELETE', '/bill')
})

interface Row {
  name: string
  path: string
  body: Record<string, unknown>
  sent: Record<string, unknown>
  lost?: string
  answer?: unknown
}

const V2_ANSWER = { error: null, data: { video_id: expect.any(String) } }
const generate = (name: string, scene: object, sent: object, lost?: string, more = {}): Row => ({
  name,
  path: '/v2/video/generate',
  body: { ...more, video_inputs: [{ ...sceneOf('twin'), ...scene }] },
  sent: { type: 'avatar', avatar_id: 'twin', ...III, ...SPEECH, ...PLAIN, ...sent },
  ...(lost === undefined ? {} : { lost }),
})

const ROWS: Row[] = [
  generate('a plain scene', {}, {}),
  generate(
    'sound of the client',
    { voice: { type: 'audio', audio_url: 'https://example.com/a.mp3' } },
    { script: undefined, voice_id: undefined, audio_url: 'https://example.com/a.mp3' }
  ),
  generate(
    'numbers as texts, out of range',
    {
      voice: { ...sceneOf('twin').voice, speed: '3', pitch: '5', locale: 'en-US', emotion: 'Soft' },
    },
    { voice_settings: { speed: 1.5, pitch: 5, locale: 'en-US' } },
    'emotion, speed'
  ),
  generate(
    'settings of a voice',
    {
      voice: {
        ...sceneOf('twin').voice,
        elevenlabs_settings: { model: 'eleven_monolingual_v1', stability: '0.5', style: 0 },
      },
    },
    {
      voice_settings: { engine_settings: { engine_type: 'elevenlabs', stability: 0.5, style: 0 } },
    },
    'elevenlabs_settings.model'
  ),
  generate(
    'an image behind',
    {
      character: { type: 'avatar', avatar_id: 'twin', matting: true, scale: 0.5 },
      background: {
        type: 'image',
        image_asset_id: '7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f',
        fit: 'cover',
      },
    },
    {
      background: { type: 'image', asset_id: '7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f' },
      remove_background: true,
    },
    'fit, scale'
  ),
  generate('a size of its own', {}, { aspect_ratio: '5:4', resolution: '720p' }, 'dimension', {
    dimension: { width: 900, height: 700 },
  }),
  generate('4k', {}, {}, 'dimension', { dimension: { width: 3840, height: 2160 } }),
  generate('captions in a file', {}, { caption: { file_format: 'srt' } }, undefined, {
    caption: true,
    caption_mode: 'file_only',
  }),
  generate(
    'a photo on Avatar IV that moves',
    {
      character: {
        type: 'talking_photo',
        talking_photo_id: 'photo',
        use_avatar_iv_model: true,
        prompt: 'waves',
        expression: 'happy',
      },
    },
    {
      avatar_id: 'photo',
      engine: { type: 'avatar_iv' },
      motion_prompt: 'waves',
      expressiveness: 'high',
    }
  ),
  generate(
    'a photo on Avatar III',
    { character: { type: 'talking_photo', talking_photo_id: 'photo', prompt: 'waves' } },
    { avatar_id: 'photo' },
    'prompt'
  ),
  {
    name: 'a transparent video',
    path: '/v1/video.webm',
    body: {
      avatar_pose_id: 'twin',
      avatar_style: 'closeUp',
      input_text: 'Hello there.',
      voice_id: VOICE,
      dimension: { width: 1280, height: 720 },
    },
    sent: {
      type: 'avatar',
      avatar_id: 'twin',
      ...III,
      ...SPEECH,
      ...PLAIN,
      resolution: '720p',
      output_format: 'webm',
    },
    lost: 'avatar_style',
    answer: { code: 100, data: V2_ANSWER.data, msg: null, message: null },
  },
  {
    name: 'clips of v1',
    path: '/v1/video.generate',
    body: {
      background: '#ffffff',
      ratio: '9:16',
      test: false,
      version: 'v1alpha',
      clips: [{ avatar_id: 'twin', input_text: 'Hello there.', voice_id: VOICE, caption: true }],
    },
    sent: {
      type: 'avatar',
      avatar_id: 'twin',
      ...III,
      ...SPEECH,
      aspect_ratio: '9:16',
      resolution: '1080p',
      background: { type: 'color', value: '#ffffff' },
      caption: { file_format: 'srt', style: 'default' },
    },
    answer: { code: 100, data: V2_ANSWER.data, message: 'Success' },
  },
  {
    name: 'a picture by its key',
    path: '/v2/video/av4/generate',
    body: {
      image_key: KEY,
      video_title: 'Demo',
      ...SPEECH,
      video_orientation: 'portrait',
      fit: 'cover',
      custom_motion_prompt: 'waves',
      enhance_custom_motion_prompt: true,
    },
    sent: {
      type: 'image',
      image: { type: 'asset_id', asset_id: '7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f' },
      title: 'Demo',
      ...SPEECH,
      aspect_ratio: '9:16',
      resolution: '1080p',
      fit: 'cover',
      motion_prompt: 'waves',
    },
    lost: 'enhance_custom_motion_prompt',
  },
  {
    name: 'the late family',
    path: '/v2/videos',
    body: { avatar_id: 'photo', ...SPEECH, title: 'Demo', unknown: 1, resolution: '720p' },
    sent: {
      type: 'avatar',
      avatar_id: 'photo',
      engine: { type: 'avatar_iv' },
      ...SPEECH,
      title: 'Demo',
      resolution: '720p',
    },
    answer: {
      error: null,
      data: { ...V2_ANSWER.data, status: 'waiting', output_format: 'mp4' },
    },
  },
]

const defined = (body: object) => JSON.parse(JSON.stringify(body)) as unknown

describe.each(ROWS)('$path: $name', ({ path, body, sent, lost, answer: expected }) => {
  test('v3 gets its body, and the client the older answer', async () => {
    const answer = await carried.post(`/heygen${path}`, body)
    expect(answer.status, await answer.clone().text()).toBe(200)
    expect(await answer.json()).toEqual(expected ?? V2_ANSWER)
    const names = answer.headers.get('x-gateway-lost')?.split(', ').toSorted().join(', ')
    expect(names).toBe(lost)
    expect(await bodiesSent(carried.sim)).toEqual([defined(sent)])
    const { bad } = await carried.sim.control<{ bad: unknown[] }>('GET', '/bodies')
    expect(bad).toEqual([])
  })

  test('it costs what the passed call costs', async () => {
    const bills = []
    for (const gateway of [passed, carried]) {
      await carried.sim.control('DELETE', '/bill')
      const answer = await gateway.post(`/heygen${path}`, body)
      expect(answer.status, await answer.clone().text()).toBe(200)
      const { lines } = await billOf(carried.sim)
      bills.push(lines.map(({ kind, usd }) => ({ kind, usd })))
    }
    expect(bills[1]).toHaveLength(1)
    expect(bills[1]?.[0]?.usd).toBeLessThanOrEqual(Number(bills[0]?.[0]?.usd))
  })
})

test.each([
  ['a test render', { test: true, video_inputs: [sceneOf('twin')] }],
  ['no scenes', { video_inputs: [] }],
  ['more than 50 scenes', { video_inputs: Array.from({ length: 51 }, () => sceneOf('twin')) }],
  ['no voice', { video_inputs: [{ character: { type: 'avatar', avatar_id: 'twin' } }] }],
  ['no avatar', { video_inputs: [{ ...sceneOf('twin'), character: { type: 'avatar' } }] }],
  ['a text on the picture', { video_inputs: [{ ...sceneOf('twin'), text: { text: 'Sale' } }] }],
  ['a circle', { video_inputs: [sceneOf('twin', { avatar_style: 'circle' })] }],
  [
    'a scene of a color only',
    { video_inputs: [{ voice: sceneOf('').voice, background: { type: 'color', value: '#fff' } }] },
  ],
  ['a wrong size', { dimension: { width: 'wide' }, video_inputs: [sceneOf('twin')] }],
])('%s is refused in the words of v2 before HeyGen is asked', async (_, body) => {
  const answer = await carried.post('/heygen/v2/video/generate', body)
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ data: null, error: { code: 'invalid_parameter' } })
  expect(await carried.sim.requests()).toEqual([])
})

test('where the operator allows it, a look without Avatar III gets Avatar IV by name, and 4k is kept', async () => {
  const large = { dimension: { width: 3840, height: 2160 } }
  const answer = await generous.post('/heygen/v2/video/generate', {
    ...large,
    video_inputs: [sceneOf('new')],
  })
  expect(answer.headers.get('x-gateway-lost')).toBe('engine')
  await generous.post('/heygen/v2/video/generate', { ...large, video_inputs: [sceneOf('photo')] })
  expect(await bodiesSent(carried.sim)).toMatchObject([
    { engine: { type: 'avatar_iv' }, resolution: '4k' },
    { engine: { type: 'avatar_iii' }, resolution: '1080p' },
  ])
})

test('settings that a voice does not take are lost by name, and one video is made', async () => {
  const error = {
    code: 'invalid_parameter',
    message: 'Not for this voice.',
    param: 'voice_settings.engine_settings',
  }
  await carried.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    effect: { status: 400, body: { error } },
    times: 1,
  })
  const voice = { ...sceneOf('').voice, elevenlabs_settings: { stability: 0.5 } }
  const answer = await carried.post('/heygen/v2/video/generate', {
    video_inputs: [{ ...sceneOf('twin'), voice }],
  })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-gateway-lost')).toBe('elevenlabs_settings')
  expect((await billOf(carried.sim)).lines).toHaveLength(1)
})

test('a key of a picture that v3 does not know is read where the older API kept it', async () => {
  const key = 'image/00000000000000000000000000000000/original'
  const answer = await carried.post('/heygen/v2/video/av4/generate', { image_key: key, ...SPEECH })
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect((await bodiesSent(carried.sim)).at(-1)).toMatchObject({
    image: { type: 'url', url: `https://resource2.heygen.ai/${key}` },
    aspect_ratio: 'auto',
  })
  expect((await billOf(carried.sim)).lines).toHaveLength(1)
})

test('the late family shows, lists and deletes as v3 does, with error null beside data', async () => {
  const made = await carried.post('/heygen/v2/videos', { avatar_id: 'photo', ...SPEECH })
  const { data } = (await made.json()) as { data: { video_id: string } }
  const shown = await carried.fetch(`/heygen/v2/videos/${data.video_id}`)
  expect(await shown.json()).toMatchObject({ error: null, data: { id: data.video_id } })
  const listed = await carried.fetch('/heygen/v2/videos?limit=2')
  expect(await listed.json()).toMatchObject({
    error: null,
    data: expect.any(Array),
    has_more: expect.any(Boolean),
  })
  const wrong = await carried.fetch('/heygen/v2/videos/nobody')
  expect([wrong.status, await wrong.json()]).toMatchObject([
    404,
    { data: null, error: { code: 'video_not_found' } },
  ])
  const path = `/heygen/v1/video.delete?video_id=${data.video_id}`
  const gone = await carried.fetch(path, { method: 'DELETE' })
  expect(await gone.json()).toEqual({ code: 100, data: null, msg: null })
})

test('the event of a carried video has the shape of a passed one', async () => {
  const events: object[] = []
  for (const [gateway, path] of [
    [passed, '/passed'],
    [carried, '/carried'],
  ] as const) {
    const answer = await gateway.post('/heygen/v2/video/generate', {
      callback_url: receiver.url + path,
      callback_id: 'mine',
      video_inputs: [sceneOf('twin')],
    })
    expect(answer.status, await answer.clone().text()).toBe(200)
    await carried.sim.finishJobs()
    const [told] = await receiver.heard(path)
    events.push(JSON.parse(told?.body ?? '') as object)
  }
  const [old, now] = events.map(shapeOf)
  expect(now).toEqual(old)
})

/** The members, and the type of each value. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shapeOf(one)]))
}
