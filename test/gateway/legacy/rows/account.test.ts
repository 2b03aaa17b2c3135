/** Calls of HeyGen's older API about the account, and calls that have ended for good. */
import { beforeAll, expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import { toStreamToken } from '../../../../src/domain/streaming/stream-token.ts'
import { makeVault } from '../../../../src/storage/vault.ts'
import { MASTER_KEYS, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { call, handshake, NEW, socketUrl } from '../../../support/scenes/streaming.ts'

const open = gatewaysOfFile()
const BRIDGE = { LEGACY: 'bridge' }

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { alice: 2, bob: 2 }, vars: BRIDGE })
})

async function lastSent(path: RegExp): Promise<{ method: string; body: unknown } | undefined> {
  const one = (await pool.sim.requests()).findLast((each) => path.test(each.path))
  return one && { method: one.method, body: JSON.parse(one.body ?? 'null') as unknown }
}

test('the user is one of the accounts, and the quota is the sum of all', async () => {
  const me = await pool.fetch('/heygen/v1/user/me')
  expect(await me.json()).toEqual({
    code: 100,
    data: {
      username: expect.any(String) as string,
      email: expect.stringMatching(/^(alice|bob)@example\.com$/) as string,
      first_name: expect.any(String) as string,
      last_name: expect.any(String) as string,
    },
    msg: null,
    message: null,
  })
  const quota = await pool.fetch('/heygen/v2/user/remaining_quota')
  expect(quota.headers.get('x-gateway-carried')).toBe('GET /v3/users/me')
  expect(await quota.json()).toEqual({
    error: null,
    data: { remaining_quota: 1500, details: { api: 1500, plan_credit: 0 } },
  })
  const named = { 'x-gateway-account': 'bob@example.com' }
  const one = await pool.fetch('/heygen/v2/user/remaining_quota', { headers: named })
  expect(await one.json()).toMatchObject({ data: { remaining_quota: 750 } })
})

test('a folder is made, of a kind that v3 has', async () => {
  const made = await pool.post('/heygen/v1/folders/create', {
    name: 'Clients',
    project_type: 'asset',
  })
  const { data } = (await made.json()) as { data: { id: string } }
  expect(data).toEqual({ id: data.id, name: 'Clients', parent_id: null, project_type: 'mixed' })
  expect(made.headers.get('x-gateway-lost')).toBe('project_type')
  expect((await lastSent(/^\/v3\/folders$/))?.body).toEqual({ name: 'Clients', type: 'mixed' })
  const inside = { name: 'Ours', parent_id: data.id, project_type: 'video' }
  const owner = made.headers.get('x-gateway-account')
  const child = await pool.post('/heygen/v1/folders/create', inside)
  expect(child.headers.get('x-gateway-account')).toBe(owner)
  expect(await child.json()).toMatchObject({ data: { parent_id: data.id, project_type: 'video' } })
})

test('a brand voice is changed and listed as the glossary that it is', async () => {
  const glossary = await pool.post('/heygen/v3/brand-glossaries', { name: 'Acme' })
  const { data } = (await glossary.json()) as { data: { brand_glossary_id: string } }
  const id = data.brand_glossary_id
  const changed = await pool.post(`/heygen/v1/brand_voice/${id}`, {
    name: 'Acme terms',
    vocabulary: [['HeyGen', 'hey-jen']],
    blacklist: ['Acme'],
    whitelist: [['AI', 'inteligencia artificial']],
    tone: 'warm',
  })
  expect(await changed.json()).toEqual({ code: 100, data: { id }, msg: null, message: null })
  expect(changed.headers.get('x-gateway-lost')).toBe('tone')
  expect(await lastSent(new RegExp(`^/v3/brand-glossaries/${id}$`))).toEqual({
    method: 'PATCH',
    body: {
      name: 'Acme terms',
      terms: [{ term: 'HeyGen', pronunciation: 'hey-jen' }],
      do_not_translate_terms: [{ term: 'Acme' }],
      forced_translations: [{ term: 'AI', translation: 'inteligencia artificial' }],
    },
  })
  const listed = await pool.fetch('/heygen/v1/brand_voice/list')
  const { data: shown } = (await listed.json()) as { data: { list: { id: string }[] } }
  expect(shown).toMatchObject({ total: shown.list.length, token: null })
  expect(shown.list.find((one) => one.id === id)).toMatchObject({ tones: [], tone: null })
})

test('a call that nothing replaces is a 410 in its family’s form, and says what to use', async () => {
  await pool.sim.forgetRequests()
  const v1 = await pool.fetch('/heygen/v1/folders')
  expect([v1.status, v1.headers.get('x-gateway-error')]).toEqual([410, 'gone'])
  expect(await v1.json()).toEqual({
    code: 410,
    message: expect.stringContaining('HeyGen app') as string,
  })
  const v2 = await pool.post('/heygen/v2/photo_avatar/upscale', { id: 'x' })
  expect([v2.status, await v2.json()]).toEqual([
    410,
    {
      data: null,
      error: { code: 'gone', message: expect.stringContaining('/v3/videos') as string },
    },
  ])
  expect(await pool.sim.requests()).toEqual([])
})

test('a browser is told that interactive avatars have ended, on every streaming path and on the socket', async () => {
  const [kid = '', raw = ''] = MASTER_KEYS.split(':')
  const vault = makeVault([{ kid, raw }], platform)
  const { tokens } = (await (await pool.admin('GET', '/tokens')).json()) as {
    tokens: { tenant: string }[]
  }
  const record = {
    provider: 'heygen',
    tenant: tokens[0]?.tenant,
    email: 'alice@example.com',
    token: 'x',
    endsAt: Date.now() + 86_400_000,
  }
  const token = toStreamToken(await vault.seal('stream-token/heygen', JSON.stringify(record)))
  for (const path of ['/v1/streaming.new', '/v1/streaming.task', '/heygen/v1/streaming.stop']) {
    const answer = await call(pool, token, path, NEW)
    expect([path, answer.status]).toEqual([path, 410])
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('x-gateway-account')).toBeNull()
    expect(((await answer.json()) as { message: string }).message).toContain('docs.liveavatar.com')
  }
  const made = await pool.fetch('/v1/streaming.create_token', { method: 'POST' })
  expect([made.status, await made.json()]).toMatchObject([410, { code: 410 }])
  for (const given of [token, undefined]) {
    const url = socketUrl(pool, 's', given ?? '').replace('ws', 'http')
    const refused = given === undefined ? await ofTenant(url) : await handshake(url)
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([410, '*'])
  }
})

/** A handshake with the tenant's token instead of a browser's. */
function ofTenant(url: string): Promise<{ status: number; headers: Headers }> {
  return handshake(url, { authorization: `Bearer ${pool.token}` })
}
