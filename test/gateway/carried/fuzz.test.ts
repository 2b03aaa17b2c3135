/** Bodies and ids that no client should send, on every carried call. The same in every run, because they are drawn from a seed. */
import { afterAll, expect, test } from 'vitest'
import { CARRIED } from '../../support/catalogue/carried-rows.ts'
import { kindOf, nameOf, pathOf, type CatalogueRow } from '../../support/catalogue/catalogue.ts'
import { isFull, oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { ann: 1000 },
  vars: { HEYGEN_MAX_JOBS: '1000' },
  simAccount: { examples: true },
  simVars: { JOB_MS: '5', SYNC_MS: '1', SUNSET: 'true' },
})
afterAll(() => gateway.dispose())

const ODD: unknown[] = [
  null,
  true,
  0,
  -1.5,
  1e308,
  '',
  ' ',
  '..',
  '.',
  '%2e%2e',
  '../../v3/users/me',
  'a/b?c=d#e',
  'ü 😀\u0000\n',
  'x'.repeat(20_000),
  [],
  [null],
  [[]],
  {},
  { type: 'text' },
  { __proto__: null, constructor: 1, toString: 2 },
  ['..', 7, {}],
]
const BODIES_A_ROW = isFull ? 40 : 6

/** Mulberry32, so that a failure can be repeated. */
function drawing(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d_2b_79_f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

type Draw = (below: number) => number

/** The example with a few members that are odd, missing or unknown, at any depth. */
function spoiled(value: unknown, draw: Draw, depth = 0): unknown {
  if (draw(5) === 0 && depth > 0) return ODD[draw(ODD.length)]
  if (Array.isArray(value)) return value.map((one) => spoiled(one, draw, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(() => draw(8) > 0)
  const members = kept.map(([name, one]) => [name, spoiled(one, draw, depth + 1)])
  if (draw(3) === 0) members.push([`odd_${draw(9)}`, ODD[draw(ODD.length)]])
  return Object.fromEntries(members)
}

/** Members that the examples do not have. */
const MORE: Record<string, unknown> = {
  dimension: { width: 1, height: 'x' },
  aspect_ratio: '9:16',
  fps: 'fast',
  caption: { style: 7 },
  subtitles: [],
  folder_id: '..',
  callback_url: 'ftp://x',
  output_languages: 'Spanish',
  video_inputs: { 0: {} },
  clips: 'none',
  settings: 'loud',
  variables: [1],
  scene_ids: {},
  image_keys: '../x',
  files: { asset_id: '..' },
  avatar_group_id: '%2e%2e',
  voice_settings: 'x',
  background: [],
  stock_voice_config: 3,
  input_video_id: '..',
}

function bodyFor(row: CatalogueRow, draw: Draw): string {
  if (draw(12) === 0) return JSON.stringify(ODD[draw(ODD.length)]) ?? ''
  const names = Object.keys(MORE).filter(() => draw(20) === 0)
  const more = Object.fromEntries(names.map((name) => [name, MORE[name]]))
  const body = spoiled(row.requestExample, draw)
  return JSON.stringify(typeof body === 'object' ? { ...body, ...more } : body)
}

/** Clients resolve segments of dots themselves. */
const PATH_IDS = ['%2e%2e', '%2E', 'a/b', 'ü😀', '\u0000', 'x'.repeat(3000), '{id}', ' ']

function pathFor(row: CatalogueRow, draw: Draw): string {
  if (draw(3) > 0) return pathOf(row)
  const spoil = (given: Record<string, string>) =>
    Object.fromEntries(
      Object.keys(given).map((name) => [name, PATH_IDS[draw(PATH_IDS.length)] ?? ''])
    )
  return pathOf({
    ...row,
    pathExample: spoil(row.pathExample),
    queryExample: spoil(row.queryExample),
  })
}

/** A code that old clients know, and a text. Refusals of the video agent and of speech in v1 have the form of v2. */
function isInOlderWords(path: string, body: unknown): boolean {
  const { code, message, error } = body as Partial<Record<'code' | 'message' | 'error', unknown>>
  const isNumbered = typeof code === 'number' && typeof message === 'string'
  const inner = error as Partial<Record<'code' | 'message', unknown>> | null | undefined
  const isNamed = typeof inner?.code === 'string' && typeof inner.message === 'string'
  if (/^\/v1\/(audio|video_agent)\//.test(path)) return isNumbered || isNamed
  return path.startsWith('/v1/') ? isNumbered : isNamed
}

const CASES = CARRIED.filter((row) => row.requestContentType?.includes('json') ?? true)

test.each(
  oneOfEach(CASES, kindOf).map((row, index) => ({ name: nameOf(row), row, seed: index + 1 }))
)(
  '$name answers whatever is sent in older words, and sends v3 no unknown member and no other path',
  async ({ row, seed }) => {
    const draw = drawing(seed)
    for (let count = 0; count < BODIES_A_ROW; count += 1) {
      await gateway.sim.forgetRequests()
      await gateway.sim.control('DELETE', '/bodies')
      const [path, body] = [pathFor(row, draw), bodyFor(row, draw)]
      const hasBody = row.requestContentType !== null
      const answer = await gateway.fetch(`/heygen${path}`, {
        method: row.method,
        ...(hasBody ? { body, headers: { 'content-type': 'application/json' } } : {}),
      })
      const text = await answer.text()
      const sent = `${path.slice(0, 200)} ${hasBody ? body.slice(0, 2000) : ''}`
      if (process.env['SHOW'] && answer.headers.has('x-gateway-error'))
        console.log('OWN', row.path, answer.status, text.slice(0, 200))
      expect(answer.status, `${sent} → ${text}`).toBeLessThan(500)
      if (answer.status >= 400 && path.startsWith(row.path.split('{')[0] ?? ''))
        expect(isInOlderWords(row.path, JSON.parse(text)), `${sent} → ${text}`).toBe(true)
      const { unknown } = await gateway.sim.control<{ unknown: unknown }>('GET', '/bodies')
      expect(unknown, sent).toEqual([])
      const seen = await gateway.sim.requests()
      expect(
        seen.filter((one) => !/^\/v3(\/[^/]+)+$/.test(one.path)),
        sent
      ).toEqual([])
    }
    await gateway.sim.finishJobs()
  }
)
