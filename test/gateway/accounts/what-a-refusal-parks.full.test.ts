import { afterAll, beforeEach, expect, test } from 'vitest'
import { ALL, pardonAll, parkedScopes, v3 } from '../../support/scenes/blamed.ts'
import { advance, CLOCKED, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway, VIDEO } from '../../support/gateway.ts'
import { addKling, TEXT2VIDEO } from '../../support/scenes/kling.ts'

/**
 * Every code × provider × kind of call, of three accounts with good keys that can pay (decision 0028): nothing but the row
 * is ever parked, save by a 429 of a creation and by a trial's day. One of each kind: fault.test.ts, fault-limits.test.ts,
 * fault-kling.test.ts.
 */
const gateway = await openGateway({
  accounts: { a: 9, b: 9, c: 9 },
  simVars: { JOB_MS: '1' },
  entry: CLOCKED,
})
afterAll(() => gateway.dispose())
await stopClock(gateway)
for (const name of ALL) await addKling(gateway, name, { maxJobs: 9 })

beforeEach(async () => {
  await advance(gateway, 6 * MINUTE)
  await pardonAll(gateway)
  await pardonAll(gateway, 'kling')
})

const named = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
type Send = (headers: Record<string, string>) => Promise<Response>
const get =
  (path: string): Send =>
  (headers) =>
    gateway.fetch(path, { headers })
const post =
  (path: string, body: object): Send =>
  (headers) =>
    gateway.post(path, body, headers)

interface Kind {
  kind: string
  method: string
  path: string
  send: Send
}

const kind = (method: string, path: string, prefix: string, body?: object): Kind => ({
  kind: `${method} ${path}`,
  method,
  path,
  send: body === undefined ? get(prefix + path) : post(prefix + path, body),
})

const LIPSYNC = {
  video: { type: 'url', url: 'https://example.com/v.mp4' },
  audio: { type: 'url', url: 'https://example.com/a.mp3' },
}
const SPEECH = { text: 'Hi', voice_id: VIDEO.voice_id }
const LEGACY = { avatar_id: VIDEO.avatar_id, script: 'Hi', voice_id: VIDEO.voice_id }

const HEYGEN: Kind[] = [
  kind('GET', '/v3/brand-kits', '/heygen'),
  kind('GET', '/v2/voices/locales', '/heygen'),
  kind('GET', '/v3/voices', '/heygen'),
  kind('GET', '/v3/to-come', '/heygen'),
  kind('POST', '/v3/to-come', '/heygen', { any: 1 }),
  kind('POST', '/v1/folders/create', '/heygen', { name: 'x', project_type: 'video' }),
  kind('POST', '/v3/videos', '/heygen', VIDEO),
  kind('POST', '/v3/lipsyncs', '/heygen', LIPSYNC),
  kind('POST', '/v2/videos', '/heygen', LEGACY),
  kind('POST', '/v1/streaming.new', '/heygen', { quality: 'low' }),
  kind('POST', '/v3/voices/speech', '/heygen', SPEECH),
]

const v1 = (code: number) => ({ code, message: 'refused' })
const HEYGEN_CODES: [number, object][] = [
  ...[40009, 40102, 400112, 400101, 401056, 401057, 400561].map((code): [number, object] => [
    401,
    v1(code),
  ]),
  ...[400562, 400573, 400599, 400631].flatMap((code): [number, object][] => [
    [401, v1(code)],
    [403, v1(code)],
  ]),
  [401, { data: null, error: { code: 'internal_error', message: 'Unauthorized' } }],
  ...['unauthorized', 'authentication_failed'].map((code): [number, object] => [401, v3(code)]),
  ...['insufficient_credit', 'subscription_required', 'plan_upgrade_required', 'something_new'].map(
    (code): [number, object] => [402, v3(code)]
  ),
  ...[
    'forbidden',
    'insufficient_api_key_scope',
    'resource_access_denied',
    'phone_verification_required',
    'voice_not_usable',
    'ai_vendor_access_restricted',
    'something_new',
  ].map((code): [number, object] => [403, v3(code)]),
  [400, v3('content_policy_violation')],
  [400, v3('resource_limit_reached')],
  [400, v1(401028)],
]

/** What is the account's own is remembered for the row alone. */
function isOfRow(scope: string): boolean {
  return /^[abc] row:/.test(scope)
}

test.each(HEYGEN)(
  '$kind that HeyGen refuses with any code takes no account out',
  async (one) => {
    for (const [status, body] of HEYGEN_CODES) {
      const why = `${status} ${JSON.stringify(body)}`
      const match = { method: one.method, path: one.path }
      await gateway.sim.fault({ match, effect: { status, body } })
      for (const name of [...ALL, undefined]) {
        const answer = await one.send(name === undefined ? {} : named(name))
        expect([answer.status, await answer.json()], why).toEqual([status, body])
        expect(answer.headers.get('x-gateway-error'), why).toBeNull()
      }
      const scopes = await parkedScopes(gateway)
      expect(
        scopes.filter((scope) => !isOfRow(scope)),
        why
      ).toEqual([])
      await gateway.sim.clearFaults()
      if (scopes.length > 0) await pardonAll(gateway)
      await advance(gateway, 61 * SECOND)
    }
    expect(await gateway.heldSlots()).toBe(0)
    const other =
      one.path === '/v3/videos'
        ? post('/heygen/v3/lipsyncs', LIPSYNC)
        : post('/heygen/v3/videos', VIDEO)
    for (const name of ALL) {
      const read = await gateway.fetch('/heygen/v3/users/me', { headers: named(name) })
      expect([read.status, (await other(named(name))).status]).toEqual([200, 200])
    }
  },
  300_000
)

const LIMITED: [number, object][] = [
  [429, v3('rate_limit_exceeded')],
  [429, v1(400123)],
  [429, v3('quota_exceeded')],
]

test.each(HEYGEN)(
  '$kind that HeyGen answers with a 429 parks on one account what it is about',
  async (one) => {
    for (const [status, body] of LIMITED) {
      const match = { method: one.method, path: one.path }
      await gateway.sim.fault({ match, effect: { status, body, headers: { 'retry-after': '50' } } })
      await one.send(named('a'))
      const isQuota = JSON.stringify(body).includes('quota_exceeded')
      const isJob = JOBS.includes(one.path)
      const isSync = one.path === '/v3/voices/speech'
      const isWide = !isSync && (isQuota || isJob)
      const scope = isWide ? (isJob ? 'jobs' : 'plain') : `row:${one.method} ${one.path}`
      expect(await parkedScopes(gateway), JSON.stringify(body)).toEqual([`a ${scope}`])
      await pardonAll(gateway)
    }
  },
  120_000
)

const JOBS = ['/v3/videos', '/v3/lipsyncs', '/v2/videos', '/v1/streaming.new']

const KLING: Kind[] = [
  kind('GET', '/v1/videos/text2video?pageNum=1&pageSize=1', '/kling'),
  kind('GET', '/v1/to-come', '/kling'),
  kind('POST', '/v1/to-come', '/kling', { any: 1 }),
  kind('POST', '/v1/videos/text2video', '/kling', TEXT2VIDEO),
  kind('POST', '/v1/images/generations', '/kling', { ...TEXT2VIDEO, n: 1 }),
  kind('POST', '/v1/audio/tts', '/kling', {
    text: 'Hello',
    voice_id: 'oversea_male1',
    voice_language: 'en',
  }),
]
const KLING_CODES = [
  1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1301, 1303, 1304,
]

test.each(KLING)(
  '$kind that Kling refuses with any code takes no account out',
  async (one) => {
    const [path = ''] = one.path.split('?')
    for (const code of KLING_CODES) {
      await gateway.sim.fault({ match: { method: one.method, path }, effect: { code } })
      for (const name of [...ALL, undefined]) {
        const answer = await one.send(name === undefined ? {} : named(name))
        expect(await answer.json()).toMatchObject({ code })
        expect(answer.headers.get('x-gateway-error'), String(code)).toBeNull()
      }
      expect(await parkedScopes(gateway, 'kling'), String(code)).toEqual([])
      await gateway.sim.clearFaults()
      await advance(gateway, 61 * SECOND)
    }
    for (const name of ALL) {
      const made = await gateway.post('/kling/v1/videos/text2video', TEXT2VIDEO, named(name))
      expect(made.status).toBe(200)
    }
  },
  300_000
)
