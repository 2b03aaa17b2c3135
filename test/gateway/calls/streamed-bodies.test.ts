/** Bodies on their way: whole, in order, at their own pace, and never held in memory. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'

const MIB = 1024 * 1024
const BIG = 64 * MIB

/** A provider whose answers a test writes by hand: one handler for each path. */
type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void | Promise<void>
const answers = new Map<string, Answer>()
const upstream = createServer((incoming, outgoing) => {
  const path = incoming.url?.split('?')[0] ?? ''
  const answer = answers.get(`${incoming.method} ${path}`)
  if (answer) return void answer(incoming, outgoing)
  incoming.resume()
  outgoing.setHeader('content-type', 'application/json')
  if (path === '/v3/users/me') outgoing.end('{"data":{"username":"0123456789abcdef"}}')
  else outgoing.writeHead(404).end('{"error":{"code":"not_found","message":"not found"}}')
})
// As the provider does, it keeps idle connections: one closed just when a call comes would be a 502.
upstream.keepAliveTimeout = 0
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`

const simulated = await openGateway({ accounts: { ann: 2 }, simVars: { JOB_MS: '600000' } })
const gateway = await openGateway({
  simulator: simulated.sim,
  vars: { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin },
  accounts: { eve: 2 },
  isAlone: true,
})

afterAll(async () => {
  await gateway.dispose()
  await simulated.dispose()
  upstream.closeAllConnections()
  upstream.close()
})

const JSON_TYPE = { 'content-type': 'application/json' }

/** Byte n of the stream is the same every time, no text, and differs from chunk to chunk. */
function* chunksOf(length: number): Generator<Buffer> {
  const chunk = Buffer.alloc(
    MIB,
    Uint8Array.from({ length: 251 }, (_, index) => index + 5)
  )
  for (let left = length, n = 0; left > 0; left -= MIB, n += 1) {
    const next = Buffer.from(chunk.subarray(0, Math.min(MIB, left)))
    next.writeUInt32BE(n, 0)
    yield next
  }
}

function streamOf(length: number): ReadableStream<Uint8Array> {
  const chunks = chunksOf(length)
  return new ReadableStream({
    pull(controller) {
      const { value, done } = chunks.next()
      if (done) controller.close()
      else controller.enqueue(new Uint8Array(value))
    },
  })
}

function hashOf(length: number): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(length)) hash.update(chunk)
  return hash.digest('hex')
}

const BIG_HASH = hashOf(BIG)

async function digest(
  body: AsyncIterable<Uint8Array> | null
): Promise<{ length: number; hash: string }> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of body ?? []) {
    hash.update(chunk)
    length += chunk.length
  }
  return { length, hash: hash.digest('hex') }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, resolve }
}

async function slotsOf(one: typeof gateway): Promise<{ executing: { id: string }[] }> {
  const answer = await one.fetch('/v1/heygen/scheduler/available')
  return (await answer.json()) as { executing: { id: string }[] }
}

test('a range is asked for and answered as it is', async () => {
  answers.set('GET /v3/files/range', (incoming, outgoing) => {
    const { range } = incoming.headers
    if (range !== 'bytes=2-5') {
      outgoing.writeHead(416, { 'content-range': 'bytes */10' }).end()
      return
    }
    const headers = { 'content-range': 'bytes 2-5/10', 'accept-ranges': 'bytes' }
    outgoing.writeHead(206, { ...headers, 'content-length': '4', etag: '"r"' }).end('2345')
  })
  const part = await gateway.fetch('/heygen/v3/files/range', { headers: { range: 'bytes=2-5' } })
  expect(part.status).toBe(206)
  expect(part.headers.get('content-range')).toBe('bytes 2-5/10')
  expect(part.headers.get('content-length')).toBe('4')
  expect(part.headers.get('accept-ranges')).toBe('bytes')
  expect(await part.text()).toBe('2345')
  const bad = await gateway.fetch('/heygen/v3/files/range', { headers: { range: 'bytes=99-' } })
  expect(bad.status).toBe(416)
  expect(bad.headers.get('content-range')).toBe('bytes */10')
})

test('HEAD answers with the length of what GET would send, and no body', async () => {
  const methods: string[] = []
  answers.set('HEAD /v3/files/head', (incoming, outgoing) => {
    methods.push(String(incoming.method))
    outgoing.writeHead(200, { 'content-length': '12345', 'content-type': 'video/mp4' }).end()
  })
  const answer = await gateway.fetch('/heygen/v3/files/head', { method: 'HEAD' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-length')).toBe('12345')
  expect(answer.headers.get('content-type')).toBe('video/mp4')
  expect(answer.headers.get('x-gateway-account')).toBe('eve@example.com')
  expect(await answer.text()).toBe('')
  expect(methods).toEqual(['HEAD'])
})

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
] as const)('an answer in %s arrives readable', async (encoding, compress) => {
  const text = JSON.stringify({ data: { long: 'ä'.repeat(10_000) } })
  answers.set('GET /v3/files/encoded', (incoming, outgoing) => {
    const headers = { ...JSON_TYPE, 'content-encoding': encoding }
    const bytes = compress(text)
    outgoing.writeHead(200, { ...headers, 'content-length': String(bytes.length) }).end(bytes)
  })
  for (const accepted of ['gzip, br', 'identity', '*']) {
    const headers = { 'accept-encoding': accepted }
    const answer = await gateway.fetch('/heygen/v3/files/encoded', { headers })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe(text)
  }
})

test('a refused creation in gzip is understood, passed on and holds nothing', async () => {
  const text = JSON.stringify({ error: { code: 'invalid_parameter', message: 'no' } })
  answers.set('POST /v3/videos', (incoming, outgoing) => {
    incoming.resume()
    outgoing.writeHead(400, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(text))
  })
  const answer = await gateway.createVideo()
  expect(answer.status).toBe(400)
  expect(await answer.text()).toBe(text)
  expect((await slotsOf(gateway)).executing).toEqual([])
})

test('an accepted creation in gzip is bound to its job', async () => {
  answers.set('POST /v3/videos', (incoming, outgoing) => {
    incoming.resume()
    const body = gzipSync('{"data":{"video_id":"zipped","status":"waiting"}}')
    outgoing.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(body)
  })
  const answer = await gateway.createVideo()
  expect(answer.headers.get('x-gateway-job')).toBe('zipped')
  expect(await answer.json()).toMatchObject({ data: { video_id: 'zipped' } })
  expect((await slotsOf(gateway)).executing).toMatchObject([{ id: 'zipped' }])
  await gateway.fetch('/v1/heygen/scheduler/zipped?force=true', { method: 'DELETE' })
})

test('an answer arrives piece by piece, each before the next is written', async () => {
  const steps = [deferred(), deferred(), deferred()]
  answers.set('GET /v3/files/slow', async (incoming, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const [index, step] of steps.entries()) {
      outgoing.write(`data: ${index}\n\n`)
      await step.promise
    }
    outgoing.end()
  })
  const answer = await gateway.fetch('/heygen/v3/files/slow')
  const reader = answer.body?.getReader()
  const decoder = new TextDecoder()
  const pieces: string[] = []
  for (const step of steps) {
    pieces.push(decoder.decode((await reader?.read())?.value))
    step.resolve()
  }
  expect(pieces).toEqual(['data: 0\n\n', 'data: 1\n\n', 'data: 2\n\n'])
  expect((await reader?.read())?.done).toBe(true)
})

test('an upload arrives piece by piece, each before the next is written', async () => {
  const arrived: string[] = []
  const steps = [deferred(), deferred(), deferred()]
  answers.set('POST /v1/asset', (incoming, outgoing) => {
    incoming.on('data', (piece: Buffer) => {
      steps[arrived.length]?.resolve()
      arrived.push(piece.toString())
    })
    incoming.on('end', () => outgoing.writeHead(200, JSON_TYPE).end('{"code":100,"data":{}}'))
  })
  const pieces = ['one', 'two', 'three']
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent > 0) await steps[sent - 1]?.promise
      const piece = pieces[sent++]
      if (piece === undefined) controller.close()
      else controller.enqueue(new TextEncoder().encode(piece))
    },
  })
  const headers = { 'content-type': 'video/mp4' }
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
  expect((await gateway.fetch('/heygen/v1/asset', init)).status).toBe(200)
  expect(arrived).toEqual(pieces)
})

test.each([204, 205, 304])('an answer without a body stays one: %i', async (status) => {
  const asked: IncomingHttpHeaders[] = []
  answers.set('GET /v3/files/empty', (incoming, outgoing) => {
    asked.push(incoming.headers)
    outgoing.writeHead(status, { etag: '"same"', 'cache-control': 'max-age=5' }).end()
  })
  const headers = { 'if-none-match': '"same"' }
  const answer = await gateway.fetch('/heygen/v3/files/empty', { headers })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('etag')).toBe('"same"')
  expect(await answer.text()).toBe('')
  expect(asked).toMatchObject([{ 'if-none-match': '"same"' }])
})

test('a header of 8 KiB passes', async () => {
  answers.set('GET /v3/files/header', (incoming, outgoing) => {
    outgoing.writeHead(200, { 'x-long': 'h'.repeat(8192) }).end('{}')
  })
  const answer = await gateway.fetch('/heygen/v3/files/header')
  expect(answer.headers.get('x-long')).toBe('h'.repeat(8192))
})

/** All bytes there are, and sequences that are no UTF-8. */
const BYTES = Buffer.concat([
  Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index)),
  Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf0, 0x28, 0x8c, 0xbc, 0xef, 0xbb, 0xbf]),
])

test.each([
  ['GET', '/v3/files/bytes', 200],
  ['GET', '/v1/video_status.get', 200],
  ['GET', '/v3/files/bytes', 404],
  ['POST', '/v3/videos', 400],
  ['POST', '/v1/audio/text_to_speech', 200],
  ['POST', '/v1/audio/text_to_speech', 400],
] as const)(
  'an answer that is no text keeps every byte: %s %s %i',
  async (method, path, status) => {
    answers.set(`${method} ${path}`, (incoming, outgoing) => {
      incoming.resume()
      const headers = { 'content-type': 'application/octet-stream' }
      outgoing.writeHead(status, headers).end(BYTES)
    })
    const body = method === 'POST' ? { body: JSON.stringify(VIDEO), headers: JSON_TYPE } : {}
    const answer = await gateway.fetch(`/heygen${path}?video_id=a`, { method, ...body })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true)
    await until(async () => (await slotsOf(gateway)).executing.length === 0)
  }
)

test.each([
  ['POST', '/v1/asset', 'video/mp4'],
  ['POST', '/v3/assets', 'multipart/form-data; boundary=x'],
  ['PUT', '/v3/files/anything', 'application/octet-stream'],
] as const)('a body that is no text keeps every byte: %s %s', async (method, path, type) => {
  const got: Buffer[] = []
  answers.set(`${method} ${path}`, (incoming, outgoing) => {
    incoming.on('data', (piece: Buffer) => got.push(piece))
    incoming.on('end', () => outgoing.writeHead(200, JSON_TYPE).end('{"data":{}}'))
  })
  const headers = { 'content-type': type }
  const answer = await gateway.fetch(`/heygen${path}`, {
    method,
    body: new Uint8Array(BYTES),
    headers,
  })
  expect(answer.status).toBe(200)
  expect(Buffer.concat(got).equals(BYTES)).toBe(true)
})

test.each(['with a length', 'in chunks'])(
  'an answer that breaks off is seen to break off, %s',
  async (how) => {
    const begun = deferred()
    answers.set('GET /v3/files/dies', async (incoming, outgoing) => {
      const headers = how === 'in chunks' ? {} : { 'content-length': '1000' }
      outgoing.writeHead(200, headers)
      outgoing.write('x'.repeat(500))
      await begun.promise
      outgoing.destroy()
    })
    const answer = await gateway.fetch('/heygen/v3/files/dies')
    begun.resolve()
    await expect(answer.text()).rejects.toThrow()
  }
)

test('a provider that hangs up before its answer is a 502 of ours', async () => {
  answers.set('DELETE /v3/files/gone', (incoming) => void incoming.destroy())
  const answer = await gateway.fetch('/heygen/v3/files/gone', { method: 'DELETE' })
  expect(answer.status).toBe(502)
  expect(answer.headers.get('x-gateway-error')).toBe('upstream_unreachable')
  expect(await answer.json()).toMatchObject({ error: { code: 'upstream_unreachable' } })
})

test.each([
  ['POST', '/v3/videos', 200],
  ['POST', '/v3/videos', 400],
  ['POST', '/v2/photo_avatar/avatar_group/create', 400],
  ['POST', '/v1/audio/text_to_speech', 200],
  ['POST', '/v1/audio/text_to_speech', 400],
  ['GET', '/v1/video_status.get', 200],
  ['GET', '/v1/video_status.get', 400],
  ['GET', '/v3/files/broken', 400],
] as const)(
  'an answer that breaks off never looks whole, nor like our own failure: %s %s %i',
  async (method, path, status) => {
    answers.set(`${method} ${path}`, async (incoming, outgoing) => {
      incoming.resume()
      outgoing.writeHead(status, { ...JSON_TYPE, 'content-length': '1000' })
      outgoing.write('{"data":{"video_id":"')
      await wait(50)
      outgoing.destroy()
    })
    const sent = method === 'POST' ? { body: JSON.stringify(VIDEO), headers: JSON_TYPE } : {}
    const seen = await gateway
      .fetch(`/heygen${path}?video_id=a`, { method, ...sent })
      .then(async (answer) => {
        await answer.text()
        return `${answer.status} ${answer.headers.get('x-gateway-error')}`
      })
      .catch(() => 'broken')
    const isCreation = path === '/v3/videos'
    expect(isCreation ? ['424 outcome_unknown'] : ['broken', '502 upstream_unreachable']).toContain(
      seen
    )
    if (isCreation) await freeAll()
    await until(async () => (await slotsOf(gateway)).executing.length === 0)
  }
)

async function freeAll(): Promise<void> {
  for (const { id } of (await slotsOf(gateway)).executing) {
    await gateway.fetch(`/v1/heygen/scheduler/${id}?force=true`, { method: 'DELETE' })
  }
  expect((await slotsOf(gateway)).executing).toEqual([])
}

test.each([
  ['GET', '/v3/files/long', 404],
  ['GET', '/v1/video_status.get', 404],
  ['GET', '/v1/video_status.get', 200],
  ['POST', '/v3/brand-kits', 422],
  ['POST', '/v3/videos', 400],
  ['POST', '/v1/audio/text_to_speech', 400],
] as const)('a long answer keeps every byte: %s %s %i', async (method, path, status) => {
  answers.set(`${method} ${path}`, (incoming, outgoing) => {
    incoming.resume()
    outgoing.writeHead(status, { 'content-type': 'application/octet-stream' })
    for (const chunk of chunksOf(status === 200 ? 2 * MIB : 200_000)) outgoing.write(chunk)
    outgoing.end()
  })
  // Not the bytes of a creation that was lost above: that would be a repeat of it.
  const body = JSON.stringify({ ...VIDEO, title: 'A long answer' })
  const sent = method === 'POST' ? { body, headers: JSON_TYPE } : {}
  const answer = await gateway.fetch(`/heygen${path}?video_id=a`, { method, ...sent })
  const length = status === 200 ? 2 * MIB : 200_000
  expect({ status: answer.status, ...(await digest(answer.body)) }).toEqual({
    status,
    length,
    hash: hashOf(length),
  })
})

test('64 MiB go up whole, with their length if it was told', async () => {
  const seen: { length: number; hash: string; declared: string | undefined }[] = []
  answers.set('POST /v1/asset', async (incoming, outgoing) => {
    const { length, hash } = await digest(incoming)
    seen.push({ length, hash, declared: incoming.headers['content-length'] })
    outgoing.writeHead(200, JSON_TYPE).end('{"code":100,"data":{"id":"a"}}')
  })
  const known = await upload(gateway, BIG)
  const unknown = await upload(gateway, BIG, {})
  expect([known, unknown]).toEqual([200, 200])
  expect(seen).toEqual([
    { length: BIG, hash: BIG_HASH, declared: String(BIG) },
    { length: BIG, hash: BIG_HASH, declared: undefined },
  ])
})

/** node:http, because fetch does not send the length of a stream. */
function upload(
  one: typeof gateway,
  length: number,
  headers: Record<string, string> = { 'content-length': String(length) }
): Promise<number> {
  return new Promise((resolve, reject) => {
    const all = {
      'content-type': 'video/mp4',
      authorization: `Bearer ${one.token}`,
      ...headers,
    }
    const sent = request(`${one.url}/heygen/v1/asset`, { method: 'POST', headers: all })
    sent.on('response', (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.on('error', reject)
    let begun = false
    const begin = () => {
      if (begun) return
      begun = true
      void pump(sent, length)
    }
    if (!('expect' in headers)) return begin()
    sent.on('continue', begin)
    // As curl does: without an answer to the question the body goes after a second.
    setTimeout(begin, 1000)
    sent.flushHeaders()
  })
}

async function pump(sent: ReturnType<typeof request>, length: number): Promise<void> {
  for (const chunk of chunksOf(length)) {
    if (!sent.write(chunk)) await new Promise<void>((resolve) => sent.once('drain', resolve))
  }
  sent.end()
}

test('an upload that first asks with Expect: 100-continue arrives whole', async () => {
  const seen: { length: number; hash: string }[] = []
  answers.set('POST /v1/asset', async (incoming, outgoing) => {
    seen.push(await digest(incoming))
    outgoing.writeHead(200, JSON_TYPE).end('{"code":100,"data":{"id":"a"}}')
  })
  const length = 3 * MIB
  const status = await upload(gateway, length, {
    expect: '100-continue',
    'content-length': String(length),
  })
  expect(status).toBe(200)
  expect(seen).toEqual([{ length, hash: hashOf(length) }])
})

test('64 MiB come down whole, with their length', async () => {
  answers.set('GET /v3/files/big', sendBig)
  const answer = await gateway.fetch('/heygen/v3/files/big')
  expect(answer.headers.get('content-length')).toBe(String(BIG))
  expect(await digest(answer.body)).toEqual({ length: BIG, hash: BIG_HASH })
})

async function sendBig(_: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(200, { 'content-length': String(BIG), 'content-type': 'video/mp4' })
  for (const chunk of chunksOf(BIG)) {
    if (!outgoing.write(chunk)) {
      await new Promise<void>((resolve) => outgoing.once('drain', resolve))
    }
  }
  outgoing.end()
}

test('64 MiB reach the simulator’s upload host', async () => {
  await simulated.sim.forgetRequests()
  const init = {
    method: 'POST',
    body: streamOf(BIG),
    headers: { 'content-type': 'video/mp4' },
    duplex: 'half',
  } as RequestInit
  const answer = await simulated.fetch('/heygen/v1/asset', init)
  expect({ status: answer.status, text: await answer.text() }).toMatchObject({ status: 200 })
  const seen = await simulated.sim.requests()
  const whole = { bodyBytes: BIG, bodySha256: BIG_HASH }
  expect(seen).toMatchObject([
    { method: 'POST', host: 'upload', path: '/v1/asset', status: 200, ...whole },
  ])
})

test('a body that is streamed is not held: 64 MiB grow the gateway by less than 48', async () => {
  answers.set('POST /v1/asset', async (incoming, outgoing) => {
    await digest(incoming)
    outgoing.writeHead(200, JSON_TYPE).end('{"code":100,"data":{"id":"a"}}')
  })
  answers.set('GET /v3/files/big', sendBig)
  expect(await leastGrowth((fresh) => upload(fresh, BIG), 48)).toBeLessThan(48)
  const down = async (fresh: typeof gateway) => {
    const answer = await fresh.fetch('/heygen/v3/files/big')
    expect((await digest(answer.body)).length).toBe(BIG)
  }
  expect(await leastGrowth(down, 48)).toBeLessThan(48)
})

/** Of up to three tries: what the process needs besides can only add, and a body that is held is held each time. */
async function leastGrowth(
  work: (fresh: typeof gateway) => Promise<unknown>,
  enough: number
): Promise<number> {
  let least = Infinity
  for (let time = 0; time < 3 && least >= enough; time += 1)
    least = Math.min(least, await growthOfFresh(work))
  return least
}

/** A process of its own, since one that once held much keeps the room and would not grow again. */
async function growthOfFresh(work: (fresh: typeof gateway) => Promise<unknown>): Promise<number> {
  const vars = { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin }
  const of = { simulator: simulated.sim, vars, accounts: { new: 1 } }
  const fresh = await openGateway({ ...of, isAlone: true })
  await upload(fresh, MIB)
  const growth = await growthDuring(fresh, () => work(fresh))
  await fresh.dispose()
  return growth
}

async function residentMiB(one: typeof gateway): Promise<number> {
  const status = await readFile(`/proc/${one.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

async function growthDuring(one: typeof gateway, work: () => Promise<unknown>): Promise<number> {
  const before = await residentMiB(one)
  expect(before).toBeGreaterThan(1)
  let peak = before
  let isOver = false
  const sample = async () => {
    while (!isOver) {
      peak = Math.max(peak, await residentMiB(one))
      await wait(5)
    }
  }
  const sampling = sample()
  await work().finally(() => (isOver = true))
  // Waited for, or the last look would find the process gone.
  await sampling
  return Math.round(peak - before)
}

interface Leaver {
  /** Resolves with the answer, whose body nobody has asked for yet. */
  answer: Promise<IncomingMessage>
  leave: () => void
}

/**
 * A client that can go away for good: with a reset, since on a bare TCP connection workerd takes the polite end of one
 * direction for no more than that. Uncompressed, so that small pieces are not held back by a compressor on loopback.
 */
function openCall(one: typeof gateway, path: string, body?: unknown): Leaver {
  const headers = {
    authorization: `Bearer ${one.token}`,
    'accept-encoding': 'identity',
    ...JSON_TYPE,
  }
  const method = body === undefined ? 'GET' : 'POST'
  const sent = request(one.url + path, { method, headers, agent: false })
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve)
    sent.on('error', reject)
  })
  answer.catch(() => {})
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return { answer, leave: () => void sent.socket?.resetAndDestroy() }
}

function isOver(event: { promise: Promise<void> }): Promise<boolean> {
  return Promise.race([event.promise.then(() => true), wait(10).then(() => false)])
}

test('a reader that stops stops the provider, and the gateway holds nothing for it', async () => {
  const endless = 1024 * MIB
  let written = 0
  answers.set('GET /v3/files/faucet', async (incoming, outgoing) => {
    outgoing.setMaxListeners(0)
    outgoing.writeHead(200, { 'content-length': String(endless) })
    for (const chunk of chunksOf(endless)) {
      if (outgoing.destroyed) return
      written += chunk.length
      if (outgoing.write(chunk)) continue
      await new Promise<void>((resolve) => {
        outgoing.once('drain', resolve)
        outgoing.once('close', resolve)
      })
    }
  })
  const before = await residentMiB(gateway)
  const client = openCall(gateway, '/heygen/v3/files/faucet')
  const answer = await client.answer
  answer.on('error', () => {})
  // The kernel's own buffers on loopback take tens of MiB; the rest has to wait.
  const most = endless / 4
  const soon = await whenStill(() => written, most)
  const growth = (await residentMiB(gateway)) - before
  client.leave()
  expect(soon).toBeGreaterThan(0)
  expect(soon).toBeLessThan(most)
  expect(growth).toBeLessThan(48)
})

/** What a number has come to when it has not changed for a while, or has become too large. */
async function whenStill(read: () => number, most: number): Promise<number> {
  for (;;) {
    const before = read()
    await wait(700)
    if (read() === before || before >= most) return read()
  }
}

test('a client that leaves before the answer ends its plain call', async () => {
  const [came, left] = [deferred(), deferred()]
  answers.set('GET /v3/files/hang', (incoming, outgoing) => {
    came.resolve()
    outgoing.on('close', left.resolve)
  })
  const client = openCall(gateway, '/heygen/v3/files/hang')
  await came.promise
  client.leave()
  await until(() => isOver(left), 30_000)
})

test('a client that leaves in the middle of the answer ends its plain call', async () => {
  const left = deferred()
  answers.set('GET /v3/files/half', (incoming, outgoing) => {
    outgoing.on('close', left.resolve)
    outgoing.writeHead(200, { 'content-type': 'application/octet-stream' }).write('half')
  })
  const client = openCall(gateway, '/heygen/v3/files/half')
  const answer = await client.answer
  answer.on('error', () => {})
  await new Promise((resolve) => answer.once('data', resolve))
  client.leave()
  await until(() => isOver(left), 30_000)
})

test('a client that leaves in the middle of an upload ends it', async () => {
  const [came, left] = [deferred(), deferred()]
  let isWhole = false
  answers.set('POST /v1/asset', (incoming) => {
    incoming.once('data', came.resolve)
    incoming.on('end', () => (isWhole = true))
    incoming.on('close', left.resolve)
  })
  const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'video/mp4' }
  const sent = request(`${gateway.url}/heygen/v1/asset`, { method: 'POST', headers })
  sent.on('error', () => {})
  sent.write(Buffer.alloc(100_000))
  await came.promise
  sent.socket?.resetAndDestroy()
  await until(() => isOver(left), 30_000)
  expect(isWhole).toBe(false)
})

test('a client that leaves during a creation does not stop it: the job is bound and shown', async () => {
  const [came, hasLeft] = [deferred(), deferred()]
  let creations = 0
  answers.set('POST /v3/videos', async (incoming, outgoing) => {
    incoming.resume()
    creations += 1
    came.resolve()
    await hasLeft.promise
    outgoing.writeHead(200, JSON_TYPE).end('{"data":{"video_id":"left","status":"waiting"}}')
  })
  const client = openCall(gateway, '/heygen/v3/videos', { ...VIDEO, title: 'left alone' })
  await came.promise
  expect((await slotsOf(gateway)).executing).toHaveLength(1)
  client.leave()
  await expect(client.answer).rejects.toThrow()
  // So that the gateway has seen it leave before it is answered.
  await wait(300)
  hasLeft.resolve()
  await until(async () => (await slotsOf(gateway)).executing[0]?.id === 'left', 20_000)
  const shown = await gateway.fetch('/v1/heygen/jobs/left')
  expect(await shown.json()).toMatchObject({
    jobid: 'left',
    email: 'eve@example.com',
    status_final: false,
  })
  expect(creations).toBe(1)
  const path = '/v1/heygen/scheduler/left?force=true'
  expect((await gateway.fetch(path, { method: 'DELETE' })).status).toBe(204)
})

test.each([
  ['before its answer', false],
  ['in the middle of its answer', true],
])('a client that leaves a generation %s leaves its slot', async (_, isMiddle) => {
  const [came, go] = [deferred(), deferred()]
  // The sound never ends by itself: what gives the slot back is that the client has left.
  answers.set('POST /v3/models/audio/tts/stream', async (incoming, outgoing) => {
    incoming.resume()
    came.resolve()
    if (!isMiddle) await go.promise
    outgoing.writeHead(200, { 'content-type': 'audio/mpeg' })
    outgoing.write('piece')
    const ticking = setInterval(() => outgoing.write('piece'), 50)
    outgoing.on('close', () => clearInterval(ticking))
  })
  await freeAll()
  const path = '/heygen/v3/models/audio/tts/stream'
  const client = openCall(gateway, path, { text: 'Hello', voice_id: 'v' })
  await came.promise
  expect((await slotsOf(gateway)).executing).toHaveLength(1)
  if (isMiddle) {
    const answer = await client.answer
    answer.on('error', () => {})
    await new Promise((resolve) => answer.once('data', resolve))
  }
  client.leave()
  if (!isMiddle) {
    await wait(300)
    go.resolve()
  }
  await until(async () => (await slotsOf(gateway)).executing.length === 0, 30_000)
})
