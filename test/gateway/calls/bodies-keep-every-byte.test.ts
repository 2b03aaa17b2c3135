/** Bodies on their way keep every byte, and what breaks off is never taken for whole. */
import { type IncomingHttpHeaders } from 'node:http'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'
import {
  chunksOf,
  deferred,
  digest,
  freeAll,
  hashOf,
  JSON_TYPE,
  MIB,
  openUpstream,
  slotsOf,
  wait,
} from '../../support/scenes/bodies.ts'

const { answers, vars } = await openUpstream()
// What the older API answers is under test here, so it is never carried.
const gateway = await openGateway({ vars: { ...vars, LEGACY: 'pass' }, accounts: { eve: 2 } })
afterAll(() => gateway.dispose())

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
  'an answer that is no text keeps every byte: %s %s %i [I7]',
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
] as const)('a body that is no text keeps every byte: %s %s [I7]', async (method, path, type) => {
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
    if (isCreation) await freeAll(gateway)
    await until(async () => (await slotsOf(gateway)).executing.length === 0)
  }
)

test.each([
  ['GET', '/v3/files/long', 404],
  ['GET', '/v1/video_status.get', 404],
  ['GET', '/v1/video_status.get', 200],
  ['POST', '/v3/brand-kits', 422],
  ['POST', '/v3/videos', 400],
  ['POST', '/v1/audio/text_to_speech', 400],
] as const)('a long answer keeps every byte: %s %s %i [I7]', async (method, path, status) => {
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
