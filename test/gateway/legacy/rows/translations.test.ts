/** Translations and proofreads of HeyGen's v2, carried by v3. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../../../support/gateway.ts'
import { Receiver } from '../../../support/receiver.ts'
import { bodiesTo, callsTo, faultyBodies } from '../../../support/scenes/legacy/legacy-sent.ts'

let gateway: Gateway
const receiver = await Receiver.open()

beforeAll(async () => {
  gateway = await openGateway({
    accounts: { alice: 50, bob: 1 },
    vars: { LEGACY: 'bridge', ALLOW_LOOPBACK_CALLBACKS: 'true', HEYGEN_MAX_JOBS: '50' },
    simVars: { SUNSET: 'true', JOB_MS: '-1' },
  })
})
afterAll(async () => {
  await receiver.close()
  await gateway.dispose()
})
beforeEach(() => gateway.sim.forgetRequests())

type Data = { data: Record<string, unknown>; error: unknown }

const V3 = '/v3/video-translations'
const V2 = '/heygen/v2/video_translate'
const VIDEO_URL = 'https://example.com/in.mp4'
const translate = (more: Record<string, unknown>) =>
  gateway.post(V2, { video_url: VIDEO_URL, ...more })
const jsonOf = async (answer: Response) => (await answer.json()) as Data
const sent = async (path = V3) => (await bodiesTo(gateway.sim, 'POST', path))[0]
const finish = (id: unknown) =>
  gateway.sim.control('POST', `/jobs/${String(id)}`, { status: 'completed' })

test('a translation into one language is started by v3 and answered as by v2', async () => {
  const answer = await translate({
    title: 'Demo ES',
    output_language: 'Spanish (Spain)',
    translate_audio_only: 'false',
    speaker_num: '2',
    mode: 'fast',
    callback_id: 'job-0042',
    brand_voice_id: null,
    enable_caption: true,
    enable_video_stretching: true,
    srt_url: 'https://example.com/in.srt',
    stock_voice_config: { use_stock_voice: true, other: 1 },
    project_id: '',
  })
  expect([answer.status, await answer.clone().json()]).toEqual([
    200,
    expect.not.objectContaining({ data: null }),
  ])
  const { data, error } = await jsonOf(answer)
  expect({ data, error }).toEqual({
    error: null,
    data: { video_translate_id: expect.any(String), video_translate_ids: null },
  })
  expect(answer.headers.get('x-gateway-job')).toBe(data['video_translate_id'])
  expect(answer.headers.get('x-gateway-lost')).toBe('enable_caption')
  expect(await sent()).toEqual({
    video: { type: 'url', url: VIDEO_URL },
    output_languages: ['Spanish (Spain)'],
    title: 'Demo ES',
    translate_audio_only: false,
    speaker_num: 2,
    mode: 'speed',
    callback_id: 'job-0042',
    enable_dynamic_duration: true,
    srt: { type: 'url', url: 'https://example.com/in.srt' },
    stock_voice_config: { use_stock_voice: true },
  })
  expect(await faultyBodies(gateway.sim)).toEqual([])
})

test('each of several languages is a job with a slot of its own, and the answer lists them [I1]', async () => {
  const before = await gateway.heldSlots()
  const answer = await translate({ output_languages: ['Spanish', 'French', 'German'] })
  const { data } = await jsonOf(answer)
  expect(data['video_translate_id']).toBeNull()
  expect(data['video_translate_ids']).toHaveLength(3)
  expect(await gateway.heldSlots()).toBe(before + 3)
  expect(answer.headers.get('x-gateway-account')).toBe('alice@example.com')
})

test('a translation that is only to be checked starts nothing', async () => {
  const answer = await translate({ output_language: 'Spanish', validate_only: true })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    data: null,
    error: { code: 'invalid_parameter', message: expect.stringContaining('validate_only') },
  })
  expect(await callsTo(gateway.sim)).toEqual([])
})

test('a status and captions are those of v2: pending, then success with links', async () => {
  const { data } = await jsonOf(
    await translate({ output_language: 'Spanish', callback_id: 'mine' })
  )
  const id = String(data['video_translate_id'])
  const status = async () => jsonOf(await gateway.fetch(`${V2}/${id}`))
  const captions = () => gateway.fetch(`${V2}/caption?video_translate_id=${id}&caption_type=vtt`)
  expect((await status()).data).toMatchObject({
    status: expect.stringMatching(/^(pending|running)$/),
    url: null,
    message: null,
  })
  const early = await captions()
  expect(early.status).toBe(400)
  expect(await early.json()).toMatchObject({ data: null, error: { code: 'resource_not_ready' } })
  await finish(id)
  expect(await status()).toEqual({
    error: null,
    data: {
      video_translate_id: id,
      title: expect.anything(),
      output_language: 'Spanish',
      status: 'success',
      url: expect.stringContaining('http'),
      message: null,
      callback_id: 'mine',
    },
  })
})

test('captions are a link to the file that was asked for', async () => {
  const translation = { account: 'bob@example.com', resource: 'translation', id: 'done' }
  await gateway.sim.control('POST', '/resources', translation)
  for (const type of ['srt', 'vtt']) {
    const path = `${V2}/caption?video_translate_id=done&caption_type=${type}`
    expect(await (await gateway.fetch(path)).json()).toEqual({
      error: null,
      data: { caption_url: expect.stringContaining(`done.${type}`) },
    })
  }
})

test('a video of HeyGen is translated by the link to its file', async () => {
  const made = await gateway.createVideo()
  const id = made.headers.get('x-gateway-job') ?? ''
  const early = await translate({ video_url: undefined, video_id: id, output_language: 'Spanish' })
  expect(early.status).toBe(400)
  expect(await early.json()).toMatchObject({ error: { code: 'resource_not_ready' } })
  await finish(id)
  await gateway.sim.forgetRequests()
  const answer = await translate({ video_url: undefined, video_id: id, output_language: 'Spanish' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-gateway-carried')).toBe(
    'GET /v3/videos/{video_id}, POST /v3/video-translations'
  )
  expect(await sent()).toMatchObject({ video: { type: 'url', url: expect.stringContaining(id) } })
})

test('a proofread goes its whole way: made, checked, corrected, turned into a translation', async () => {
  const path = '/proofread'
  const made = await gateway.post(`${V2}/proofread`, {
    video_url: VIDEO_URL,
    output_language: 'Spanish',
    enable_video_stretching: 1,
    callback_url: receiver.url + path,
    callback_id: 'mine',
  })
  const first = await jsonOf(made)
  const id = String(first.data['proofread_id'])
  expect(first).toEqual({
    error: null,
    data: { proofread_id: id, proofread_ids: null, status: 'processing' },
  })
  expect(await sent(`${V3}/proofreads`)).toEqual({
    video: { type: 'url', url: VIDEO_URL },
    output_languages: ['Spanish'],
    title: 'untitled',
    enable_video_stretching: true,
  })
  await finish(id)
  expect((await jsonOf(await gateway.fetch(`${V2}/proofread/status/${id}`))).data).toEqual({
    proofread_id: id,
    status: 'completed',
    details: null,
    submitted_for_review: false,
  })
  const told = await until(async () => receiver.posts(path)[0])
  const { event_type, event_data } = JSON.parse(told.body) as Record<string, unknown>
  expect(event_type).toBe('proofread_creation.success')
  expect(event_data).toMatchObject({ proofread_id: id, callback_id: 'mine' })

  const srt = await jsonOf(await gateway.fetch(`${V2}/proofread/${id}/download-srt`))
  expect(srt).toEqual({ error: null, data: { srt_url: expect.any(String) } })
  const srt_file_url = 'https://example.com/edited.srt'
  const put = await gateway.post(`${V2}/proofread/${id}/upload-srt`, { srt_file_url })
  expect(await put.json()).toEqual({ error: null, data: { proofread_id: id } })
  expect(await bodiesTo(gateway.sim, 'PUT', `${V3}/proofreads/${id}/srt`)).toEqual([
    { srt: { type: 'url', url: srt_file_url } },
  ])
  const generated = await gateway.post(`${V2}/proofread/${id}/generate`, { captions: true })
  expect(await generated.json()).toEqual({
    error: null,
    data: { video_translate_id: expect.any(String), status: 'pending' },
  })
  expect(await faultyBodies(gateway.sim)).toEqual([])
})

test('a callback URL that the gateway must not call starts no proofread', async () => {
  const answer = await gateway.post(`${V2}/proofread`, {
    video_url: VIDEO_URL,
    output_language: 'Spanish',
    callback_url: 'https://10.0.0.1/x',
  })
  expect(answer.status).toBe(400)
  expect(await callsTo(gateway.sim)).toEqual([])
})

test('languages are those of v3', async () => {
  const answer = await gateway.fetch(`${V2}/target_languages`)
  expect(await answer.json()).toEqual({
    error: null,
    data: { languages: expect.arrayContaining(['English', 'French']) },
  })
})
