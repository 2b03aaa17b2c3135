import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseSettings, refuseUnsafeAt } from '../../../src/domain/runtime/settings.ts'

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
  MASTER_KEYS: `k1:${btoa('a key of the test, of 32 letters')}`,
  ADMIN_TOKEN: 'an-operators-token-of-enough-letters',
}
const PUBLIC = 'https://gw.example.com'
const keyOf = (byte: string) => btoa(byte.repeat(32))

test.each([
  [
    'MASTER_KEYS',
    {
      MASTER_KEYS: `k1:${btoa('1'.repeat(16) + '2'.repeat(16))},k1:${btoa('3'.repeat(16) + '4'.repeat(16))}`,
    },
  ],
  ['MASTER_KEYS', { MASTER_KEYS: `k1:${keyOf('\0')}` }],
  ['MASTER_KEYS', { MASTER_KEYS: `${VARS.MASTER_KEYS},k0:${keyOf('\xff')}` }],
  ['MASTER_KEYS', { MASTER_KEYS: `k1:${keyOf('x')}` }],
  ['ADMIN_TOKEN', { ADMIN_TOKEN: 'a'.repeat(32) }],
  ['ADMIN_TOKEN', { ADMIN_TOKEN: '0'.repeat(64) }],
  ['ADMIN_TOKEN', { ADMIN_TOKEN: 'replace-me: as in .dev.vars.example' }],
  ['MASTER_KEYS', { MASTER_KEYS: 'replace-me: as in .dev.vars.example' }],
  ['TIME_SCALE', { TIME_SCALE: '60', PUBLIC_ORIGIN: PUBLIC }],
  ['TIME_SCALE', { TIME_SCALE: '1.5', PUBLIC_ORIGIN: 'http://gw.lan' }],
  ['TIME_SCALE', { TIME_SCALE: '60', PUBLIC_ORIGIN: 'https://localhost.example.com' }],
  ['ALLOW_LOOPBACK_CALLBACKS', { ALLOW_LOOPBACK_CALLBACKS: 'true', PUBLIC_ORIGIN: PUBLIC }],
])('%s is refused by name, wherever it is read: %j', (name, vars) => {
  expect(() => parseSettings({ ...VARS, ...vars })).toThrow(`The setting ${name} `)
})

test.each([
  ['TIME_SCALE', { TIME_SCALE: '60' }],
  ['TIME_SCALE', { TIME_SCALE: '60', PUBLIC_ORIGIN: 'http://127.0.0.1:8787' }],
  ['ALLOW_LOOPBACK_CALLBACKS', { ALLOW_LOOPBACK_CALLBACKS: 'true' }],
  ['ADMIN_TOKEN', { ADMIN_TOKEN: '<at least 32 random characters, please>' }],
])(
  '%s is refused by name where a request comes from elsewhere, and good on loopback: %j',
  (name, vars) => {
    const settings = parseSettings({ ...VARS, ...vars })
    expect(() => refuseUnsafeAt(settings, PUBLIC)).toThrow(`The setting ${name} `)
    for (const origin of [
      'http://localhost:8787',
      'http://127.0.0.1:1',
      'http://[::1]',
      'https://localhost',
    ]) {
      expect(() => refuseUnsafeAt(settings, origin), origin).not.toThrow()
    }
  }
)

test.each([
  { MASTER_KEYS: `${VARS.MASTER_KEYS},k2:${btoa('another key of it, of 32 letters')}` },
  { TIME_SCALE: '60', PUBLIC_ORIGIN: 'http://localhost:8787' },
  { ALLOW_LOOPBACK_CALLBACKS: 'true', PUBLIC_ORIGIN: 'http://gw.lan' },
  { ADMIN_TOKEN: 'x'.repeat(31) },
  { ADMIN_TOKEN: undefined },
  {},
])('what is safe is taken: %j', (vars) => {
  const settings = parseSettings({ ...VARS, ...vars })
  const { timeScale, allowLoopbackCallbacks } = settings
  if (timeScale === 1 && !allowLoopbackCallbacks) refuseUnsafeAt(settings, PUBLIC)
})

/** Everything that is published and might be copied. */
const FILES = globSync(
  '{*.md,.dev.vars*,wrangler.toml,{docs,examples,scripts,bench,test,simulator}/**/*.{md,ts,mjs,sh,toml,json}}'
)

test('every key and every operator’s token that stands in a file of this repository is refused where others reach the gateway [I6]', () => {
  expect(FILES.length).toBeGreaterThan(100)
  const texts = FILES.map((file) => readFileSync(file, 'utf8'))
  const found = (form: RegExp) => [
    ...new Set(texts.flatMap((text) => [...text.matchAll(form)].map(([, one]) => one ?? ''))),
  ]
  const keys = found(/\b[\w-]+:([A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])/g)
  expect(keys.length).toBeGreaterThan(0)
  for (const key of keys) {
    const read = () => refuseUnsafeAt(parseSettings({ ...VARS, MASTER_KEYS: `k1:${key}` }), PUBLIC)
    expect(read, key).toThrow('The setting MASTER_KEYS ')
  }
  const tokens = found(/ADMIN_TOKEN['"]?\s*[:=]\s*['"]([^'"$`]{32,})['"]/g)
  for (const token of tokens.filter((one) => one !== VARS.ADMIN_TOKEN)) {
    const read = () => refuseUnsafeAt(parseSettings({ ...VARS, ADMIN_TOKEN: token }), PUBLIC)
    expect(read, token).toThrow('The setting ADMIN_TOKEN ')
  }
})
