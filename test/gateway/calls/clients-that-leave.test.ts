/** A client that leaves ends its plain call, and never its creation. */
import { request } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, VIDEO } from '../../support/gateway.ts'
import {
  deferred,
  freeAll,
  JSON_TYPE,
  openCall,
  openUpstream,
  slotsOf,
  wait,
} from '../../support/scenes/bodies.ts'

const { answers, vars } = await openUpstream()
// The older upload is under test here, so it is never carried.
const gateway = await openGateway({ vars: { ...vars, LEGACY: 'pass' }, accounts: { eve: 2 } })
afterAll(() => gateway.dispose())

function isOver(event: { promise: Promise<void> }): Promise<boolean> {
  return Promise.race([event.promise.then(() => true), wait(10).then(() => false)])
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
  await until(() => isOver(left))
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
  await until(() => isOver(left))
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
  await until(() => isOver(left))
  expect(isWhole).toBe(false)
})

test('a client that leaves during a creation does not stop it: the job is bound and shown [I4]', async () => {
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
  await until(async () => (await slotsOf(gateway)).executing[0]?.id === 'left')
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
])('a client that leaves a generation %s leaves its slot [I2]', async (_, isMiddle) => {
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
  await freeAll(gateway)
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
  await until(async () => (await slotsOf(gateway)).executing.length === 0)
})
