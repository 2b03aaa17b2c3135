/** A key is a key on every path, and what surely never left frees it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { advance, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

/** A HeyGen of our own: it starts a job at every POST that it has not seen under its account's key. */
const jobs: string[] = []
const kept = new Map<string, string>()
let loses = 0
let says: (outgoing: ServerResponse, id: string) => void = (outgoing, id) =>
  void outgoing.writeHead(200, JSON_TYPE).end(`{"data":{"thing_id":"${id}"}}`)
const JSON_TYPE = { 'content-type': 'application/json' }

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  for await (const _ of incoming);
  const account = String(incoming.headers['x-api-key'])
  if (incoming.url === '/v3/users/me') {
    return void outgoing.writeHead(200, JSON_TYPE).end(`{"data":{"username":"${account}"}}`)
  }
  if (incoming.method !== 'POST') return void outgoing.writeHead(404, JSON_TYPE).end('{}')
  const name = `${account} ${String(incoming.headers['idempotency-key'])}`
  const before = incoming.headers['idempotency-key'] === undefined ? undefined : kept.get(name)
  const id = before ?? `job-${jobs.length}`
  if (before === undefined) jobs.push(id)
  kept.set(name, id)
  if (loses > 0) {
    loses -= 1
    return void incoming.socket.destroy()
  }
  says(outgoing, id)
}

const upstream = createServer((incoming, outgoing) => void answer(incoming, outgoing))
upstream.keepAliveTimeout = 0
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
const mortal = await openGateway({
  accounts: { dan: 2 },
  entry: 'test/support/workers/dying-worker.ts',
  simVars: { JOB_MS: '-1' },
})
const gateway = await openGateway({
  simulator: mortal.sim,
  // Half of their slots are for such paths, and what was lost holds one until its deadline.
  accounts: { ann: 10, bob: 10, cid: 10 },
  vars: { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin },
})
afterAll(async () => {
  await gateway.dispose()
  await mortal.dispose()
  upstream.closeAllConnections()
  upstream.close()
})

const key = (text: string) => ({ 'idempotency-key': text })
const errorOf = (given: Response) => given.headers.get('x-gateway-error')
const NEW = '/heygen/v3/models/holograms'

test('twelve keys on a path that no row knows, each answer lost once and asked for twice more: twelve jobs [I4]', async () => {
  const before = jobs.length
  for (let index = 0; index < 12; index += 1) {
    loses = 1
    const seen = []
    for (const _ of [1, 2, 3]) {
      const given = await gateway.post(NEW, { prompt: 'x' }, key(`new-${index}`))
      seen.push(`${given.status} ${errorOf(given)} ${given.headers.get('x-should-retry')}`)
    }
    expect(seen).toEqual(Array.from({ length: 3 }, () => '424 outcome_unknown false'))
  }
  expect(jobs.length - before).toBe(12)
})

test('what was answered under a key is given again from there, and starts nothing: also a stream that goes up [I4]', async () => {
  const before = jobs.length
  for (const path of [NEW, '/heygen/v1/asset', '/heygen/v3/assets']) {
    const send = () =>
      gateway.fetch(path, {
        method: 'POST',
        body: new Uint8Array(100_000),
        headers: { 'content-type': 'image/png', ...key(`bytes-${path.length}`) },
      })
    const [first, again] = [await send(), await send()]
    expect([first.status, again.status, await again.text()]).toEqual([200, 200, await first.text()])
    expect(again.headers.get('x-gateway-account')).toBe(first.headers.get('x-gateway-account'))
  }
  expect(jobs.length - before).toBe(3)
})

test('an answer that cannot be kept is not given again, and nothing is done again: a conflict that names the job [I4]', async () => {
  const before = jobs.length
  const usual = says
  says = (outgoing) => void outgoing.writeHead(200, { 'content-type': 'audio/mpeg' }).end('noise')
  const sound = () => gateway.post(NEW, { text: 'x' }, key('sound'))
  expect((await sound()).status).toBe(200)
  const again = await sound()
  expect([again.status, errorOf(again)]).toEqual([409, 'conflict'])
  says = (outgoing, id) =>
    void outgoing
      .writeHead(200, JSON_TYPE)
      .end(JSON.stringify({ data: { video_id: id, note: 'x'.repeat(70_000) } }))
  const video = () => gateway.createVideo({}, key('too-large'))
  const made = await video()
  const twice = await video()
  expect([made.status, twice.status, errorOf(twice)]).toEqual([200, 409, 'conflict'])
  expect(twice.headers.get('x-gateway-job')).toBe(made.headers.get('x-gateway-job'))
  says = usual
  expect(jobs.length - before).toBe(2)
})

test('after a 5xx under a key nobody knows, so it is not sent again; a refusal frees it [I4]', async () => {
  const usual = says
  says = (outgoing) => void outgoing.writeHead(503, JSON_TYPE).end('{"error":{"code":"internal"}}')
  const send = (name: string) => gateway.post(NEW, { text: 'x' }, key(name))
  expect((await send('ill')).status).toBe(424)
  const before = jobs.length
  says = usual
  const again = await send('ill')
  expect([again.status, errorOf(again)]).toEqual([424, 'outcome_unknown'])
  expect(jobs.length).toBe(before)
  says = (outgoing) => void outgoing.writeHead(400, JSON_TYPE).end('{"error":{"code":"bad"}}')
  expect((await send('wrong')).status).toBe(400)
  says = usual
  expect((await send('wrong')).status).toBe(200)
})

test('a POST on a path that no row knows whose answer is lost is a 424, since it may have cost [I4]', async () => {
  loses = 1
  const given = await gateway.post(NEW, { prompt: 'x' })
  expect([given.status, errorOf(given)]).toEqual([424, 'outcome_unknown'])
})

test('a key whose creation never left is free as soon as that is certain', async () => {
  await stopClock(mortal)
  const create = () => mortal.createVideo({ title: 'dies here' }, key('burnt'))
  expect((await create()).ok).toBe(false)
  const early = await create()
  expect([early.status, errorOf(early), early.headers.get('retry-after')]).toEqual([
    409,
    'request_in_progress',
    '5',
  ])
  await advance(mortal, 151 * SECOND)
  const made = await create()
  expect([made.status, await made.text()]).toEqual([200, expect.stringContaining('video_id')])
  expect(await (await create()).text()).toContain(made.headers.get('x-gateway-job') ?? '?')
  expect((await mortal.sim.account('dan@example.com')).jobsStarted).toBe(1)
})
