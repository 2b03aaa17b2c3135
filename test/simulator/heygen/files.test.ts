/** Files: media with ranges, long streams, links, uploads of every kind. And the socket of a session. */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFull } from '../../support/full.ts'
import { type Json, openSimulator, VIDEO } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator({ isAlone: true })
})
afterAll(() => simulator.dispose())

const MIB = 1024 * 1024
const DAY_MS = 86_400_000

test('media is a real MP4 with ranges, ETag and HEAD', async () => {
  const url = `${simulator.url}/files/abc.mp4?Expires=1&Signature=x`
  const whole = new Uint8Array(await (await fetch(url)).arrayBuffer())
  expect(new TextDecoder().decode(whole.slice(4, 8))).toBe('ftyp')
  const part = await fetch(url, { headers: { range: 'bytes=4-7' } })
  expect([part.status, part.headers.get('content-range')]).toEqual([
    206,
    `bytes 4-7/${whole.length}`,
  ])
  expect(await part.text()).toBe('ftyp')
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe(String(whole.length))
  const etag = head.headers.get('etag') ?? ''
  expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
  expect((await fetch(url, { headers: { range: 'bytes=999999-' } })).status).toBe(416)
})

test('a long download has the promised length and resumes anywhere', async () => {
  const url = `${simulator.url}/files/big?bytes=${8 * MIB}`
  const whole = new Uint8Array(await (await fetch(url)).arrayBuffer())
  expect(whole.length).toBe(8 * MIB)
  const tail = await fetch(url, { headers: { range: 'bytes=1000-1009' } })
  expect(new Uint8Array(await tail.arrayBuffer())).toEqual(whole.slice(1000, 1010))
})

// They arrive whole: test/gateway/calls/streamed-bodies.test.ts.
testFull('64 MiB pass through without being held', async () => {
  // The first time grows the heap to its working size; what matters is that the second does not add to it.
  await uploadVideo()
  const before = residentBytes(simulator.pid)
  let peak = before
  const watch = setInterval(() => (peak = Math.max(peak, residentBytes(simulator.pid))), 20)
  const id = await uploadVideo()
  clearInterval(watch)
  const assets = await simulator.call('GET', '/v1/asset/list', { key: 'sk_sim_up' })
  expect(assets.body.data.assets[0].id).toBe(id)
  expect(peak - before).toBeLessThan(40 * MIB)
  const [seen] = (await simulator.sim('GET', 'requests')) as Json[]
  const sha = createHash('sha256')
    .update(Buffer.alloc(64 * MIB, 7))
    .digest('hex')
  expect(seen).toMatchObject({ bodyBytes: 64 * MIB, bodySha256: sha })
})

async function uploadVideo(): Promise<string> {
  const chunk = new Uint8Array(MIB).fill(7)
  let sent = 0
  const body = new ReadableStream({
    pull: (controller) => (sent++ < 64 ? controller.enqueue(chunk) : controller.close()),
  })
  const answer = await fetch(`${simulator.url}/v1/asset`, {
    method: 'POST',
    headers: { 'x-api-key': 'sk_sim_up', 'content-type': 'video/mp4' },
    body,
    duplex: 'half',
  } as RequestInit)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as Json).data.id
}

// Of its kind in `npm test`: this file: the other tests
testFull(
  'a multipart upload counts the file and not the frame, and refuses more than 32 MB',
  async () => {
    const upload = (file: Blob) => {
      const body = new FormData()
      body.append('file', file, 'x.png')
      const headers = { 'x-api-key': 'sk_sim_up' }
      return fetch(`${simulator.url}/v3/assets`, { method: 'POST', headers, body })
    }
    const good = (await (await upload(new Blob(['hello'], { type: 'image/png' }))).json()) as Json
    expect(good.data).toMatchObject({ mime_type: 'image/png', size_bytes: 5 })
    expect((await upload(new Blob([new Uint8Array(33 * MIB)]))).status).toBe(413)
  }
)

test('a direct upload is announced, put and completed', async () => {
  const body = { content_type: 'video/mp4', filename: 'in.mp4', size_bytes: 3 }
  const { data } = (await simulator.call('POST', '/v3/assets/direct-uploads', { body })).body
  const complete = () =>
    simulator.call('POST', `/v3/assets/${data.asset_id}/complete`, { body: {} })
  expect((await complete()).status).toBe(409)
  const sha = createHash('sha256').update('abc').digest('hex')
  const put = await fetch(data.upload_url, {
    method: 'PUT',
    headers: data.upload_headers,
    body: 'abc',
  })
  expect(put.headers.get('etag')).toBe(`"${sha.slice(0, 32)}"`)
  expect((await complete()).body.data).toMatchObject({ size_bytes: 3, mime_type: 'video/mp4' })
})

test('the socket of a live session echoes, with the session token alone', async () => {
  const token = (await simulator.call('POST', '/v1/streaming.create_token', { body: {} })).body.data
    .token
  const opened = await simulator.call('POST', '/v1/streaming.new', {
    key: '',
    headers: { authorization: `Bearer ${token}` },
    body: { version: 'v2', avatar_name: 'Wayne_20240711' },
  })
  const { session_id, realtime_endpoint } = opened.body.data
  const query = new URLSearchParams({ session_id, session_token: token })
  const chat = `${simulator.url.replace('http', 'ws')}/v1/ws/streaming.chat?${query}`
  expect(await echo(chat)).toBe('hello')
  expect(await echo(realtime_endpoint)).toBe('hello')
})

function echo(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    socket.addEventListener('open', () => socket.send('hello'))
    socket.addEventListener('message', (event) => {
      socket.close()
      resolve(String(event.data))
    })
    socket.addEventListener('error', () => reject(new Error('The socket failed')))
  })
}

/** Of the simulator's process; 0 where there is no /proc, which makes the check empty there. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
  } catch {
    return 0
  }
}

test('a link expires seven days after it was made, by the clock of the simulator', async () => {
  const body = { ...VIDEO, script: '[ms=0]' }
  const { video_id: id } = (await simulator.call('POST', '/v3/videos', { body })).body.data
  await simulator.pass(30 * DAY_MS)
  const { data } = (await simulator.call('GET', `/v3/videos/${id}`)).body
  const { now } = await simulator.sim('GET', 'state?jobs=none')
  const expires = Number(new URL(data.video_url).searchParams.get('Expires')) * 1000
  expect(expires).toBeLessThanOrEqual(now + 7 * DAY_MS)
  expect(expires).toBeGreaterThan(now + 6 * DAY_MS)
  await simulator.pass(-30 * DAY_MS)
})
