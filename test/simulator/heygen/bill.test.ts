import { afterAll, beforeEach, expect, test } from 'vitest'
import { newKey, openSimulator, V2_VIDEO, VIDEO } from '../open-simulator.ts'

const simulator = await openSimulator()
afterAll(() => simulator.dispose())
beforeEach(async () => {
  await simulator.sim('POST', 'reset')
  await simulator.sim('POST', 'settings', { jobMs: -1 })
})

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  simulator.call('POST', path, { body, ...(headers ? { headers } : {}) })
const bill = () => simulator.sim('GET', 'bill')
const [scene] = V2_VIDEO.video_inputs
const sceneWith = (character: object) => ({
  video_inputs: [{ ...scene, character: { ...scene?.character, ...character } }],
})

test('a video of v3 without an engine is billed as Avatar IV, scenes of v2 as Avatar III', async () => {
  await post('/v3/videos', VIDEO)
  await post('/v3/videos', { ...VIDEO, engine: { type: 'avatar_iii' }, resolution: '4k' })
  await post('/v2/video/generate', V2_VIDEO)
  await post('/v2/video/generate', sceneWith({ use_avatar_iv_model: true }))
  const { lines, byKind, calls } = await bill()
  const facts = lines.map((line: Record<string, unknown>) => [line.engine, line.is4k, line.usd])
  expect(facts).toEqual([
    ['avatar_iv', false, 0.1334],
    ['avatar_iii', true, 0.04342],
    ['avatar_iii', false, 0.0334],
    ['avatar_iv', false, 0.1334],
  ])
  expect(lines[0]).toMatchObject({ account: 'ann@sim.example', kind: 'video', look: 'studio' })
  expect([calls, byKind.video.calls]).toEqual([4, 4])
  await simulator.sim('DELETE', 'bill')
  expect(await bill()).toMatchObject({ calls: 0, usd: 0, lines: [] })
})

test('what starts nothing, a test render, an upload and a failed job cost nothing', async () => {
  await post('/v3/videos', { ...VIDEO, avatar_id: 'nobody' })
  await post('/v2/video/generate', { ...V2_VIDEO, test: true })
  const upload = { headers: { 'content-type': 'image/png' }, body: 'png' }
  await simulator.call('POST', '/upload.heygen.com/v1/talking_photo', upload)
  const translation = { video_url: 'https://example.com/a.mp4', output_language: 'Spanish' }
  await post('/v2/video_translate', { ...translation, validate_only: true })
  expect(await bill()).toMatchObject({ calls: 0, lines: [] })
  const made = await post('/v3/videos', VIDEO)
  await simulator.sim('POST', `jobs/${made.body.data.video_id}`, { status: 'failed' })
  expect(await bill()).toMatchObject({ calls: 0, usd: 0, lines: [{ isRefunded: true }] })
})

test('a call with a key given twice is billed once, a translation once for each language', async () => {
  const headers = { 'idempotency-key': newKey() }
  for (const _ of [1, 2]) await post('/v3/videos', VIDEO, headers)
  const video = { type: 'url', url: 'https://example.com/in.mp4' }
  await post('/v3/video-translations', { video, output_languages: ['Spanish', 'French'] })
  const file = { type: 'url', url: 'https://example.com/a.png' }
  await post('/v3/avatars', { type: 'photo', name: 'Ana', file })
  const { byKind } = await bill()
  expect(byKind).toEqual({
    video: { calls: 1, usd: 0.1334 },
    translation: { calls: 2, usd: 0.1332 },
    avatar: { calls: 1, usd: 1 },
  })
})
