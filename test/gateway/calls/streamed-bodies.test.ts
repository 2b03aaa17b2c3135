/** Bodies are streamed: piece by piece, at their own pace, and never held in memory. */
import { readFile } from 'node:fs/promises'
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import {
  chunksOf,
  deferred,
  digest,
  hashOf,
  JSON_TYPE,
  MIB,
  openCall,
  openUpstream,
  wait,
} from '../../support/scenes/bodies.ts'
import { testFull } from '../../support/full.ts'

const BIG = 64 * MIB

const upstream = await openUpstream()
const { answers } = upstream
// The older uploads are under test here, so they are never carried.
const vars = { ...upstream.vars, LEGACY: 'pass' }
const simulated = await openGateway({ accounts: { ann: 2 }, simVars: { JOB_MS: '600000' } })
const gateway = await openGateway({
  simulator: simulated.sim,
  vars,
  accounts: { eve: 2 },
  isAlone: true,
})
afterAll(async () => {
  await gateway.dispose()
  await simulated.dispose()
})

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

const BIG_HASH = hashOf(BIG)

test('an answer arrives piece by piece, each before the next is written [I7]', async () => {
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

test('an upload arrives piece by piece, each before the next is written [I7]', async () => {
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

test('64 MiB go up whole, with their length if it was told [I7]', async () => {
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
  one: Gateway,
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

test('64 MiB come down whole, with their length [I7]', async () => {
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

// Of its kind in `npm test`: this file: 64 MiB go up whole
testFull('64 MiB reach the simulator’s upload host', async () => {
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

test('a body that is streamed is not held: 64 MiB grow the gateway by less than 48 [I7]', async () => {
  answers.set('POST /v1/asset', async (incoming, outgoing) => {
    await digest(incoming)
    outgoing.writeHead(200, JSON_TYPE).end('{"code":100,"data":{"id":"a"}}')
  })
  answers.set('GET /v3/files/big', sendBig)
  const upAndDown = async (fresh: Gateway) => {
    await upload(fresh, BIG)
    const answer = await fresh.fetch('/heygen/v3/files/big')
    expect((await digest(answer.body)).length).toBe(BIG)
  }
  expect(await leastGrowth(upAndDown, 48)).toBeLessThan(48)
})

/** Of up to three tries: what the process needs besides can only add, and a body that is held is held each time. */
async function leastGrowth(
  work: (fresh: Gateway) => Promise<unknown>,
  enough: number
): Promise<number> {
  let least = Infinity
  for (let time = 0; time < 3 && least >= enough; time += 1)
    least = Math.min(least, await growthOfFresh(work))
  return least
}

/** A process of its own, since one that once held much keeps the room and would not grow again. */
async function growthOfFresh(work: (fresh: Gateway) => Promise<unknown>): Promise<number> {
  const of = { simulator: simulated.sim, vars, accounts: { new: 1 } }
  const fresh = await openGateway({ ...of, isAlone: true })
  await upload(fresh, MIB)
  const growth = await growthDuring(fresh, () => work(fresh))
  await fresh.dispose()
  return growth
}

async function residentMiB(one: Gateway): Promise<number> {
  const status = await readFile(`/proc/${one.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

async function growthDuring(one: Gateway, work: () => Promise<unknown>): Promise<number> {
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

test('a reader that stops stops the provider, and the gateway holds nothing for it [I7]', async () => {
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
