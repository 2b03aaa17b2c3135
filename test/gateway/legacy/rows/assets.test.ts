/** Uploads of HeyGen's older API, carried by v3. */
import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import type { Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { uploadRaw } from '../../../support/scenes/uploads.ts'
import type { SimRequest } from '../../../support/simulator.ts'

const open = gatewaysOfFile()
const BRIDGE = { LEGACY: 'bridge' }
const PNG = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10, 45, 45, 13, 10])

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { alice: 2, bob: 2 }, vars: BRIDGE })
})

function send(body: RequestInit['body'], type = 'image/png', path = '/v1/asset', more = {}) {
  const headers = { 'content-type': type, ...more }
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
  return pool.fetch(`/heygen${path}`, init)
}

async function sentUp(): Promise<SimRequest & { bodyBytes: number; bodySha256?: string }> {
  const all = (await pool.sim.requests()) as never[]
  const [last] = all
    .filter(({ method, path }) => method === 'POST' && path === '/v3/assets')
    .slice(-1)
  return last as never
}

test('an upload becomes one part of a form, with its exact length, and is answered as before', async () => {
  const answer = await send(PNG)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-gateway-carried')).toBe('POST /v3/assets')
  const { data, ...rest } = (await answer.json()) as { data: Record<string, unknown> }
  expect(rest).toEqual({ code: 100, msg: null, message: null })
  expect(data).toMatchObject({ name: 'upload.png', file_type: 'image', folder_id: '', meta: null })
  expect(data.image_key).toBe(`image/${data.id as string}/original.png`)
  expect(Math.abs(Date.now() / 1000 - (data.created_ts as number))).toBeLessThan(60)
  const sent = await sentUp()
  const [, boundary] = /boundary=(.+)$/.exec(sent.headers['content-type'] ?? '') ?? []
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="upload.png"\r\nContent-Type: image/png\r\n\r\n`
  const body = Buffer.concat([Buffer.from(head), PNG, Buffer.from(`\r\n--${boundary}--\r\n`)])
  expect(sent.headers['content-length']).toBe(String(body.length))
  expect(sent.bodySha256).toBe(createHash('sha256').update(body).digest('hex'))
})

test('an upload of unknown length goes up as well, and its bytes are those that were sent', async () => {
  const answer = await send(new Blob([PNG]).stream(), 'image/jpg; charset=x')
  const { data } = (await answer.json()) as { data: { id: string; image_key: string; url: string } }
  expect(data.image_key).toBe(`image/${data.id}/original.jpg`)
  expect((await sentUp()).headers['content-length']).toBeUndefined()
  expect(new Uint8Array(await (await fetch(data.url)).arrayBuffer())).toEqual(PNG)
})

test('a file that is empty is refused before anything is sent', async () => {
  await pool.sim.forgetRequests()
  const empty = await send(new Uint8Array())
  expect([empty.status, await empty.json()]).toMatchObject([400, { code: 400175 }])
  expect((await send(null)).status).toBe(400)
  expect(await pool.sim.requests()).toEqual([])
})

test('a talking photo is an upload and costs nothing', async () => {
  const { id, status } = await uploadRaw(pool, {}, '/heygen/v1/talking_photo')
  expect(status).toBe(200)
  expect((await pool.fetch(`/heygen/v3/assets/${id}`)).status).toBe(200)
  const shown = await send(PNG, 'image/jpeg', '/v1/talking_photo')
  expect(await shown.json()).toMatchObject({
    code: 100,
    data: { talking_photo_url: expect.stringMatching(/^http/) as string },
  })
  const video = await send(PNG, 'video/mp4', '/v1/talking_photo')
  expect([video.status, await video.json()]).toMatchObject([400, { code: 400543 }])
  expect(await pool.sim.control('GET', '/bill')).toMatchObject({ calls: 0 })
})

test('an upload is found in the list of its account and deleted there', async () => {
  const { id } = await uploadRaw(pool, { 'x-gateway-account': 'bob@example.com' })
  await send(PNG, 'audio/mpeg', '/v1/asset', { 'x-gateway-account': 'alice@example.com' })
  const list = async () => {
    const answer = await pool.fetch('/heygen/v1/asset/list?file_type=image&limit=50')
    return (await answer.json()) as {
      error: null
      data: { assets: { id: string; file_type: string }[] }
    }
  }
  const shown = (await list()).data.assets
  expect(shown.find((one) => one.id === id)).toEqual({
    id,
    name: 'upload.png',
    file_type: 'image',
    folder_id: '',
    meta: null,
    created_ts: expect.any(Number) as number,
    url: expect.any(String) as string,
    image_key: expect.stringContaining(`image/${id}/original.`) as string,
  })
  expect(new Set(shown.map(({ file_type }) => file_type))).toEqual(new Set(['image']))
  const deleted = await pool.post(`/heygen/v1/asset/${id}/delete`, {})
  expect(deleted.headers.get('x-gateway-account')).toBe('bob@example.com')
  expect(await deleted.json()).toMatchObject({ error: null, data: { id, file_type: 'image' } })
  expect((await list()).data.assets.map((one) => one.id)).not.toContain(id)
  const again = await pool.post(`/heygen/v1/asset/${id}/delete`, {})
  expect([again.status, await again.json()]).toMatchObject([404, { code: 400569 }])
})

test('every account lists the uploads of its own user', async () => {
  await pool.sim.forgetRequests()
  await pool.fetch('/heygen/v1/asset/list')
  const asked = (await pool.sim.requests()).filter(({ path }) => path === '/v3/assets')
  const names = await Promise.all(
    asked.map(async ({ account }) => (await pool.sim.account(account ?? '')).username)
  )
  expect(asked.map(({ query }) => new URLSearchParams(query).get('username'))).toEqual(names)
  expect(new Set(names).size).toBe(2)
})
