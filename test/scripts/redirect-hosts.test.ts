/**
 * examples/redirect-hosts.mjs as a user loads it, in front of Node clients that name their host themselves. Published ones:
 * test/clients.
 */
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const run = promisify(execFile)

interface Seen {
  host: string
  line: string
  body: string
}

const servers: Server[] = []
afterAll(() => {
  for (const server of servers) server.close()
})

/** Writes down what it is asked. */
async function open(): Promise<{ host: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((incoming, outgoing) => {
    let body = ''
    incoming.on('data', (chunk) => (body += String(chunk)))
    incoming.on('end', () => {
      seen.push({
        host: incoming.headers.host ?? '',
        line: `${incoming.method} ${incoming.url}`,
        body,
      })
      outgoing.end('ok')
    })
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

/** A program of its own, with the file in front. */
function client(code: string, env: Record<string, string>): Promise<{ stdout: string }> {
  const options = ['--import', './examples/redirect-hosts.mjs', '--input-type=module', '-e', code]
  const { REDIRECT_HOSTS: _, ...others } = process.env
  return run(process.execPath, options, { env: { ...others, ...env } })
}

const CALLS = `
  import https, { request as named } from 'node:https'
  import http from 'node:http'
  const ended = (sent, body) => new Promise((done, fail) => {
    sent.on('error', fail).on('response', (answer) => answer.resume().on('end', done))
    sent.end(body)
  })
  const HOST = 'https://api.heygen.com'
  await (await fetch(HOST + '/fetch/text?a=%20b')).text()
  await (await fetch(new URL(HOST + '/fetch/url'), { method: 'POST', body: 'one' })).text()
  await (await fetch(new Request(HOST + '/fetch/request', { method: 'PUT', body: 'two' }))).text()
  await ended(https.request(HOST + '/https/text?a=%20b', { method: 'POST' }), 'three')
  await ended(https.request(new URL(HOST + '/https/url')))
  await ended(named({ hostname: 'api.heygen.com', path: '/https/named' }))
  // As axios does it.
  await ended(https.request({
    protocol: 'https:', hostname: 'API.heygen.com', port: '', path: '/https/axios', method: 'POST',
    agents: { https: undefined }, agent: https.globalAgent, headers: { Host: 'api.heygen.com', 'Content-Length': 4 },
  }), 'four')
  await new Promise((done) => https.get(HOST + '/https/get', (answer) => answer.resume().on('end', done)))
  await ended(http.request({ host: 'api.heygen.com:80', path: '/http/options' }))
  await (await fetch(process.env.OTHER + '/fetch')).text()
  await ended(http.request(process.env.OTHER + '/http'))
`

test('fetch, http and https go to the target, in every form, and other hosts are left alone', async () => {
  const [gateway, other] = [await open(), await open()]
  await client(CALLS, {
    REDIRECT_HOSTS: `api.heygen.com=http://${gateway.host}/heygen/, upload.heygen.com=http://x.invalid`,
    OTHER: `http://${other.host}`,
  })
  expect(gateway.seen.map((one) => `${one.line} ${one.body}`.trim())).toEqual([
    'GET /heygen/fetch/text?a=%20b',
    'POST /heygen/fetch/url one',
    'PUT /heygen/fetch/request two',
    'POST /heygen/https/text?a=%20b three',
    'GET /heygen/https/url',
    'GET /heygen/https/named',
    'POST /heygen/https/axios four',
    'GET /heygen/https/get',
    'GET /heygen/http/options',
  ])
  expect(new Set(gateway.seen.map((one) => one.host))).toEqual(new Set([gateway.host]))
  expect(other.seen.map((one) => one.line)).toEqual(['GET /fetch', 'GET /http'])
})

test.each([
  ['is missing', undefined],
  ['is empty', ''],
  ['names no target', 'api.heygen.com'],
  ['has a target that is no origin', 'api.heygen.com=gateway'],
  ['has a target with a question mark', 'api.heygen.com=http://gateway/?a=b'],
])('a client does not start when the variable %s', async (_, value) => {
  const env = value === undefined ? {} : { REDIRECT_HOSTS: value }
  await expect(client('console.log("started")', env)).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('REDIRECT_HOSTS must be') as string,
  })
})
