import { expect, test } from 'vitest'
import { heygen } from '#providers/heygen/index.ts'

const PROBES = {
  'POST /v3/ai-clipping': { video: null },
  'POST /v3/avatars': { type: null },
  'POST /v3/filler-word-removals': { video: null },
  'POST /v3/lipsyncs': { video: null },
  'POST /v3/lipsyncs/batches': { lipsyncs: null },
  'POST /v3/models/audio/voices': { mode: null },
  'POST /v3/templates/{template_id}': { variables: 0 },
  'POST /v3/video-translations': { video: null },
  'POST /v3/video-translations/batches': { video_translations: null },
  'POST /v3/video-translations/proofreads': { title: null },
  'POST /v3/videos': { type: null },
  'POST /v3/videos/batches': { videos: null },
}

test('a creation is asked about under its key on the rows of a closed list alone [I4]', () => {
  const asked = heygen.routes.table.filter((route) => route.keyProbe !== undefined)
  expect(
    Object.fromEntries(asked.map((route) => [`${route.method} ${route.path}`, route.keyProbe]))
  ).toEqual(PROBES)
  for (const route of asked) {
    expect(route.kind, route.path).toBe('creates-job')
    expect(route.takesKey, route.path).toBe(true)
    // A null can stand for a default only where a member may be left out; a probe leaves all other members out too.
    expect(Object.keys(route.keyProbe ?? {}), route.path).toHaveLength(1)
  }
})

test('what starts, ends or changes something without a required member is never asked about [I4]', () => {
  const never =
    /\/(generate|consent|stop|complete|batches\/complete|rotate-secret|cancel)$|\/complete\//
  for (const route of heygen.routes.table.filter((one) => never.test(one.path))) {
    expect(route.keyProbe, route.path).toBeUndefined()
  }
})

test('a key goes up on rows that are documented to take one, and on v3 paths that no row knows', () => {
  const takes = (method: string, path: string) =>
    heygen.routes.takesIdempotencyKey(path, heygen.routes.match(method, path))
  expect(takes('POST', '/v3/videos')).toBe(true)
  expect(takes('POST', '/v3/avatars/g1/consent')).toBe(true)
  expect(takes('POST', '/v3/video-agents')).toBe(false)
  expect(takes('POST', '/v3/models/audio/tts')).toBe(false)
  expect(takes('POST', '/v3/voices/clone')).toBe(false)
  expect(takes('PUT', '/v3/video-translations/proofreads/p1/srt')).toBe(false)
  expect(takes('DELETE', '/v3/videos/v1')).toBe(false)
  expect(takes('POST', '/v2/video/generate')).toBe(false)
  expect(takes('POST', '/v3/something/new')).toBe(true)
  expect(takes('POST', '/v2/something/new')).toBe(false)
  for (const route of heygen.routes.table.filter((one) => one.takesKey)) {
    expect(`${route.method} ${route.path}`).toMatch(/^POST \/v3\//)
  }
})
