/** Creations and resources that HeyGen added in October and November 2026. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openSimulator, soon, VIDEO } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())
beforeEach(async () => {
  await simulator.sim('POST', 'reset')
  await simulator.sim('POST', 'accounts', { email: 'ann@sim.example' })
  await simulator.sim('POST', 'settings', { jobMs: -1 })
})

const post = (path: string, body: unknown) => simulator.call('POST', path, { body })
const get = (path: string) => simulator.call('GET', path)
const end = (id: string, how: unknown = {}) => simulator.sim('POST', `jobs/${id}`, how)
const MODEL_VIDEO = { model: 'heygen-video-1', mode: 'text_to_video', prompt: 'Rain' }
const IMAGE = {
  model: 'heygen-image-1',
  mode: 'identity_remix',
  identity_images: [{ type: 'url', url: 'https://example.com/a.jpg' }],
}

test('a model video is accepted with 202, counts, and can end as cancelled', async () => {
  const made = await post('/v3/models/videos', MODEL_VIDEO)
  expect(made.status).toBe(202)
  const id = made.body.data.video_id as string
  expect((await simulator.account('ann@sim.example')).inFlight).toBe(1)
  expect((await get(`/v3/models/videos/${id}`)).body.data).toMatchObject({ video_url: null })
  await end(id, { status: 'cancelled', code: 'generation_cancelled' })
  expect((await get(`/v3/models/videos/${id}`)).body.data).toMatchObject({
    status: 'cancelled',
    failure_code: 'generation_cancelled',
  })
  expect((await get(`/v3/videos/${id}`)).status).toBe(404)
})

test('images have no callback, and tell of money only when polled', async () => {
  const refused = await post('/v3/models/images', { ...IMAGE, callback_url: 'http://127.0.0.1:1/' })
  expect(refused.status).toBe(400)
  const made = await post('/v3/models/images', IMAGE)
  expect(made.status).toBe(202)
  const path = `/v3/models/images/${String(made.body.data.generation_id)}`
  expect((await get(path)).body.data).toMatchObject({ status: 'pending', images: [] })
  await end(made.body.data.generation_id as string, {
    status: 'failed',
    code: 'usage_limit_reached',
  })
  expect((await get(path)).body.data).toMatchObject({
    status: 'failed',
    failure_code: 'usage_limit_reached',
  })
})

test('a folder takes things in until it is in the trash, and is never listed by v3', async () => {
  const made = await post('/v3/folders', { name: 'Campaign', parent_id: '' })
  expect(made.body.data).toMatchObject({ name: 'Campaign', type: 'mixed', parent_id: null })
  const folder_id = made.body.data.folder_id as string
  expect((await post('/v3/videos', { ...VIDEO, folder_id })).status).toBe(200)
  expect((await post('/v3/videos', { ...VIDEO, folder_id: '' })).status).toBe(200)
  await simulator.call('POST', `/v1/folders/${folder_id}/trash`, { body: {} })
  expect((await post('/v3/videos', { ...VIDEO, folder_id })).status).toBe(404)
  expect((await get(`/v3/folders/${folder_id}`)).body.data.is_trash).toBe(true)
  expect((await get('/v3/folders')).status).toBe(404)
})

test('a template is made of an own video, and its variables are replaced on its present version alone', async () => {
  const video = await post('/v3/videos', VIDEO)
  const made = await post('/v3/templates', { video_id: video.body.data.video_id, name: 'Demo' })
  const path = `/v3/templates/${String(made.body.data.id)}`
  const set = (expected_edit_version: string) =>
    simulator.call('PUT', `${path}/variables`, { body: { expected_edit_version, variables: {} } })
  expect((await set('ev_1')).body.data.edit_version).toBe('ev_2')
  const stale = await set('ev_1')
  expect([stale.status, stale.body.error.code]).toEqual([409, 'stale_edit_version'])
  const renamed = await simulator.call('PATCH', path, { body: { name: 'Other' } })
  expect(renamed.body.data).toMatchObject({ name: 'Other', edit_version: 'ev_2' })
  expect((await simulator.call('DELETE', path)).body.data.deleted).toBe(true)
  expect((await get(path)).status).toBe(404)
  expect((await post('/v3/templates', { video_id: 'f'.repeat(32) })).status).toBe(404)
})

test('a look pack makes as many jobs as it has looks, on the account of the look it starts from', async () => {
  const look = await simulator.sim('POST', 'resources', {
    account: 'ann@sim.example',
    resource: 'avatar',
    form: 'look',
    doc: { group_id: 'g1' },
  })
  const body = { type: 'look_pack', reference_look_id: look.id, template_id: 'pack_office_f' }
  const made = await post('/v3/avatars/looks', body)
  expect(made.body.data).toMatchObject({ group_id: 'g1' })
  expect(made.body.data.looks).toHaveLength(3)
  expect((await simulator.account('ann@sim.example')).inFlight).toBe(3)
  const one = `/v3/avatars/looks/${String(made.body.data.looks[0].id)}`
  expect((await get(one)).body.data.status).toBe('processing')
  expect(
    (await simulator.call('POST', '/v3/avatars/looks', { key: 'sk_sim_bob', body })).status
  ).toBe(404)
  const templates = await get('/v3/avatars/look-templates')
  expect(templates.body.data).toMatchObject([{ id: 'pack_office_f', looks_count: 3 }])
})

test('a voice in training is polled in upper case; only an instant one can be deleted then', async () => {
  const voices = '/v3/models/audio/voices'
  const train = async (mode: string) => {
    const made = await post(voices, { mode, name: 'Dana', audio: [] })
    expect(made.status).toBe(202)
    return made.body.data.voice_id as string
  }
  const [instant, professional] = [await train('instant'), await train('professional')]
  expect((await get(`${voices}/${instant}`)).body.data.status).toBe('PENDING')
  expect((await get(voices)).body.data.map((row: { status: string }) => row.status)).toEqual([
    'PENDING',
    'PENDING',
  ])
  expect((await simulator.call('DELETE', `${voices}/${instant}`)).body.data).toEqual({
    status: 'ok',
  })
  const kept = await simulator.call('DELETE', `${voices}/${professional}`)
  expect([kept.status, kept.body.error.code]).toEqual([409, 'resource_not_ready'])
  expect((await simulator.account('ann@sim.example')).inFlight).toBe(1)
  await end(professional)
  expect((await get(`${voices}/${professional}`)).body.data.status).toBe('ACTIVE')
  const again = await post(voices, { mode: 'professional', name: 'Dana', voice_id: professional })
  expect(again.body.data.voice_id).toBe(professional)
  await simulator.sim('POST', 'finish', { status: 'failed', code: 'TRAINING_FAILED' })
  expect((await get(`${voices}/${professional}`)).body.data.status).toBe('FAILED')
  const tts = { voice_id: '1bd001e7e50f421d891986aad5158bc8', text: 'Hi' }
  expect((await post('/v3/models/audio/tts', tts)).status).toBe(404)
})

test('a cinematic video names its looks in a list, each of which must be at hand, and has no callback', async () => {
  const look = await simulator.sim('POST', 'resources', {
    account: 'ann@sim.example',
    resource: 'avatar',
    form: 'look',
  })
  const body = { type: 'cinematic_avatar', prompt: 'x', avatar_id: [look.id] }
  expect((await post('/v3/videos', body)).status).toBe(200)
  expect((await simulator.call('POST', '/v3/videos', { key: 'sk_sim_bob', body })).status).toBe(404)
  expect((await post('/v3/videos', { ...body, avatar_id: look.id })).status).toBe(400)
  expect((await post('/v3/videos', { ...body, callback_id: 'x' })).status).toBe(400)
})

test('proofreads are listed and can be deleted', async () => {
  const made = await post('/v3/video-translations/proofreads', {
    title: 'Demo',
    video: { type: 'url', url: 'https://example.com/in.mp4' },
    output_languages: ['Spanish'],
  })
  const [id] = made.body.data.proofread_ids as string[]
  const list = await get('/v3/video-translations/proofreads')
  expect(list.body.data).toMatchObject([{ id, title: 'Demo', status: 'processing' }])
  const path = `/v3/video-translations/proofreads/${id}`
  expect((await simulator.call('DELETE', path)).body.data.id).toBe(id)
  expect((await get(path)).status).toBe(404)
})

test('the ends of filler-word removals and podcasts are told; that of a model video to its callback alone', async () => {
  await post('/v3/webhooks/endpoints', { url: 'http://127.0.0.1:1/hook' })
  await simulator.sim('POST', 'settings', { jobMs: 0, webhooks: 'held' })
  await post('/v3/filler-word-removals', {
    video: { type: 'url', url: 'https://example.com/a.mp4' },
  })
  await post('/v3/podcasts', { prompt: 'Sun' })
  await post('/v3/models/videos', { ...MODEL_VIDEO, callback_url: 'http://127.0.0.1:1/mine' })
  await simulator.pass(10)
  const sent = await soon(async () => {
    const all = (await simulator.sim('GET', 'webhooks')) as unknown as {
      eventType: string
      url: string
    }[]
    return all.length >= 3 && all
  })
  expect(
    sent.map((each) => `${each.eventType} ${each.url.split('/').at(-1) ?? ''}`).toSorted()
  ).toEqual([
    'filler_word_removal.success hook',
    'model_video.success mine',
    'podcast.success hook',
  ])
})
