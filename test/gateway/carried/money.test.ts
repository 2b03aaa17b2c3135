/** What carried calls cost, compared with the same calls at an account that still has the older API. The simulator writes the bills. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OLDER } from '../../support/catalogue/carried-rows.ts'
import { bodyOf, kindOf, nameOf, pathOf } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { addLook, sceneOf, VOICE } from '../../support/scenes/legacy/legacy-videos.ts'

const passing = await openGateway({
  vars: { LEGACY: 'pass', HEYGEN_MAX_JOBS: '500' },
  simVars: { JOB_MS: '-1', SYNC_MS: '5' },
})
const { sim } = passing
const carrying = await openGateway({ simulator: sim, vars: { HEYGEN_MAX_JOBS: '500' } })
const allowing = await openGateway({
  simulator: sim,
  vars: { LEGACY_ENGINE: 'allow_iv', LEGACY_4K: 'allow' },
})
afterAll(async () => {
  await allowing.dispose()
  await carrying.dispose()
  await passing.dispose()
})

const ENGINES = ['avatar_iii', 'avatar_iv', 'avatar_v']
const KINDS: [avatar_type: string, engines: string[]][] = [
  ['photo_avatar', ENGINES.slice(0, 2)],
  ['digital_twin', ENGINES],
  ['studio_avatar', ENGINES.slice(0, 2)],
]

beforeAll(async () => {
  await passing.addAccount('old', 500, { examples: true })
  await carrying.addAccount('new', 500, { examples: true, sunset: true })
  await allowing.addAccount('allows', 10, { sunset: true })
  for (const name of ['old', 'new', 'allows']) {
    for (const [avatar_type, engines] of KINDS)
      await addLook(sim, name, avatar_type, { avatar_type }, engines)
    await addLook(sim, name, 'newer', { avatar_type: 'digital_twin' }, ['avatar_iv', 'avatar_v'])
  }
})

interface Line {
  row: string
  kind: string
  engine: string | null
  is4k: boolean
  usd: number | null
}

interface Call {
  method: string
  path: string
  body?: BodyInit
  type?: string
}

/** Makes the call and returns what it cost, the dearest first. */
async function costOf(gateway: Gateway, { method, path, body, type }: Call) {
  await sim.control('DELETE', '/bill')
  const init = body === undefined ? {} : { body, headers: { 'content-type': type ?? '' } }
  const answer = await gateway.fetch(`/heygen${path}`, { method, ...init })
  const text = await answer.text()
  const { lines } = await sim.control<{ lines: Line[] }>('GET', '/bill')
  return { answer, text, lines: lines.toSorted((a, b) => (b.usd ?? 0) - (a.usd ?? 0)) }
}

/** v3 trains by itself. */
const IS_FREE_NOW = '/v2/photo_avatar/train'

async function compare(call: Call, { isFreeToday = false } = {}): Promise<Line[]> {
  const before = await costOf(passing, call)
  const { answer, lines } = await costOf(carrying, call)
  // A call that HeyGen refuses costs nothing there.
  if (before.answer.status !== 200 && answer.status === 200) {
    throw new Error(`the older API refused it: ${before.text}`)
  }
  if (before.lines.length > 0 && answer.status === 200 && call.path !== IS_FREE_NOW)
    expect(lines.length).toBeGreaterThan(0)
  for (const { row } of lines) expect(answer.headers.get('x-gateway-carried')).toContain(row)
  if (isFreeToday) return lines
  expect(lines.length).toBeLessThanOrEqual(before.lines.length)
  for (const [index, line] of lines.entries()) {
    const old = before.lines[index]
    const rank = (one: Line | undefined) => ENGINES.indexOf(one?.engine ?? 'avatar_iii')
    expect(line.kind).toBe(old?.kind)
    expect(rank(line)).toBeLessThanOrEqual(rank(old))
    expect(Number(line.is4k)).toBeLessThanOrEqual(Number(old?.is4k))
    expect(line.usd ?? 0).toBeLessThanOrEqual(old?.usd ?? 0)
  }
  return lines
}

/** v3 makes a look at once, which costs. The older API trained the group for more, one call later: see the next test. */
const MAKES_LOOKS = /avatar_group\/(create|add)$/

test.each(
  oneOfEach(OLDER, (row) => `${kindOf(row)} ${MAKES_LOOKS.test(row.path)}`).map((row) => ({
    name: nameOf(row),
    row,
  }))
)(
  '$name, carried, has no more lines on the bill than before, and no dearer one',
  async ({ row }) => {
    for (const name of ['old', 'new'])
      await sim.control('POST', '/accounts', { email: `${name}@example.com`, examples: true })
    const sent = await bodyOf(row)
    const call = {
      method: row.method,
      path: pathOf(row),
      ...(sent ? { body: sent.bytes, type: sent.contentType } : {}),
    }
    const isFreeToday = MAKES_LOOKS.test(row.path)
    const lines = await compare(call, { isFreeToday })
    if (isFreeToday) expect(lines.map(({ kind }) => kind).length).toBeLessThanOrEqual(1)
    await sim.finishJobs()
  }
)

const json = (path: string, body: object): Call => ({
  method: 'POST',
  path,
  body: JSON.stringify(body),
  type: 'application/json',
})
const GENERATE = '/v2/video/generate'
const ABIGAIL = 'Abigail_expressive_2024112501'
const UHD = { width: 3840, height: 2160 }
const IN = { video_url: 'https://example.com/in.mp4', title: 'Demo' }
const photo = (more: object = {}) => ({
  ...sceneOf(''),
  character: { type: 'talking_photo', talking_photo_id: 'photo_avatar', ...more },
})
const scenes = (...video_inputs: object[]) => ({ video_inputs })
const IV = { use_avatar_iv_model: true }
const clip = (more: object) => ({ clips: [{ input_text: 'Hi', voice_id: VOICE, ...more }] })

const BODIES: [what: string, path: string, body: object][] = [
  ...KINDS.map(([id]): [string, string, object] => [
    `a ${id}`,
    GENERATE,
    scenes(id === 'photo_avatar' ? photo() : sceneOf(id)),
  ]),
  ...KINDS.map(([id]): [string, string, object] => [
    `a ${id} with Avatar IV`,
    GENERATE,
    scenes(id === 'photo_avatar' ? photo(IV) : sceneOf(id, IV)),
  ]),
  ...KINDS.map(([id]): [string, string, object] => [
    `a ${id} in 4k`,
    GENERATE,
    { ...scenes(sceneOf(id)), dimension: UHD },
  ]),
  ['a look without Avatar III', GENERATE, scenes(sceneOf('newer'))],
  ['three scenes', GENERATE, scenes(sceneOf(ABIGAIL), sceneOf('digital_twin'), photo())],
  ['scenes of two engines', GENERATE, scenes(sceneOf(ABIGAIL), sceneOf('digital_twin', IV))],
  [
    'a video behind the avatar',
    GENERATE,
    scenes({
      ...sceneOf(ABIGAIL),
      background: { type: 'video', url: 'https://example.com/b.mp4' },
    }),
  ],
  [
    'silence',
    GENERATE,
    scenes({ ...sceneOf(ABIGAIL), voice: { type: 'silence', duration: '2.0' } }),
  ],
  ['a test', GENERATE, { ...scenes(sceneOf(ABIGAIL)), test: true }],
  [
    'a test',
    '/v1/video.webm',
    { avatar_id: ABIGAIL, input_text: 'Hi', voice_id: VOICE, test: true },
  ],
  ['a test', '/v1/video.generate', { ...clip({ avatar_id: ABIGAIL }), test: true }],
  ['a test', '/v2/videos', { avatar_id: ABIGAIL, script: 'Hi', voice_id: VOICE, test: true }],
  ['a twin', '/v1/video.webm', { avatar_id: 'digital_twin', input_text: 'Hi', voice_id: VOICE }],
  ['two clips', '/v1/video.generate', { clips: [photo(), sceneOf('digital_twin')].map(asClip) }],
  ['a twin', '/v2/videos', { avatar_id: 'digital_twin', script: 'Hi', voice_id: VOICE }],
  ...['fast', 'quality', undefined].map((mode): [string, string, object] => [
    `a translation (${mode})`,
    '/v2/video_translate',
    { ...IN, output_language: 'Spanish', mode },
  ]),
  [
    'three languages',
    '/v2/video_translate',
    { ...IN, output_languages: ['Spanish', 'German', 'French'] },
  ],
  ['a check', '/v2/video_translate', { ...IN, output_language: 'Spanish', validate_only: true }],
  [
    'two languages',
    '/v2/video_translate/proofread',
    { ...IN, output_languages: ['Spanish', 'German'] },
  ],
]

const NOT_MADE = new Set(['a test', 'a check', 'a look without Avatar III'])

function asClip({ character }: { character: object }): object {
  return { ...character, input_text: 'Hi', voice_id: VOICE }
}

test.each(
  oneOfEach(BODIES, ([what, path]) => `${path} ${NOT_MADE.has(what)}`).map(
    ([what, path, body]) => ({
      what,
      path,
      body,
    })
  )
)('$what on $path costs no more than before', async ({ what, path, body }) => {
  const lines = await compare(json(path, body))
  if (NOT_MADE.has(what)) expect(lines).toEqual([])
  else expect(lines.length).toBeGreaterThan(0)
})

test('a group of photos costs less in all: v3 charges for its looks, the older API charged for its training', async () => {
  const group_id = '6b1f0a9c3d7e4f52b8c1d2e3f4a5b6c7'
  const image_key = 'image/7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f/original.jpg'
  const flow = [
    json('/v2/photo_avatar/avatar_group/create', { name: 'Ana', image_key }),
    json('/v2/photo_avatar/avatar_group/add', { name: 'Ana', group_id, image_keys: [image_key] }),
    json('/v2/photo_avatar/train', { group_id }),
  ]
  const sums = []
  for (const gateway of [passing, carrying]) {
    let usd = 0
    for (const call of flow)
      for (const line of (await costOf(gateway, call)).lines) usd += line.usd ?? 0
    sums.push(usd)
  }
  expect(sums).toEqual([4, 2])
})

test('only LEGACY_ENGINE=allow_iv makes a video with Avatar IV that did not ask for it, and says so', async () => {
  const call = json(GENERATE, scenes(sceneOf('newer')))
  const refused = await costOf(carrying, call)
  expect([refused.answer.status, refused.lines]).toEqual([400, []])
  const { answer, lines } = await costOf(allowing, call)
  expect([answer.status, answer.headers.get('x-gateway-lost')]).toEqual([200, 'engine'])
  expect(lines.map(({ engine }) => engine)).toEqual(['avatar_iv'])
  const usual = await costOf(allowing, json(GENERATE, scenes(sceneOf(ABIGAIL))))
  expect(usual.lines.map(({ engine }) => engine)).toEqual(['avatar_iii'])
})
