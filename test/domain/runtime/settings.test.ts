/** Settings are read once, and what is wrong with them is named. */
import { expect, test } from 'vitest'
import { parseSettings } from '#domain/runtime/settings.ts'

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

test('a METRICS_TOKEN is optional, long, and another secret than ADMIN_TOKEN', () => {
  const token = 'a-scrapers-token-of-enough-letters'
  expect(parseSettings(VARS).metricsToken).toBeUndefined()
  expect(parseSettings({ ...VARS, METRICS_TOKEN: '' }).metricsToken).toBeUndefined()
  expect(parseSettings({ ...VARS, METRICS_TOKEN: token }).metricsToken).toBe(token)
  expect(() => parseSettings({ ...VARS, METRICS_TOKEN: 'short' })).toThrow(
    'METRICS_TOKEN must have at least 32 characters'
  )
  expect(() => parseSettings({ ...VARS, METRICS_TOKEN: VARS.ADMIN_TOKEN })).toThrow(
    'METRICS_TOKEN is the same as ADMIN_TOKEN'
  )
  expect(() => parseSettings({ ...VARS, METRICS_TOKEN: 'm'.repeat(40) })).toThrow('must be random')
})

test('a LOCATION_HINT is optional, and one that Cloudflare does not have is named', () => {
  expect(parseSettings(VARS).locationHint).toBeUndefined()
  expect(parseSettings({ ...VARS, LOCATION_HINT: '' }).locationHint).toBeUndefined()
  expect(parseSettings({ ...VARS, LOCATION_HINT: 'weur' }).locationHint).toBe('weur')
  expect(() => parseSettings({ ...VARS, LOCATION_HINT: 'mars' })).toThrow(
    'LOCATION_HINT must be empty or one of wnam, enam, sam, weur, eeur, apac, oc, afr, me'
  )
})
