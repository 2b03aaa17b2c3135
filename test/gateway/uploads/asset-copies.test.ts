/** Uploads that a creation needs at another account are brought there (decision 0029). */
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { CLOCKED, stopClock } from '../../support/clock/clock.ts'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { announce, upload, uploadRaw, withAssets } from '../../support/scenes/uploads.ts'
import { testFull } from '../../support/full.ts'

const open = gatewaysOfFile()
const LONG = { simVars: { JOB_MS: '-1' }, vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' } }
const AT = {
  a: { 'x-gateway-account': 'a@example.com' },
  b: { 'x-gateway-account': 'b@example.com' },
}
const AVATAR = 'avatar-of-b'

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { a: 9, b: 9, c: 9 }, ...LONG })
  await outside(pool, 'b', 'avatar', AVATAR)
})
beforeEach(async () => {
  await pool.sim.finishJobs()
  await pool.sim.clearFaults()
})

const by = (answer: Response) => answer.headers.get('x-gateway-account')

async function outside(
  gateway: Gateway,
  name: string,
  resource: string,
  id: string
): Promise<void> {
  await gateway.sim.control('POST', '/resources', { account: `${name}@example.com`, resource, id })
}

/** Uploads that reached an account, as the simulator saw them. */
async function uploadsTo(gateway: Gateway, name: string): Promise<number> {
  const requests = await gateway.sim.requests()
  return requests.filter(
    ({ method, path, account }) =>
      method === 'POST' &&
      account === `${name}@example.com` &&
      ['/v3/assets', '/v1/asset'].includes(path)
  ).length
}

async function sentVideo(gateway: Gateway): Promise<Record<string, unknown>> {
  const sent = (await gateway.sim.requests()).findLast(
    ({ method, path }) => method === 'POST' && path === '/v3/videos'
  )
  return JSON.parse(sent?.body ?? '{}') as Record<string, unknown>
}

function assetIn(sent: Record<string, unknown>): string {
  return (sent.watermark as { image: { asset_id: string } }).image.asset_id
}

async function bytesOf(gateway: Gateway, id: string): Promise<[string | null, number[]]> {
  const shown = await gateway.fetch(`/heygen/v3/assets/${id}`)
  const { data } = (await shown.json()) as { data: { url: string } }
  const file = await fetch(data.url)
  return [file.headers.get('content-type'), [...new Uint8Array(await file.arrayBuffer())]]
}

test('an asset of one account with an avatar of another makes the video, with one copy for as many creations as come', async () => {
  const { id } = await upload(pool, AT.a)
  await pool.sim.forgetRequests()
  const big = '{"type":"color","value":"#fff","seed":12345678901234567890,"note":"keep \\u00e4"}'
  const body = `{"type":"avatar","avatar_id":"${AVATAR}","script":"${id}","voice_id":"1bd001e7e50f421d891986aad5158bc8","watermark":{"image":{"type":"asset_id", "asset_id" : "${id}"}},"background":${big}}`
  const headers = { 'content-type': 'application/json' }
  const made = await pool.fetch('/heygen/v3/videos', { method: 'POST', body, headers })
  expect([made.status, by(made)]).toEqual([200, 'b@example.com'])
  const sent = (await pool.sim.requests()).findLast(({ path }) => path === '/v3/videos')?.body ?? ''
  const copy = assetIn(JSON.parse(sent) as Record<string, unknown>)
  expect(copy).not.toBe(id)
  // Only the id at the place of an asset has changed.
  expect(sent.replace(`"asset_id" : "${copy}"`, `"asset_id" : "${id}"`)).toContain(
    body.slice(0, 40)
  )
  expect(sent).toContain(big)
  expect(sent).toContain(`"script":"${id}"`)
  expect(await uploadsTo(pool, 'b')).toBe(1)
  expect(await bytesOf(pool, copy)).toEqual(await bytesOf(pool, id))
  const second = await pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
  expect([second.status, by(second)]).toEqual([200, 'b@example.com'])
  expect(assetIn(await sentVideo(pool))).toBe(copy)
  expect(await uploadsTo(pool, 'b')).toBe(1)
})

test('the file is read without a credential', async () => {
  const { id } = await upload(pool, AT.a)
  await pool.sim.forgetRequests()
  expect((await pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })).status).toBe(200)
  const [read, ...more] = (await pool.sim.requests()).filter(({ host }) => host === 'files')
  expect(more).toEqual([])
  const names = Object.keys(read?.headers ?? {})
  for (const name of ['authorization', 'x-api-key', 'cookie']) expect(names).not.toContain(name)
})

test('ten creations at once make one copy', async () => {
  const { id } = await upload(pool, AT.a)
  await pool.sim.forgetRequests()
  const calls = Array.from({ length: 8 }, () =>
    pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
  )
  const answers = await Promise.all(calls)
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(await uploadsTo(pool, 'b')).toBe(1)
})

test('two uploads at two accounts and one creation: one of them is brought to the other', async () => {
  const [one, two] = [await upload(pool, AT.a), await uploadRaw(pool, AT.b)]
  const made = await pool.createVideo(withAssets(one.id, two.id))
  expect([made.status, ['a@example.com', 'b@example.com'].includes(by(made) ?? '')]).toEqual([
    200,
    true,
  ])
})

test('an image key is brought over as a key', async () => {
  const { key } = await uploadRaw(pool, AT.a)
  await outside(pool, 'b', 'voice', 'voice-of-b')
  const body = { image_key: key, script: 'Hello.', voice_id: 'voice-of-b', video_title: 't' }
  const made = await pool.post('/heygen/v2/video/av4/generate', body)
  expect([made.status, by(made)]).toEqual([200, 'b@example.com'])
  const sent = (await pool.sim.requests()).findLast(({ path }) => path === '/v2/video/av4/generate')
  const { image_key: copy } = JSON.parse(sent?.body ?? '{}') as { image_key: string }
  expect(copy).toMatch(/^image\/[0-9a-f]{32}\/original\.png$/)
  expect(copy).not.toBe(key)
})

test('copies stand in no list, and are deleted with their original', async () => {
  const own = await open({ accounts: { a: 9, b: 9 }, ...LONG })
  await outside(own, 'b', 'avatar', AVATAR)
  const { id } = await upload(own, AT.a)
  expect((await own.createVideo({ avatar_id: AVATAR, ...withAssets(id) })).status).toBe(200)
  const copy = assetIn(await sentVideo(own))
  for (const path of [
    '/v3/assets?username=x&limit=50',
    '/v1/asset/list?limit=50',
    '/v3/assets/search?query=photo&limit=50',
  ]) {
    // An account that was too slow for a merged list is missing from it.
    const text = await until(async () => {
      const shown = await (await own.fetch(`/heygen${path}`)).text()
      return shown.includes(id) && shown
    })
    expect([path, text.includes(copy)]).toEqual([path, false])
  }
  expect((await own.fetch(`/heygen/v3/assets/${id}`, { method: 'DELETE' })).status).toBe(200)
  await until(async () => (await own.fetch(`/heygen/v3/assets/${copy}`)).status === 404)
})

test('a copy that the provider no longer knows is made again, once, and the video with it', async () => {
  const { id } = await upload(pool, AT.a)
  const ask = () => pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
  expect((await ask()).status).toBe(200)
  const copy = assetIn(await sentVideo(pool))
  await pool.fetch(`/heygen/v3/assets/${copy}`, { method: 'DELETE', headers: AT.b })
  await pool.sim.forgetRequests()
  const again = await ask()
  expect([again.status, by(again)]).toEqual([200, 'b@example.com'])
  expect(assetIn(await sentVideo(pool))).not.toBe(copy)
  expect(await uploadsTo(pool, 'b')).toBe(1)
  const started = (await pool.sim.requests()).filter(({ path }) => path === '/v3/videos')
  expect(started.map(({ status }) => status)).toEqual([404, 200])
})

test('a copy is not made again when the provider does not know something else', async () => {
  const { id } = await upload(pool, AT.a)
  const ask = () => pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
  expect((await ask()).status).toBe(200)
  const copy = assetIn(await sentVideo(pool))
  await pool.sim.forgetRequests()
  const codes = ['voice_not_found', 'avatar_not_found']
  for (const code of codes) {
    const effect = { status: 404, body: { error: { code, message: 'Not found' } } }
    const match = { path: '/v3/videos', method: 'POST' }
    await pool.sim.fault({ match, times: 1, effect })
    const refused = await ask()
    expect([refused.status, (await refused.text()).includes(code)]).toEqual([404, true])
  }
  const sent = (await pool.sim.requests()).filter(({ path }) => path === '/v3/videos')
  expect(sent).toHaveLength(codes.length)
  expect(await uploadsTo(pool, 'b')).toBe(0)
  expect((await ask()).status).toBe(200)
  expect(assetIn(await sentVideo(pool))).toBe(copy)
})

// Of its kind in `npm test`: runtime/budget.test.ts
testFull('a creation whose copy is known costs one request more than others', async () => {
  const own = await open({
    accounts: { a: 9, b: 9 },
    ...LONG,
    entry: 'test/support/workers/counting-worker.ts',
  })
  await stopClock(own)
  await outside(own, 'b', 'avatar', AVATAR)
  const { id } = await upload(own, AT.a)
  const create = () => own.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
  expect((await create()).status).toBe(200)
  await fetch(`${own.url}/__count`)
  expect((await create()).status).toBe(200)
  const cost = (await (await fetch(`${own.url}/__count`)).json()) as Record<string, number>
  expect(cost.kv).toBe(0)
  expect(cost.requests).toBeLessThanOrEqual(4)
  expect(cost.rows).toBeLessThanOrEqual(4)
})

test('uploads whose account is full are brought to one that has a slot', async () => {
  const own = await open({ accounts: { a: 1, b: 1, c: 1 }, ...LONG })
  const { id } = await upload(own, AT.a)
  const used = []
  for (let job = 0; job < 3; job += 1) used.push(by(await own.createVideo(withAssets(id))))
  expect(used.toSorted()).toEqual(['a@example.com', 'b@example.com', 'c@example.com'])
  const full = await own.createVideo(withAssets(id))
  expect([full.status, full.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
  expect(await own.heldSlots()).toBe(3)
})

test('a repeat under a key, or of a creation of unknown outcome, brings nothing over again [I4]', async () => {
  const { id } = await upload(pool, AT.a)
  const body = { avatar_id: AVATAR, ...withAssets(id), title: 'Keyed' }
  const first = await pool.createVideo(body, { 'idempotency-key': 'brought-1' })
  await pool.sim.forgetRequests()
  const second = await pool.createVideo(body, { 'idempotency-key': 'brought-1' })
  expect([first.status, await second.text()]).toEqual([200, await first.text()])
  expect(await pool.sim.requests()).toEqual([])
  await pool.sim.fault({
    match: { path: '/v3/videos', method: 'POST' },
    times: 50,
    effect: { reset: 'after' },
  })
  const unnamed = { avatar_id: AVATAR, ...withAssets(id), script: 'Unnamed', title: undefined }
  const lost = await pool.createVideo(unnamed)
  const joined = await pool.createVideo(unnamed)
  expect([lost.status, joined.status]).toEqual([424, 424])
  expect(joined.headers.get('x-gateway-joined')).toBe(lost.headers.get('x-request-id'))
  const starts = (await pool.sim.requests()).filter(({ body: sent }) => sent?.includes('Unnamed'))
  expect(starts).toHaveLength(1)
  expect(await uploadsTo(pool, 'b')).toBe(0)
})

test('what cannot be brought over is a conflict that says why, and holds no slot', async () => {
  await outside(pool, 'a', 'asset', 'f'.repeat(32))
  const held = await pool.heldSlots()
  const refused = async (id: string) => {
    const answer = await pool.createVideo({ avatar_id: AVATAR, ...withAssets(id) })
    return [answer.status, answer.headers.get('x-gateway-error'), await answer.text()]
  }
  const [status, code, text] = await refused('f'.repeat(32))
  expect([status, code]).toEqual([409, 'owners_conflict'])
  expect(text).toContain('could not be brought over: it was not uploaded through the gateway')
  const { id } = await upload(pool, AT.a)
  const shown = (url: string) => ({
    match: { path: '/v3/assets/{asset_id}', account: 'a@example.com' },
    times: 1,
    effect: { status: 200, body: { data: { id, url } } },
  })
  for (const url of [
    'http://files.example.com/a.png',
    'https://10.0.0.1/a.png',
    'https://[fd00::1]/a',
  ]) {
    await pool.sim.fault(shown(url))
    expect((await refused(id))[2]).toContain('no public https address')
  }
  await pool.sim.fault({
    match: { host: 'files' },
    times: 1,
    effect: { status: 302, headers: { location: `${pool.sim.url}/files/big?bytes=10` } },
  })
  expect((await refused(id))[2]).toContain('its file could not be read')
  await pool.sim.fault(shown(`${pool.sim.url}/files/big?bytes=${33 * 1024 * 1024}`))
  expect((await refused(id))[2]).toContain('larger than 32 MiB')
  const direct = await announce(pool.as(pool.token))
  const needed = direct.by === 'b@example.com' ? await upload(pool, AT.a) : direct
  if (needed === direct)
    expect((await refused(direct.id))[2]).toContain('could not be brought over')
  const many = await Promise.all(Array.from({ length: 5 }, () => upload(pool, AT.a)))
  const five = await pool.createVideo({
    avatar_id: AVATAR,
    ...withAssets(...many.map((one) => one.id)),
  })
  expect([five.status, (await five.text()).includes('more than 4')]).toEqual([409, true])
  expect(await pool.heldSlots()).toBe(held)
  // And when all is well again it is.
  expect((await refused(id))[0]).toBe(200)
})

test('a folder of one account and an upload of another: the upload comes to the folder', async () => {
  const made = await pool.post(
    '/heygen/v1/folders/create',
    { name: 'F', project_type: 'video' },
    AT.b
  )
  const { data } = (await made.json()) as { data: { id: string } }
  const { id } = await upload(pool, AT.a)
  const body = {
    video: { type: 'asset_id', asset_id: id },
    audio: { type: 'asset_id', asset_id: id },
    folder_id: data.id,
  }
  const lipsync = await pool.post('/heygen/v3/lipsyncs', body)
  expect([lipsync.status, by(lipsync)]).toEqual([200, 'b@example.com'])
})

test('the calls that complete a direct upload go to its account, not to the home', async () => {
  const own = await open({ accounts: { a: 1, b: 1 }, ...LONG, entry: CLOCKED })
  const first = await announce(own)
  expect((await upload(own)).by).not.toBe(first.by)
  const parts = await own.post(`/heygen/v3/assets/${first.id}/parts`, { part_numbers: [1] })
  const done = await own.post(`/heygen/v3/assets/${first.id}/complete`, {})
  expect([by(parts), by(done)]).toEqual([first.by, first.by])
})
