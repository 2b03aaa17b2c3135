import { expect, test } from 'vitest'
import { heygen } from '#providers/heygen/index.ts'
import { kling } from '#providers/kling/index.ts'
import type { Upstream } from '#providers/contract/provider.ts'
import type { Settings } from '#domain/runtime/settings.ts'

const settings = {
  heygenOrigin: 'http://127.0.0.1:9',
  klingOrigin: 'http://127.0.0.1:9',
} as unknown as Settings

function answering(status: number, body: unknown): Upstream {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    settings,
    now: () => Date.now(),
    pause: async () => undefined,
    send: async () => {
      if (status === 0) throw new Error('reset')
      return { status, headers: new Headers(), text }
    },
  }
}

const KEY = { kind: 'apiKey', secrets: { apiKey: 'k' } }
const me = (pots: object) => ({ data: { username: 'u', email: 'e', ...pots } })
const wallet = (left: unknown, more: object = {}) => ({
  wallet: { currency: 'usd', remaining_balance: left, auto_reload: null, ...more },
})

test.each([
  [200, me(wallet(12.5)), { key: 'good', spent: [] }],
  [200, me(wallet(0)), { key: 'good', spent: ['jobs'] }],
  [200, me(wallet('0.00')), { key: 'good', spent: ['jobs'] }],
  [200, me(wallet(0, { auto_reload: { enabled: true } })), { key: 'good', spent: [] }],
  [
    200,
    me({ ...wallet(0), subscription: { credits: { remaining: 3 } } }),
    { key: 'good', spent: [] },
  ],
  [200, me({ wallet: null, subscription: null }), { key: 'good', spent: [] }],
  [200, '<html>', { key: 'unknown' }],
  [401, { error: { code: 'unauthorized' } }, { key: 'refused' }],
  [401, { code: 400112, message: 'Unauthorized' }, { key: 'refused' }],
  [401, '<html>', { key: 'unknown' }],
  [403, { error: { code: 'insufficient_api_key_scope' } }, { key: 'good' }],
  [403, { code: 400631 }, { key: 'blocked' }],
  [403, '<html>', { key: 'unknown' }],
  [429, { error: { code: 'rate_limit_exceeded' } }, { key: 'unknown' }],
  [503, '', { key: 'unknown' }],
  [0, '', { key: 'unknown' }],
])('HeyGen’s %i %j says %j of an account', async (status, body, standing) => {
  const said = await heygen.accounts.standing?.(answering(status, body), KEY, undefined)
  expect(said).toMatchObject(standing)
})

const packs = (...all: object[]) => ({
  code: 0,
  data: { code: 0, resource_pack_subscribe_infos: all },
})
const pack = (name: string, left: number, status = 'online') => ({
  resource_pack_name: name,
  remaining_quantity: left,
  status,
})

test.each([
  [
    200,
    packs(pack('Trial-Video-100Units', 5), pack('Trial-Image-1', 1)),
    { key: 'good', spent: ['meter:try_on'] },
  ],
  [
    200,
    packs(pack('Trial-Video-100Units', 0, 'runOut'), pack('Trial-Image-1', 1)),
    { spent: ['meter:video', 'meter:try_on'] },
  ],
  [200, packs(pack('Something else', 1)), { key: 'good', spent: [] }],
  [200, packs(), { spent: ['jobs', 'meter:video', 'meter:image', 'meter:try_on'] }],
  [401, { code: 1002 }, { key: 'refused' }],
  [401, '<html>', { key: 'unknown' }],
  [429, { code: 1100 }, { key: 'blocked' }],
  [429, { code: 1304 }, { key: 'blocked' }],
  [429, { code: 1302 }, { key: 'unknown' }],
  [500, { code: 5000 }, { key: 'unknown' }],
])('Kling’s %i %j says %j of an account', async (status, body, standing) => {
  const said = await kling.accounts.standing?.(answering(status, body), KEY, undefined)
  expect(said).toMatchObject(standing)
})
