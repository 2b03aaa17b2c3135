import { expect, test } from 'vitest'
import { headersDown, headersUp } from '#domain/text/headers.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import { textsAt, valuesAt } from '#domain/text/json-pointer.ts'
import { matcher } from '#domain/routing/match-route.ts'
import { findParking, park } from '#domain/accounts/parking.ts'
import { pickAccounts } from '#domain/accounts/pick-account.ts'
import { retryAfterAt, retryAfterSeconds } from '#domain/text/retry-after.ts'
import { parseSettings } from '#domain/runtime/settings.ts'
import { hashToken, isTokenForm, newToken } from '#domain/access/token.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { Account } from '#domain/accounts/account.ts'

const WAITS = durationsAt(1)
const NOW = Date.UTC(2026, 10, 21, 12)

test('literal segments beat parameters at every depth', () => {
  const match = matcher([
    { method: 'GET', path: '/v2/t/{id}' },
    { method: 'GET', path: '/v2/t/caption' },
    { method: 'GET', path: '/v2/t/{id}/srt' },
    { method: 'GET', path: '/v2/t/proofread/{pid}' },
  ])
  expect(match('GET', '/v2/t/caption')?.route.path).toBe('/v2/t/caption')
  expect(match('GET', '/v2/t/abc')?.params).toEqual({ id: 'abc' })
  expect(match('GET', '/v2/t/proofread/srt')?.route.path).toBe('/v2/t/proofread/{pid}')
  expect(match('GET', '/v2/t/caption/srt')?.params).toEqual({ id: 'caption' })
  expect(match('HEAD', '/v2/t/abc')?.route.method).toBe('GET')
  expect(match('POST', '/v2/t/abc')).toBeUndefined()
  expect(match('GET', '/v2/t/')).toBeUndefined()
  expect(match('GET', '/v2/t/%63aption/')?.route.path).toBe('/v2/t/caption')
  expect(match('GET', '/v2/t/a%20b')?.params).toEqual({ id: 'a b' })
})

test('pointers with a star find every member', () => {
  const body = { a: [{ id: 'x' }, { id: 2 }, { id: '' }, null, 'text'], b: { one: { id: 'y' } } }
  expect(textsAt(body, '/a/*/id')).toEqual(['x', '2'])
  expect(textsAt(body, '/b/*/id')).toEqual(['y'])
  expect(valuesAt(body, '/constructor')).toEqual([])
  expect(valuesAt('text', '/a')).toEqual([])
})

test('Retry-After is read as seconds or as a date, and our own stays between 5 and 59 s', () => {
  expect(retryAfterAt('30', NOW)).toBe(NOW + 30_000)
  expect(retryAfterAt(new Date(NOW + 60_000).toUTCString(), NOW)).toBe(NOW + 60_000)
  expect(retryAfterAt('soon', NOW)).toBeUndefined()
  expect(retryAfterAt(null, NOW)).toBeUndefined()
  expect(retryAfterAt('1e99', NOW)).toBeUndefined()
  expect(retryAfterAt('5, 5', NOW)).toBeUndefined()
  expect(retryAfterAt('1764500421', NOW)).toBe(NOW + 3_600_000)
  expect(retryAfterSeconds(NOW - 5, NOW)).toBe(5)
  expect(retryAfterSeconds(NOW + 3_600_000, NOW)).toBe(59)
})

test('a token is 32 random bytes with a checksum, and its neighbours are no tokens', () => {
  const token = newToken()
  expect(isTokenForm(token)).toBe(true)
  expect(
    isTokenForm(`${token.slice(0, 20)}${token[20] === 'a' ? 'b' : 'a'}${token.slice(21)}`)
  ).toBe(false)
  for (const bad of [
    '',
    'hgw_',
    token.slice(1),
    `${token}x`,
    'x'.repeat(1_000_000),
    "' OR 1=1 --",
  ]) {
    expect(isTokenForm(bad)).toBe(false)
  }
})

test('two tokens with the same beginning have different hashes', async () => {
  const one = newToken()
  expect(await hashToken(one)).not.toBe(await hashToken(`${one.slice(0, -1)}0x`))
})

test('a 429 without Retry-After parks 30 s, doubling up to 5 min', () => {
  const order = { scope: 'jobs', reason: 'busy', detail: '' } as const
  const spans: number[] = []
  let parking = park([], order, NOW, WAITS)
  let now = NOW
  for (let time = 0; time < 6; time += 1) {
    spans.push(parking.until - now)
    now = parking.until
    parking = park([parking], order, now, WAITS)
  }
  expect(spans).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
})

test('the later end of two parkings wins', () => {
  const order = { scope: 'jobs', reason: 'busy', detail: '' } as const
  const long = park([], { ...order, until: NOW + 100_000 }, NOW, WAITS)
  expect(park([long], { ...order, until: NOW + 1000 }, NOW, WAITS).until).toBe(NOW + 100_000)
})

test('a daily limit ends at the next midnight UTC', () => {
  const parking = park([], { scope: 'meter:video', reason: 'limit', detail: '' }, NOW, WAITS)
  expect(new Date(parking.until).toISOString()).toBe('2026-11-22T00:00:00.000Z')
})

test('a parking for plain calls does not keep jobs out, and the reverse', () => {
  const parking = park([], { scope: 'plain', reason: 'busy', detail: '' }, NOW, WAITS)
  expect(findParking([parking], { isJob: true }, NOW)).toBeUndefined()
  expect(findParking([parking], { isJob: false }, NOW)).toBe(parking)
  expect(findParking([parking], { isJob: false }, parking.until)).toBeUndefined()
})

const account = (name: string) =>
  ({ email: `${name}@example.com`, key: `heygen:${name}` }) as Account

test('equal accounts are picked evenly, and those believed full come last', () => {
  const accounts = ['a', 'b', 'c'].map(account)
  const hints = new Hints()
  const firsts = new Map<string, number>()
  for (let round = 0; round < 3000; round += 1) {
    const first =
      pickAccounts(accounts, { isJob: true }, hints, NOW, Math.random).candidates[0]?.email ?? ''
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  expect(Math.min(...firsts.values())).toBeGreaterThan(800)
  hints.noteFull('heygen:b', NOW)
  expect(
    pickAccounts(accounts, { isJob: true }, hints, NOW, Math.random).candidates.at(-1)?.key
  ).toBe('heygen:b')
})

test('a parking is believed from memory for a minute, since elsewhere it may have been lifted', () => {
  const hints = new Hints()
  const parking = {
    scope: 'all' as const,
    reason: 'credential' as const,
    detail: '',
    streak: 1,
    until: NOW + 3_600_000,
  }
  hints.noteParked('heygen:a', parking, NOW)
  expect(hints.parkings('heygen:a', NOW + 59_999)).toEqual([parking])
  expect(hints.parkings('heygen:a', NOW + 60_000)).toEqual([])
})

test('a refusal is answered from memory for a second and no longer', () => {
  const hints = new Hints()
  hints.noteRefusal('pool', NOW + 30_000, NOW)
  expect(hints.refusal('pool', NOW + 999)?.retryAt).toBe(NOW + 30_000)
  expect(hints.refusal('pool', NOW + 1000)).toBeUndefined()
})

const VARS = {
  HEYGEN_ORIGIN: 'https://api.heygen.com',
  HEYGEN_UPLOAD_ORIGIN: 'https://upload.heygen.com',
  HEYGEN_WEB_ORIGIN: 'https://api2.heygen.com',
  HEYGEN_MAX_JOBS: '10',
  KLING_ORIGIN: 'https://api-singapore.klingai.com',
  KLING_WEB_ORIGIN: 'https://klingai.com',
  PUBLIC_ORIGIN: '',
  ALLOW_LOOPBACK_CALLBACKS: 'false',
  TIME_SCALE: '1',
  MASTER_KEYS: `k1:${btoa('0123456789abcdef0123456789abcdef')}`,
  ADMIN_TOKEN: 'an-operators-token-of-enough-letters',
}

test('a missing or malformed setting is named', () => {
  expect(() => parseSettings({ ...VARS, MASTER_KEYS: undefined })).toThrow('MASTER_KEYS is missing')
  expect(() => parseSettings({ ...VARS, MASTER_KEYS: 'k1:short' })).toThrow('MASTER_KEYS must be')
  expect(() => parseSettings({ ...VARS, HEYGEN_ORIGIN: 'ftp://x' })).toThrow(
    'HEYGEN_ORIGIN must be'
  )
  expect(() => parseSettings({ ...VARS, HEYGEN_MAX_JOBS: '0' })).toThrow('HEYGEN_MAX_JOBS')
})

test('an ADMIN_TOKEN shorter than 32 characters counts as none', () => {
  expect(parseSettings({ ...VARS, ADMIN_TOKEN: 'x'.repeat(31) }).adminToken).toBeUndefined()
})

test('only the allow-list goes up', () => {
  const up = headersUp(
    new Headers({
      authorization: 'Bearer x',
      'x-api-key': 'x',
      cookie: 'a=b',
      expect: '100-continue',
      'cf-ray': '1',
      te: 'trailers',
      accept: 'a/b',
      range: 'bytes=0-1',
    })
  )
  expect([...up.keys()].sort()).toEqual(['accept', 'range'])
})

test('cookies, hop-by-hop headers and forged gateway headers do not come down', () => {
  const down = headersDown(
    new Headers({
      'set-cookie': 'AWSALB=1',
      connection: 'x-odd',
      'x-odd': '1',
      'x-gateway-account': 'evil',
      'cf-ray': '1',
      'content-type': 'a/b',
      'x-request-id': 'theirs',
      'retry-after': '3',
      'content-length': '5',
    })
  )
  expect(Object.fromEntries(down)).toEqual({
    'content-type': 'a/b',
    'x-upstream-request-id': 'theirs',
    'retry-after': '3',
    'content-length': '5',
    'cache-control': 'private, no-cache',
    vary: 'Authorization, X-Api-Key, X-Gateway-Account',
  })
})
