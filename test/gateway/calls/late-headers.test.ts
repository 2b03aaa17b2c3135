/** A provider has 100 s to send the headers of a plain call's answer. The body may take any time. */
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openGateway, until } from '../../support/gateway.ts'
import { advance, CLOCKED, clockOf, SECOND, stopped } from '../../support/clock/clock.ts'
import { deferred, JSON_TYPE, openCall, openUpstream } from '../../support/scenes/bodies.ts'

const LIMIT = 100 * SECOND

const { answers, vars } = await openUpstream()
// Two accounts of the same user would be one.
answers.set('GET /v3/users/me', (incoming, outgoing) => {
  const username = Buffer.from(String(incoming.headers['x-api-key'])).toString('hex')
  outgoing.writeHead(200, JSON_TYPE).end(JSON.stringify({ data: { username } }))
})
const gateway = await stopped(openGateway({ vars, accounts: { eve: 2, bob: 2 }, entry: CLOCKED }))
afterAll(() => gateway.dispose())

interface Call {
  answer: ServerResponse
  /** Resolves when the connection is closed. */
  closed: Promise<void>
}

/** The calls that came to the path of a test. None is answered by itself. */
const calls: Call[] = []
let at = 0
let path = ''

beforeEach(() => {
  calls.length = 0
  path = `/v3/late/${(at += 1)}`
  const named = [
    `GET ${path}`,
    `DELETE ${path}`,
    'POST /v3/folders',
    'POST /v3/assets',
    `POST ${path}`,
  ]
  for (const name of named)
    answers.set(name, (incoming, answer) => {
      incoming.resume()
      const { promise, resolve } = deferred()
      answer.on('close', resolve)
      calls.push({ answer, closed: promise })
    })
})

/** The call with this number, from 1, when it has come. */
async function call(number: number): Promise<Call> {
  await until(async () => calls.length >= number)
  return calls[number - 1] as Call
}

const noTimers = () => until(async () => (await clockOf(gateway)).timers === 0)

test('a read whose headers do not come within 100 s is ended before another account is asked', async () => {
  const read = gateway.fetch(`/heygen${path}`)
  const first = await call(1)
  await advance(gateway, LIMIT - SECOND)
  expect(calls).toHaveLength(1)
  await advance(gateway, SECOND)
  const second = await call(2)
  // The client still waits for the second account, so nothing else than the limit can have closed it.
  await first.closed
  second.answer.writeHead(200, JSON_TYPE).end('{"from":"second"}')
  expect(await (await read).json()).toEqual({ from: 'second' })
  await noTimers()
})

test('when no account answers in time, the client is told, and nothing is asked again', async () => {
  const read = gateway.fetch(`/heygen${path}`)
  for (const number of [1, 2]) {
    const { closed } = await call(number)
    await advance(gateway, LIMIT)
    await closed
  }
  const answer = await read
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([504, 'upstream_timeout'])
  expect(calls).toHaveLength(2)
  await noTimers()
})

test('a call that changes something is ended after 100 s and not sent again [I4]', async () => {
  const change = gateway.fetch(`/heygen${path}`, { method: 'DELETE' })
  const { closed } = await call(1)
  await advance(gateway, LIMIT)
  await closed
  expect((await change).headers.get('x-gateway-error')).toBe('upstream_timeout')
  expect(calls).toHaveLength(1)
})

test('after 100 s without headers nobody knows what a call under a key did, also when the answer comes later [I4]', async () => {
  const send = () =>
    gateway.post('/heygen/v3/folders', { name: 'a' }, { 'idempotency-key': 'late' })
  const first = send()
  const { answer, closed } = await call(1)
  await advance(gateway, LIMIT)
  await closed
  answer.writeHead(200, JSON_TYPE).end('{"data":{"id":"late"}}')
  for (const given of [await first, await send()])
    expect([given.status, given.headers.get('x-gateway-error')]).toEqual([424, 'outcome_unknown'])
  expect(calls).toHaveLength(1)
  await noTimers()
})

test('a body may take longer than 100 s once its headers have come', async () => {
  const read = gateway.fetch(`/heygen${path}`)
  const { answer } = await call(1)
  await advance(gateway, LIMIT - SECOND)
  answer.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first ')
  const given = await read
  await noTimers()
  await advance(gateway, 2 * LIMIT)
  answer.end('second')
  expect(await given.text()).toBe('first second')
})

test('a client that leaves before the headers leaves no timer behind', async () => {
  const client = openCall(gateway, `/heygen${path}`)
  const { closed } = await call(1)
  expect((await clockOf(gateway)).timers).toBe(1)
  client.leave()
  await closed
  await noTimers()
})

const FORM = 'multipart/form-data; boundary=x'
const [HEAD, TAIL] = ['--x\r\ncontent-disposition: form-data; name="file"\r\n\r\na', 'b\r\n--x--']
const LENGTH = { 'content-length': String(HEAD.length + TAIL.length) }

test.each<[string, string, string, Record<string, string>, string]>([
  ['of a known length', 'POST', '/v3/assets', LENGTH, 'upstream_timeout'],
  ['of an unknown length', 'POST', '/v3/assets', {}, 'upstream_timeout'],
  ['on a path that no row knows', 'POST', '', LENGTH, 'outcome_unknown'],
])('an upload %s may take any time, and its answer has 100 s from its end', async (...row) => {
  const [, method, to, length, code] = row
  const upload = request(`${gateway.url}/heygen${to || path}`, {
    method,
    headers: { ...length, authorization: `Bearer ${gateway.token}`, 'content-type': FORM },
  })
  const answered = Promise.withResolvers<IncomingMessage>()
  upload.on('response', answered.resolve)
  upload.write(HEAD)
  const { closed } = await call(1)
  await advance(gateway, 2 * LIMIT)
  upload.end(TAIL)
  await until(async () => (await clockOf(gateway)).timers > 0)
  await advance(gateway, LIMIT)
  await closed
  const answer = await answered.promise
  expect(answer.headers['x-gateway-error']).toBe(code)
  expect(calls).toHaveLength(1)
  answer.resume()
  await noTimers()
})
