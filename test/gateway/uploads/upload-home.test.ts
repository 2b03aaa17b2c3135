/** Where uploads go: one account of one token after the other, instead of anywhere (decision 0029). */
import { beforeAll, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, stopClock } from '../../support/clock/clock.ts'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { announce, upload, uploadRaw } from '../../support/scenes/uploads.ts'

const open = gatewaysOfFile()
const LONG = { simVars: { JOB_MS: '-1' }, entry: CLOCKED }

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { a: 3, b: 3, c: 3 }, ...LONG })
  await stopClock(pool)
})

/** Another token of the same tenant has a home of its own. */
async function another(gateway: Gateway): Promise<Gateway> {
  const { tokens } = (await (await gateway.admin('GET', '/tokens')).json()) as {
    tokens: { tenant: string }[]
  }
  return gateway.as((await gateway.newToken({ tenant: tokens[0]?.tenant })).token)
}

test('uploads of a token go to one account, for as many as it has slots, on whatever surface', async () => {
  const gateway = await another(pool)
  const first = await upload(gateway)
  expect([(await uploadRaw(gateway)).by, (await announce(gateway)).by]).toEqual([
    first.by,
    first.by,
  ])
  const next = await upload(gateway)
  expect(next.by).not.toBe(first.by)
  expect((await uploadRaw(gateway, {}, '/heygen/v1/talking_photo')).by).toBe(next.by)
})

test('six uploads of three tokens use all accounts evenly', async () => {
  const own = await open({ accounts: { a: 2, b: 2, c: 2 }, ...LONG })
  const used: string[] = []
  for (let token = 0; token < 3; token += 1) {
    const gateway = await another(own)
    for (let file = 0; file < 2; file += 1) used.push((await upload(gateway)).by)
  }
  expect(used.toSorted()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'].map((one) => `${one}@example.com`))
})

test('a home ends after ten minutes', async () => {
  const own = await open({ accounts: { a: 9, b: 9 }, ...LONG })
  await stopClock(own)
  const first = await upload(own)
  await advance(own, 9 * MINUTE)
  expect((await upload(own)).by).toBe(first.by)
  // Two uploads of the last ten minutes count against it.
  await advance(own, 2 * MINUTE)
  expect((await upload(own)).by).not.toBe(first.by)
})

test('a home moves when its account is parked, gets a lower limit, or is removed', async () => {
  const own = await open({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  const first = await upload(own)
  expect((await upload(own)).by).toBe(first.by)
  await own.post('/v1/heygen/accounts', { email: first.by, maxJobs: 2 })
  const second = await upload(own)
  expect(second.by).not.toBe(first.by)
  await own.fetch(`/v1/heygen/accounts/${second.by}`, { method: 'DELETE' })
  const third = await upload(own)
  expect(third.by).not.toBe(second.by)
  await own.sim.fault({
    match: { account: third.by, pathname: '/v3/assets' },
    times: 1,
    effect: { status: 429, headers: { 'retry-after': '600' } },
  })
  await upload(own, { 'x-gateway-account': third.by })
  const fourth = await upload(own)
  expect([fourth.status, fourth.by === third.by]).toEqual([200, false])
})

test('a row that is parked at its account moves no home', async () => {
  const own = await open({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  const first = await upload(own)
  await own.sim.fault({
    match: { account: first.by, path: '/v2/voices/locales' },
    times: 1,
    effect: { status: 429, headers: { 'retry-after': '600' } },
  })
  const at = { headers: { 'x-gateway-account': first.by } }
  expect((await own.fetch('/heygen/v2/voices/locales', at)).status).toBe(429)
  expect((await upload(own)).by).toBe(first.by)
})

test('uploads go to the account that has the tenant’s own avatars and voices, where one has them', async () => {
  const own = await open({ accounts: { a: 2, b: 2, c: 2 }, ...LONG })
  const resource = { account: 'b@example.com', resource: 'avatar', id: 'own-look' }
  await own.sim.control('POST', '/resources', resource)
  expect((await own.createVideo({ avatar_id: 'own-look' })).status).toBe(200)
  expect([(await upload(own)).by, (await upload(own)).by]).toEqual([
    'b@example.com',
    'b@example.com',
  ])
  // It has taken as many as it has slots.
  expect((await upload(own)).by).not.toBe('b@example.com')
})

test('what is made with the tenant’s own account of avatars draws uploads there', async () => {
  const own = await open({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  const made = await uploadRaw(
    own,
    { 'x-gateway-account': 'c@example.com' },
    '/heygen/v1/talking_photo'
  )
  expect(made.by).toBe('c@example.com')
  for (let file = 0; file < 3; file += 1) expect((await upload(own)).by).toBe('c@example.com')
})

test('a voice that is cloned draws uploads to its account', async () => {
  const own = await open({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  const audio = { type: 'url', url: 'https://example.com/a.mp3' }
  const body = { voice_name: 'Own', audio }
  const made = await own.post('/heygen/v3/voices/clone', body)
  expect(made.status).toBe(200)
  const by = made.headers.get('x-gateway-account')
  for (let file = 0; file < 3; file += 1) expect((await upload(own)).by).toBe(by)
})

test('folders, knowledge bases, brand kits and workflows are made where the token uploads', async () => {
  const own = await open({ accounts: { a: 9, b: 9, c: 9, d: 9 }, ...LONG })
  const { by } = await upload(own)
  const made = [
    await own.post('/heygen/v1/folders/create', { name: 'One', project_type: 'video' }),
    await own.post('/heygen/v3/folders', { name: 'Two', project_type: 'video' }),
    await own.post('/heygen/v1/streaming/knowledge_base/create', {
      name: 'k',
      opening: 'o',
      prompt: 'p',
    }),
    await own.post('/heygen/v3/brand-kits', { source_url: 'https://example.com', name: 'n' }),
    await own.post('/heygen/v3/brand-glossaries', { name: 'g' }),
  ]
  expect(made.map((answer) => answer.headers.get('x-gateway-account'))).toEqual(made.map(() => by))
})
