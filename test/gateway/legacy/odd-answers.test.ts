/** Carried calls whose bodies are spelled oddly, or whose newer calls HeyGen answers with what it should not. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'
import { openStoodIn, type Sent, type StoodIn, type Told } from '../../support/stand-in.ts'

const GENERATE = '/heygen/v2/video/generate'
const TRANSLATE = '/heygen/v2/video_translate'

let stoodIn: StoodIn
/** What HeyGen answers instead of its usual answers. */
let instead: (sent: Sent) => Told | undefined
let made = 0

beforeAll(async () => {
  const vars = { LEGACY: 'bridge', LEGACY_ENGINE: 'allow_iv', HEYGEN_MAX_JOBS: '100' }
  stoodIn = await openStoodIn({ accounts: { alice: 100 }, vars })
  stoodIn.standIn.answer = (sent) => instead(sent) ?? usual(sent)
})
afterAll(() => stoodIn.close())
beforeEach(() => {
  instead = () => undefined
  stoodIn.standIn.sent.length = 0
})

function usual({ method, path }: Sent): Told | undefined {
  const [, id] = /^\/v3\/avatars\/looks\/([^/?]+)$/.exec(path) ?? []
  const supported_api_engines = ['avatar_iii', 'avatar_iv']
  if (id !== undefined) {
    return { body: { data: { id, avatar_type: 'studio_avatar', supported_api_engines } } }
  }
  if (method === 'GET') return { body: { data: [{ voice_id: 'v', id: 'g' }] } }
  made += 1
  return { body: { data: { video_id: `v${made}`, video_translation_ids: [`t${made}`] } } }
}

async function post(path: string, body: unknown) {
  const answer = await stoodIn.gateway.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-gateway-join': 'no' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, text: await answer.text(), starts: starts() }
}

/** The bodies of the newer calls that cost. */
function starts(): unknown[] {
  const posts = stoodIn.standIn.sent.filter(({ method }) => method === 'POST')
  return posts.map(({ body }) => JSON.parse(body.toString()) as unknown)
}

const scenes = (id: string) => ({ video_inputs: [sceneOf(id)] })

test.each(['True', ' on ', 2, [true]])(
  'test or validate_only that may mean yes (%j) starts nothing',
  async (yes) => {
    expect(await post(GENERATE, { ...scenes('a'), test: yes })).toMatchObject({ status: 400 })
    const video = { video_url: 'https://example.com/v.mp4', output_language: 'Spanish' }
    expect(await post(TRANSLATE, { ...video, validate_only: yes })).toMatchObject({ status: 400 })
    expect(starts()).toEqual([])
  }
)

test('test that says no makes the video', async () => {
  for (const no of ['False', '0', 0, null, false])
    expect(await post(GENERATE, { ...scenes('a'), test: no })).toMatchObject({ status: 200 })
})

test('an engine that a body of /v2/videos names as text is kept, and one that cannot be read starts nothing', async () => {
  const body = { avatar_id: 'a', script: 'Hi', voice_id: 'v' }
  const { starts } = await post('/heygen/v2/videos', { ...body, engine: 'avatar_iii' })
  expect(starts).toMatchObject([{ engine: { type: 'avatar_iii' } }])
  stoodIn.standIn.sent.length = 0
  for (const engine of [{}, [], 5, { type: null }, '']) {
    const refused = await post('/heygen/v2/videos', { ...body, engine })
    expect(refused).toMatchObject({ status: 400, starts: [] })
  }
})

test.each([
  [
    GENERATE,
    '{"video_inputs":[{"character":{"avatar_id":"\\ud800"},"voice":{"input_text":"Hi"}}]}',
  ],
  [TRANSLATE, '{"video_id":"\\ud800","output_language":"Spanish"}'],
])('half a character in an id is refused on %s, and nothing is asked', async (path, body) => {
  expect(await post(path, body)).toMatchObject({ status: 400 })
  expect(stoodIn.standIn.sent).toEqual([])
})

const html: Told = { headers: { 'content-type': 'text/html' }, body: '<html></html>' }
const redirect: Told = { status: 302, headers: { location: 'https://example.com/' }, body: '' }
const error = { error: { code: 'invalid_parameter', message: 'no' } }

test.each([
  ['html', html],
  ['nothing', { body: { data: null } }],
  ['no content', { status: 204, body: '' }],
  ['redirect', redirect],
  ['error', { body: error }],
] satisfies [string, Told][])(
  'a look that is answered with %s starts no dearer video, and is asked for again',
  async (name, told) => {
    const id = `look-${name.replace(' ', '-')}`
    instead = ({ path }) => (path.includes('/looks/') ? told : undefined)
    const refused = await post(GENERATE, scenes(id))
    expect(refused.status).toBeGreaterThanOrEqual(400)
    expect(refused.starts).toEqual([])
    instead = () => undefined
    const { status, starts } = await post(GENERATE, scenes(id))
    expect(status).toBe(200)
    expect(starts).toMatchObject([{ engine: { type: 'avatar_iii' } }])
  }
)

test.each([
  ['a redirect', 502, redirect],
  ['an error behind 200', 400, { body: error }],
] satisfies [string, number, Told][])(
  'a creation that is answered with %s is refused, and its slot comes back',
  async (_, refusal, told) => {
    const { gateway } = stoodIn
    const before = await gateway.heldSlots()
    instead = ({ method }) => (method === 'POST' ? told : undefined)
    const { status, starts } = await post(GENERATE, scenes('a'))
    expect([status, starts.length]).toEqual([refusal, 1])
    expect(await gateway.heldSlots()).toBe(before)
  }
)

test.each([
  ['a body that breaks off', { body: '{"data": {"broken' }],
  ['no data', { body: { data: null } }],
  ['html', html],
] satisfies [string, Told][])(
  'a video, or the session that may have made it, that is answered with %s is not told as being made',
  async (_, told) => {
    const ask = () => stoodIn.gateway.fetch('/heygen/v1/video_status.get?video_id=v1')
    const missing: Told = { status: 404, body: { error: { code: 'video_not_found', message: '' } } }
    instead = ({ path }) => (path.startsWith('/v3/videos/') ? told : undefined)
    expect((await ask()).status).toBe(502)
    instead = ({ path }) =>
      path.startsWith('/v3/videos/')
        ? missing
        : path.startsWith('/v3/video-agents/')
          ? told
          : undefined
    expect((await ask()).status).toBe(502)
  }
)

test('a public list that is answered without a list is refused, and no empty copy of it is kept', async () => {
  for (const told of [html, { body: { data: null } }]) {
    instead = ({ path }) => (path.includes('type=public') ? told : undefined)
    expect((await stoodIn.gateway.fetch('/heygen/v2/voices')).status).toBe(502)
  }
  instead = () => undefined
  const answer = await stoodIn.gateway.fetch('/heygen/v2/voices')
  const { data } = (await answer.json()) as { data: { voices: unknown[] } }
  expect(data.voices).toHaveLength(2)
})

test('an id of dots or of half a character in a body is not looked for under another path', async () => {
  const { gateway, standIn, close } = await openStoodIn({ accounts: { ann: 2, bob: 2 } })
  standIn.answer = usual
  for (const id of ['..', '.', '\\ud800']) {
    const body = `{"type":"avatar","avatar_id":"${id}","voice_id":"${id}","script":"Hi"}`
    await gateway.fetch('/heygen/v3/videos', { method: 'POST', body })
  }
  const paths = standIn.sent.map(({ method, path }) => `${method} ${path}`)
  await close()
  expect(paths).toEqual(Array(3).fill('POST /v3/videos'))
})

test('a 410 of an edge, in JSON without a code, ends nothing: the older creation is not carried', async () => {
  const alive = await openStoodIn()
  alive.standIn.answer = ({ path, method }) =>
    method === 'POST'
      ? { status: 410, body: { message: 'Gone' } }
      : path.startsWith('/v3/')
        ? undefined
        : { body: { data: {} } }
  await alive.gateway.addAccount('bob', 2)
  const body = JSON.stringify(scenes('a'))
  const answer = await alive.gateway.fetch(GENERATE, { method: 'POST', body })
  const posts = alive.standIn.sent.filter(({ method }) => method === 'POST')
  await alive.close()
  expect([answer.status, answer.headers.get('x-gateway-carried')]).toEqual([410, null])
  expect(posts.map(({ path }) => path)).toEqual(['/v2/video/generate'])
})
