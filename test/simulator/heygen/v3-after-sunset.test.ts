/** What v3 must do alone once the older API is gone. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type Json, openSimulator, V2_VIDEO, VIDEO } from '../open-simulator.ts'

const simulator = await openSimulator()
afterAll(() => simulator.dispose())
beforeEach(async () => {
  await simulator.sim('POST', 'reset')
  await simulator.sim('POST', 'accounts', { email: 'ann@sim.example' })
  await simulator.sim('POST', 'settings', { jobMs: -1 })
})

const ANN = 'ann@sim.example'
const post = (path: string, body: unknown) => simulator.call('POST', path, { body })
const get = async (path: string) => {
  const answer = await simulator.call('GET', path)
  return answer.status === 200 ? answer.body : { status: answer.status, ...answer.body }
}
const finish = () => simulator.sim('POST', 'finish', {})
const add = (resource: string, more: object) =>
  simulator.sim('POST', 'resources', { account: ANN, resource, ...more })
const sunset = () => simulator.sim('POST', 'settings', { sunset: true })
const FILE = { type: 'url', url: 'https://example.com/a.png' }

test('a video made by v2 is read by v3, with captions when they were asked for', async () => {
  const plain = await post('/v2/video/generate', V2_VIDEO)
  const captioned = await post('/v2/video/generate', { ...V2_VIDEO, caption: true })
  await finish()
  await sunset()
  const { data } = await get(`/v3/videos/${plain.body.data.video_id}`)
  expect(data).toMatchObject({ status: 'completed', duration: 2, captioned_video_url: null })
  for (const name of ['video_url', 'thumbnail_url', 'gif_url', 'subtitle_url'])
    expect(data[name]).toContain('/files/')
  const other = await get(`/v3/videos/${captioned.body.data.video_id}`)
  expect(other.data.captioned_video_url).toContain('/files/')
  const { data: listed } = await get('/v3/videos')
  expect(listed).toHaveLength(2)
})

test('looks say what they are and which engines they take, and a wrong engine is refused', async () => {
  const made = await post('/v3/avatars', { type: 'photo', name: 'Ana', file: FILE })
  const photo = made.body.data.avatar_item
  expect(photo).toMatchObject({ avatar_type: 'photo_avatar', status: 'processing' })
  await finish()
  const { data } = await get(`/v3/avatars/looks/${photo.id}`)
  expect(data).toMatchObject({ status: 'completed', group_id: made.body.data.avatar_group.id })
  const { data: studio } = await get('/v3/avatars/looks?avatar_type=studio_avatar')
  expect(studio.map((each: { status: unknown }) => each.status)).toEqual([null, null, null])
  const videos: [object, number, string?][] = [
    [{ avatar_id: photo.id, engine: { type: 'avatar_iii' } }, 200],
    [{ avatar_id: photo.id, engine: { type: 'avatar_iii' }, resolution: '4k' }, 400, 'resolution'],
    [{ avatar_id: photo.id, motion_prompt: 'waves' }, 200],
    [{ motion_prompt: 'waves' }, 400, 'motion_prompt'],
    [{ motion_prompt: 'waves', engine: { type: 'avatar_v' } }, 200],
    [{ expressiveness: 'high' }, 400, 'expressiveness'],
    [{ avatar_id: 'Nadia_office_20260901', engine: { type: 'avatar_iii' } }, 400, 'engine'],
    [{ avatar_id: 'Nadia_office_20260901' }, 200],
    [{ output_format: 'webm', background: { type: 'color', value: '#fff' } }, 400, 'background'],
  ]
  for (const [change, status, param] of videos) {
    const answer = await post('/v3/videos', { ...VIDEO, ...change })
    expect([change, answer.status, answer.body.error?.param]).toEqual([change, status, param])
  }
  await simulator.sim('POST', 'accounts', { email: ANN, engines: ['avatar_iv', 'avatar_v'] })
  const third = await post('/v3/videos', { ...VIDEO, engine: { type: 'avatar_iii' } })
  expect(third.body.error).toMatchObject({ code: 'invalid_parameter', param: 'engine' })
})

test('the older API refuses a look without Avatar III, unless it asks for Avatar IV', async () => {
  const withLook = (more: object) => ({
    video_inputs: [{ character: { type: 'avatar', avatar_id: 'Nadia_office_20260901', ...more } }],
  })
  const refused = await post('/v2/video/generate', withLook({}))
  expect([refused.status, refused.body.error.code]).toEqual([400, 'internal_error'])
  expect((await post('/v2/video/generate', withLook({ use_avatar_iv_model: true }))).status).toBe(
    200
  )
})

test('public looks and voices fill several pages, in groups and languages', async () => {
  await simulator.sim('POST', 'settings', { publicLooks: 120, publicVoices: 30, strict: true })
  const pages = async (path: string) => {
    const rows: Record<string, unknown>[] = []
    for (let token: string | null = ''; token !== null;) {
      const page: Json = await get(`${path}&token=${encodeURIComponent(token)}`)
      rows.push(...(page['data'] as Record<string, unknown>[]))
      token = page['next_token'] as string | null
    }
    return rows
  }
  const looks = await pages('/v3/avatars/looks?ownership=public&limit=50')
  expect(looks).toHaveLength(123)
  const without = looks.filter(
    (look) => !(look['supported_api_engines'] as string[]).includes('avatar_iii')
  )
  expect(without.length).toBeGreaterThan(5)
  expect(await pages('/v3/avatars?ownership=public&limit=50')).toHaveLength(42)
  const voices = await pages('/v3/voices?type=public&limit=20')
  expect(new Set(voices.map((voice) => voice['language'])).size).toBeGreaterThan(5)
  expect(await get('/v3/avatars/looks?limit=51')).toMatchObject({ status: 400 })
  await simulator.sim('POST', 'settings', { publicLooks: 0 })
  expect((await get('/v3/avatars/looks?ownership=public')).data).toHaveLength(3)
})

test('when strict, voices are public unless private ones are asked for, and assets need a member', async () => {
  await add('voice', { id: 'cloned', form: 'clone' })
  await add('asset', { id: 'a'.repeat(32), doc: { file_type: 'image', mime_type: 'image/png' } })
  await sunset()
  const idsOf = async (query: string) =>
    (await get(`/v3/voices${query}`)).data.map((each: Record<string, unknown>) => each['voice_id'])
  expect(await idsOf('')).not.toContain('cloned')
  expect(await idsOf('?type=private')).toEqual(['cloned'])
  expect(await get('/v3/assets')).toMatchObject({ status: 400, error: { param: 'username' } })
  const { username } = (await get('/v3/users/me')).data
  const { data } = await get(`/v3/assets?username=${username}`)
  expect(data).toMatchObject([{ type: 'image', owner: username }])
  expect(data[0].url).toContain(`${'a'.repeat(32)}.png`)
})

test('a translation has its captions when it is done, and only sound when only that was asked for', async () => {
  const video = { type: 'url', url: 'https://example.com/in.mp4' }
  const body = { video, output_languages: ['Spanish'], translate_audio_only: true }
  const made = await post('/v3/video-translations', body)
  const path = `/v3/video-translations/${made.body.data.video_translation_ids[0]}`
  expect((await get(path)).data).toMatchObject({ srt_caption_url: null, vtt_caption_url: null })
  await finish()
  const { data } = await get(path)
  expect(data).toMatchObject({ video_url: null, output_language: 'Spanish' })
  for (const [name, ending] of [
    ['srt_caption_url', 'srt'],
    ['vtt_caption_url', 'vtt'],
    ['audio_url', 'mp3'],
  ])
    expect(data[name ?? '']).toContain(`.${ending}?`)
})

test('variables of a template are flat in v3 and nested before', async () => {
  const variables = {
    logo: { type: 'image', asset: { type: 'url', url: 'https://example.com/l.png' }, fit: 'cover' },
    who: { type: 'character', character_id: 'c1', character_type: 'talking_photo' },
  }
  await add('template', { id: 'tpl', doc: { variables } })
  expect((await get('/v3/templates/tpl')).data.variables).toEqual(variables)
  expect((await get('/v2/template/tpl')).data.variables).toEqual({
    logo: {
      name: 'logo',
      type: 'image',
      properties: { url: 'https://example.com/l.png', fit: 'cover' },
    },
    who: {
      name: 'who',
      type: 'character',
      properties: { character_id: 'c1', type: 'talking_photo' },
    },
  })
  const text = (content: string) => ({ variables: { a: { type: 'text', content } } })
  await sunset()
  expect((await post('/v3/templates/tpl', text('Hi'))).body.data).toMatchObject({
    status: 'pending',
  })
  expect((await post('/v3/templates/tpl', text(''))).body.error.param).toBe('variables.a.content')
  const square = { ...text('Hi'), dimension: { width: 1080, height: 1080 } }
  expect((await post('/v3/templates/tpl', square)).body.error.param).toBe('dimension')
})

test('a glossary keeps its rules, whichever family wrote them', async () => {
  const made = await post('/v3/brand-glossaries', { name: 'Acme' })
  const id = made.body.data.brand_glossary_id as string
  await post(`/v1/brand_voice/${id}`, {
    name: 'Acme 2',
    vocabulary: [['HeyGen', 'hey-jen']],
    blacklist: ['Acme'],
    whitelist: [['AI', 'IA']],
  })
  expect((await get(`/v3/brand-glossaries/${id}`)).data).toMatchObject({
    name: 'Acme 2',
    terms: [{ term: 'HeyGen', pronunciation: 'hey-jen' }],
    do_not_translate_terms: [{ term: 'Acme' }],
    forced_translations: [{ term: 'AI', translation: 'IA' }],
  })
  const changed = { do_not_translate_terms: [] }
  await simulator.call('PATCH', `/v3/brand-glossaries/${id}`, { body: changed })
  expect((await get(`/v3/brand-glossaries/${id}`)).data.do_not_translate_terms).toBeUndefined()
  expect((await get('/v1/brand_voice/list')).data.list[0]).toMatchObject({
    vocabulary: [['HeyGen', 'hey-jen']],
    blacklist: [],
  })
})

test('the video of an agent may get its id only at the end', async () => {
  const { data } = (await post('/v3/video-agents', { prompt: 'Sun [lateid]' })).body
  expect(data.video_id).toBeNull()
  expect((await get(`/v3/video-agents/${data.session_id}`)).data.video_id).toBeNull()
  await finish()
  const done = await get(`/v3/video-agents/${data.session_id}`)
  expect((await get(`/v3/videos/${done.data.video_id}`)).data.status).toBe('completed')
})

test('with its last look a group is gone', async () => {
  const { avatar_item, avatar_group } = (
    await post('/v3/avatars', { type: 'photo', name: 'Ana', file: FILE })
  ).body.data
  await finish()
  await simulator.call('DELETE', `/v3/avatars/looks/${avatar_item.id}`)
  expect(await get(`/v3/avatars/${avatar_group.id}`)).toMatchObject({ status: 404 })
})
