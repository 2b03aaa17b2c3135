/** examples/tls-proxy.mjs, for clients that are not Node programs. Here Node plays one: it obeys HTTPS_PROXY too. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../support/gateway.ts'

const run = promisify(execFile)
let gateway: Gateway
let proxy: ChildProcess
let folder = ''
let address = ''
let trusted = ''

beforeAll(async () => {
  gateway = await openGateway({ accounts: { a: 1, b: 1 }, simVars: { JOB_MS: '-1' } })
  folder = await mkdtemp(path.join(tmpdir(), 'tls-proxy-'))
  const hosts = ['api.heygen.com', 'upload.heygen.com']
  const env = {
    ...process.env,
    PORT: '0',
    TRUST_FILE: path.join(folder, 'trust.pem'),
    REDIRECT_HOSTS: hosts.map((host) => `${host}=${gateway.url}/heygen`).join(','),
  }
  proxy = spawn(process.execPath, ['examples/tls-proxy.mjs'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: proxy.stdout as NodeJS.ReadableStream })) {
    const [, at = '', file = ''] = /HTTPS_PROXY=(\S+) SSL_CERT_FILE=(\S+)/.exec(line) ?? []
    address = at
    trusted = file
    break
  }
})
afterAll(async () => {
  proxy.kill()
  await gateway.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function client(code: string, env: Record<string, string> = {}): Promise<unknown> {
  const given = {
    ...process.env,
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: address,
    NODE_EXTRA_CA_CERTS: trusted,
    TOKEN: gateway.token,
    ...env,
  }
  const args = ['--input-type=module', '-e', code]
  const { stdout } = await run(process.execPath, args, { env: given })
  return JSON.parse(stdout)
}

test('a client with a fixed host makes and gets videos of a pool of two, over TLS that it trusts', async () => {
  const told = await client(`
    const headers = { 'x-api-key': process.env.TOKEN, 'content-type': 'application/json' }
    const call = async (path, init) => {
      const answer = await fetch('https://api.heygen.com' + path, { headers, ...init })
      return [answer.status, answer.headers.get('x-gateway-account'), (await answer.json()).data]
    }
    const body = JSON.stringify({ type: 'avatar', avatar_id: 'Abigail_expressive_2024112501', script: 'Hi', voice_id: '1bd001e7e50f421d891986aad5158bc8' })
    const told = []
    for (const _ of [1, 2]) {
      const [status, account, { video_id }] = await call('/v3/videos', { method: 'POST', body })
      const [got, owner, data] = await call('/v3/videos/' + video_id)
      told.push([status, got, account === owner, data.id === video_id, account])
    }
    told.push((await call('/v3/videos', { method: 'POST', body }))[0])
    console.log(JSON.stringify(told))
  `)
  const [first, second, full] = told as [unknown[], unknown[], number]
  expect([first.slice(0, 4), second.slice(0, 4), full]).toEqual([
    [200, 200, true, true],
    [200, 200, true, true],
    429,
  ])
  expect(new Set([first[4], second[4]])).toEqual(new Set(['a@example.com', 'b@example.com']))
})

test('what is sent to other hosts passes through, and nobody else’s certificate is made', async () => {
  const other = createServer((_, answer) => answer.end('"other"'))
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  const { port } = other.address() as AddressInfo
  const code = `
    import http from 'node:http'
    const { hostname, port } = new URL(process.env.HTTPS_PROXY)
    const asked = http.request({ hostname, port, method: 'CONNECT', path: '127.0.0.1:${port}' })
    asked.on('connect', (_, socket) => {
      let text = ''
      socket.on('data', (chunk) => (text += chunk)).on('end', () => console.log(text.split('\\r\\n').at(-1)))
      socket.write('GET / HTTP/1.0\\r\\n\\r\\n')
    })
    asked.end()
  `
  expect(await client(code, { NODE_USE_ENV_PROXY: '' })).toBe('other')
  other.close()
})

test('its authority is one that strict clients take, and signs for the redirected hosts alone', () => {
  const [first = ''] = readFileSync(trusted, 'utf8').split(/(?<=-----END CERTIFICATE-----\n)/)
  const authority = new X509Certificate(first)
  expect([authority.ca, authority.verify(authority.publicKey)]).toEqual([true, true])
  expect(authority.subjectAltName).toBeUndefined()
})
