/** `npm run verify-live` as a person runs it, with the simulator in the place of HeyGen and Kling. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { differences, shapeOf } from '../../scripts/lib/live/shapes.ts'
import { testFull } from '../support/full.ts'
import { Simulator } from '../support/simulator.ts'

const run = promisify(execFile)
const KEY = 'sk_test_private_key'
const EMAIL = 'private.person@example.com'
const sim = await Simulator.start({ vars: { JOB_MS: '100', SUNSET: 'true' } })
afterAll(() => sim.dispose())
beforeEach(async () => {
  await sim.control('POST', '/reset')
  await sim.addAccount(EMAIL, KEY)
})

async function verify(...more: string[]): Promise<{ report: string; progress: string }> {
  const origins = [
    '--origin',
    `${sim.url}/api.heygen.com`,
    '--kling-origin',
    `${sim.url}/api-singapore.klingai.com`,
  ]
  const env = { ...process.env, HEYGEN_API_KEY: '' }
  const said = await run('node', ['scripts/verify-live.ts', ...origins, ...more], { env })
  return { report: said.stdout, progress: said.stderr }
}

/** The calls that may have changed something. */
async function writes(): Promise<string[]> {
  return (await sim.requests())
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path}`)
}

testFull(
  'it reads both providers, changes nothing, spends nothing, and shows no value',
  async () => {
    const own = {
      account: EMAIL,
      resource: 'template',
      id: 'template-private',
      doc: { title: 'Own' },
    }
    await sim.control('POST', '/resources', own)
    const pair = ['--kling-access-key', 'ak_sim_private', '--kling-secret-key', 'sk_secret_private']
    const { report, progress } = await verify('--key', KEY, ...pair)
    expect(await writes()).toEqual([])
    expect(await sim.control('GET', '/bill')).toMatchObject({ calls: 0 })
    expect(report).toMatch(/GET \/v2\/avatars \| 404 [^|]*\| 200 · by GET \/v3\/avatars\/looks/)
    expect(report).toMatch(/GET \/v3\/templates\/\{template_id\} \| 200 \| 200 \|/)
    expect(report).toMatch(/GET \/account\/costs \| 200 \| 200 \|/)
    for (const text of [report, progress]) {
      for (const secret of [KEY, EMAIL, 'private', 'http', 'Signature']) {
        expect(text).not.toContain(secret)
      }
    }
  }
)

test('shapes are compared by names and types, and never by values', () => {
  const documented = {
    data: [{ id: 'x', size: 1, note: null, tags: [] }],
    variables: { a: { n: 1 } },
  }
  const seen = {
    data: [
      { id: 1, note: 'y', tags: [1] },
      { id: 2, note: null, more: true, '9f3c2b7e5a1d4c0e': 1 },
    ],
    variables: { 'name of a person': { n: 'z' } },
  }
  expect(differences(shapeOf(documented), shapeOf(seen))).toEqual([
    '/data/*/id: number, documented as text',
    '/data/*/more: not documented (boolean)',
    '/data/*/*: not documented (number)',
    '/data/*/size: missing',
    '/variables/*/n: text, documented as number',
  ])
})

testFull('a difference is named, and a refused key ends it at once', async () => {
  const body = { data: { languages: 1, surprise: 'x' } }
  const match = { path: '/v3/video-translations/languages' }
  await sim.fault({ match, effect: { status: 200, body } })
  const { report } = await verify('--key', KEY)
  expect(report).toContain('provider: /data/surprise: not documented (text)')
  expect(report).toContain('provider: /data/languages: number, documented as list')
  await sim.clearFaults()
  await sim.forgetRequests()
  await expect(verify('--key', 'sk_sim_bad')).rejects.toThrow('HeyGen answers 401 to this key')
  expect(await sim.requests()).toHaveLength(1)
})

testFull('with --spend it says the price, makes one cheapest video and follows it', async () => {
  const { report, progress } = await verify('--key', KEY, '--spend')
  expect(progress).toContain('Making one video: about $0.08 or less')
  expect(report).toContain('- completed after')
  expect(await writes()).toEqual(['POST /v3/videos'])
  expect(await sim.control('GET', '/bill')).toMatchObject({
    calls: 1,
    lines: [{ engine: 'avatar_iii', look: 'studio', is4k: false }],
  })
})
