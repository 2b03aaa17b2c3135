/** Translations, templates, voices and speech of the older API, carried by v3: what seldom happens. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import { bodiesTo, callsTo } from '../../../support/scenes/legacy/legacy-sent.ts'
import { VOICE } from '../../../support/scenes/legacy/legacy-videos.ts'

let gateway: Gateway

beforeAll(async () => {
  gateway = await openGateway({
    accounts: { alice: 10, bob: 2 },
    vars: { LEGACY: 'bridge' },
    simVars: { SUNSET: 'true', JOB_MS: '-1' },
  })
})
afterAll(() => gateway.dispose())
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await gateway.sim.finishJobs()
  await gateway.sim.forgetRequests()
})

type Answered = { data: Record<string, unknown>; error: Record<string, unknown> }

const V2 = '/heygen/v2/video_translate'
const VIDEO = { video_url: 'https://example.com/in.mp4' }
const jsonOf = async (answer: Response) => (await answer.json()) as Answered
const made = (resource: string, id: string, doc: Record<string, unknown>, more = {}) =>
  gateway.sim.control('POST', '/resources', {
    account: 'alice@example.com',
    resource,
    id,
    doc,
    ...more,
  })

test('more languages than any account has slots are refused, and none is started [I1]', async () => {
  const output_languages = Array.from({ length: 11 }, (_, n) => `Language ${n}`)
  const answer = await gateway.post(V2, { ...VIDEO, output_languages })
  expect(answer.status).toBe(400)
  expect(await callsTo(gateway.sim)).toEqual([])
})

test('a proofread in several languages is several jobs, and the answer lists them', async () => {
  const output_languages = ['Spanish', 'French']
  const answer = await gateway.post(`${V2}/proofread`, { ...VIDEO, output_languages })
  expect((await jsonOf(answer)).data).toEqual({
    proofread_id: null,
    proofread_ids: [expect.any(String), expect.any(String)],
    status: 'processing',
  })
})

test('a mode that nobody knows is not sent, and named', async () => {
  const answer = await gateway.post(V2, { ...VIDEO, output_language: 'Spanish', mode: 'best' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-gateway-lost')).toBe('mode')
  const [sent] = await bodiesTo(gateway.sim, 'POST', '/v3/video-translations')
  expect(sent).toEqual({
    video: { type: 'url', url: VIDEO.video_url },
    output_languages: ['Spanish'],
  })
})

test('a translation is started once per Idempotency-Key, and its answer is replayed [I4]', async () => {
  const body = { ...VIDEO, output_language: 'Spanish' }
  const key = { 'idempotency-key': 'once' }
  const first = await jsonOf(await gateway.post(V2, body, key))
  expect(await jsonOf(await gateway.post(V2, body, key))).toEqual(first)
  expect(await bodiesTo(gateway.sim, 'POST', '/v3/video-translations')).toHaveLength(1)
})

test('a failed translation says why, and has no captions', async () => {
  const { data } = await jsonOf(await gateway.post(V2, { ...VIDEO, output_language: 'Spanish' }))
  const id = String(data['video_translate_id'])
  await gateway.sim.control('POST', `/jobs/${id}`, {
    status: 'failed',
    message: 'No speech found.',
  })
  expect((await jsonOf(await gateway.fetch(`${V2}/${id}`))).data).toMatchObject({
    status: 'failed',
    url: null,
    message: 'No speech found.',
  })
  const captions = await gateway.fetch(`${V2}/caption?video_translate_id=${id}`)
  expect(captions.status).toBe(404)
})

test('a translation of the sound alone has the link to the sound', async () => {
  const doc = {
    translate_audio_only: true,
    video_url: null,
    audio_url: 'https://example.com/a.mp3',
  }
  await made('translation', 'sound', doc)
  const { data } = await jsonOf(await gateway.fetch(`${V2}/sound`))
  expect(data['url']).toEqual(expect.stringContaining('.mp3'))
})

const generate = (id: string, body: Record<string, unknown>) =>
  gateway.post(`/heygen/v2/template/${id}/generate`, body)

test('a text variable that a template has lost since is not asked for', async () => {
  const words = { type: 'text', content: '' }
  await made('template', 'changed', { variables: { first: words, second: words } })
  const variables = { first: 'One' }
  expect((await generate('changed', { variables })).status).toBe(400)
  await made('template', 'changed', { variables: { first: words } })
  expect((await generate('changed', { variables })).status).toBe(200)
})

test('when the template cannot be read, nothing is started', async () => {
  await made('template', 'unread', {})
  const match = { method: 'GET', path: '/v3/templates/{template_id}' }
  await gateway.sim.fault({ match, effect: { status: 503 } })
  expect((await generate('unread', {})).status).toBe(503)
  expect((await callsTo(gateway.sim)).filter((call) => call.startsWith('POST'))).toEqual([])
})

test('variables that v3 would refuse are refused by name before anything is asked', async () => {
  for (const [variables, named] of [
    [{ a: '' }, 'variables.a'],
    [{ a: { type: 'text', properties: {} } }, 'variables.a'],
    [{ a: { type: 'sound', properties: {} } }, 'variables.a.type'],
    [{ a: true }, 'variables.a'],
  ]) {
    const answer = await generate('some', { variables })
    expect(answer.status).toBe(400)
    expect((await jsonOf(answer)).error['message']).toContain(named)
  }
  expect(await callsTo(gateway.sim)).toEqual([])
})

test('subtitles without the name of a preset are left out, and named', async () => {
  await made('template', 'subtitled', { variables: {} })
  const answer = await generate('subtitled', { subtitles: { font_size: 12 } })
  expect([answer.status, answer.headers.get('x-gateway-lost')]).toEqual([200, 'subtitles'])
  const [sent] = await bodiesTo(gateway.sim, 'POST', '/v3/templates/subtitled')
  expect(sent).toEqual({ variables: {} })
})

test('a template video of more than 1080 lines is made with 1080, which costs what v2 cost', async () => {
  await made('template', 'large', { variables: {} })
  const answer = await generate('large', { dimension: { width: 3840, height: 2160 } })
  expect([answer.status, answer.headers.get('x-gateway-lost')]).toEqual([200, 'dimension'])
  const [sent] = await bodiesTo(gateway.sim, 'POST', '/v3/templates/large')
  expect(sent).toEqual({ variables: {}, dimension: { width: 1920, height: 1080 } })
})

test('a preview of another voice than the one of the path is refused', async () => {
  const body = { voice_id: 'another', text: 'Hello.' }
  const answer = await gateway.post(`/heygen/v2/voices/${VOICE}/preview`, body)
  expect(answer.status).toBe(400)
  expect(await callsTo(gateway.sim)).toEqual([])
})

test('a refusal of speech has the form of v2 on the path of v1', async () => {
  const error = { code: 'voice_not_found', message: 'No such voice.', param: null }
  const match = { path: '/v3/voices/speech' }
  await gateway.sim.fault({ match, effect: { status: 404, body: { error } } })
  const body = { text: 'Hello.', voice_id: VOICE }
  const answer = await gateway.post('/heygen/v1/audio/text_to_speech', body)
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ data: null, error: { code: 'voice_not_found' } })
})

test('when HeyGen has ended its list of voices, own voices come from the list after it', async () => {
  const doc = { title: 'Trained', status: 'ACTIVE' }
  await made('voice', 'trained', doc, { form: 'model' })
  const error = { code: 'not_found', message: 'This call has ended.', param: null }
  const match = { path: '/v3/voices' }
  await gateway.sim.fault({ match, effect: { status: 410, body: { error } } })
  const other = await openGateway({
    accounts: { alice: 1 },
    vars: { LEGACY: 'bridge' },
    simulator: gateway.sim,
  })
  const answer = await other.fetch('/heygen/v2/voices')
  expect(answer.headers.get('x-gateway-lost')).toBe('public voices')
  const { data } = await jsonOf(answer)
  expect(data['voices']).toContainEqual({
    voice_id: 'trained',
    language: expect.any(String),
    gender: null,
    name: 'Trained',
    preview_audio: '',
    support_pause: false,
    emotion_support: false,
    support_interactive_avatar: false,
    support_locale: false,
  })
  await other.dispose()
})
