/** `npm run serve` as a person runs it: a process with its data on disk, killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, VIDEO } from '../../support/gateway.ts'
import { Simulator } from '../../support/simulator.ts'
import { findFreePort, findRunning, HOST } from '../../../scripts/lib/local-stack.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-serve-'))
const SECRETS = path.join(folder, 'secrets.json')
let sim: Simulator
let port: number
let url: string
let current: { child: ChildProcess; said: { text: string } }
let token = ''
let job = ''

beforeAll(async () => {
  sim = await Simulator.start({ vars: { JOB_MS: '1000' } })
  port = await findFreePort(10_000 + Math.floor(Math.random() * 20_000))
  url = `http://${HOST}:${port}`
  current = await start()
})
afterAll(async () => {
  current.child.kill('SIGKILL')
  const [worker] = findRunning(folder)?.workers ?? []
  if (worker) process.kill(worker, 'SIGKILL')
  await sim.dispose()
  rmSync(folder, { recursive: true, force: true })
})

async function start(): Promise<typeof current> {
  const args = ['scripts/serve.ts', '--port', String(port), '--data', folder]
  const origin = (host: string) => `${sim.url}/${host}`
  const env = {
    PATH: process.env['PATH'],
    HEYGEN_ORIGIN: origin('api.heygen.com'),
    HEYGEN_UPLOAD_ORIGIN: origin('upload.heygen.com'),
    HEYGEN_WEB_ORIGIN: origin('api2.heygen.com'),
    // Status checks come in seconds.
    TIME_SCALE: '20',
    LEGACY: 'pass',
  }
  const child = spawn(process.execPath, args, { env })
  const said = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (said.text += piece.toString()))
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`serve ended: ${said.text}`)
    return said.text.includes('heygen-gateway serves at')
  })
  return { child, said }
}

async function call(path_: string, with_: string, body?: object): Promise<unknown> {
  const answer = await fetch(url + path_, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${with_}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  if (answer.status >= 300) throw new Error(`${path_}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

const jobState = async () => (await call(`/v1/heygen/jobs/${job}`, token)) as { status?: string }

test('the first start makes the secrets, keeps them for their owner alone and shows them once [I6]', async () => {
  const secrets = JSON.parse(readFileSync(SECRETS, 'utf8')) as Record<string, string>
  expect(statSync(SECRETS).mode & 0o777).toBe(0o600)
  const { ADMIN_TOKEN = '', MASTER_KEYS = '' } = secrets
  for (const secret of [ADMIN_TOKEN, MASTER_KEYS])
    expect(current.said.text.split(secret)).toHaveLength(2)
  token = ((await call('/admin/tokens', ADMIN_TOKEN, { name: 'team' })) as { token: string }).token
  await sim.addAccount('a@example.com', 'sk_test_a')
  const account = { email: 'a@example.com', apiKey: 'sk_test_a', maxJobs: 1 }
  await call('/v1/heygen/accounts', token, account)
  const page = await fetch(`${url}/dashboard`)
  expect([page.status, page.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('text/html'),
  ])
})

test('killed with -9 and started again it has lost nothing, and looks after its running jobs unasked [I2]', async () => {
  const made = (await call('/heygen/v3/videos', token, VIDEO)) as { data: { video_id: string } }
  job = made.data.video_id
  const [orphan = 0] = findRunning(folder)?.workers ?? []
  current.child.kill('SIGKILL')
  await once(current.child, 'exit')
  await sim.forgetRequests()
  current = await start()
  expect(isAlive(orphan)).toBe(false)
  expect(current.said.text).not.toContain('ADMIN_TOKEN')
  // Nobody calls the gateway: its own alarm asks.
  await until(async () => (await sim.requests()).some(({ path: asked }) => asked.includes(job)))
  const accounts = await call('/v1/heygen/accounts', token)
  expect(accounts).toMatchObject({ 'a@example.com': { maxJobs: 1 } })
  expect(await until(async () => (await jobState()).status === 'completed')).toBe(true)
})

test('a workerd that crashes is started again, and the gateway answers as before', async () => {
  const [worker = 0] = findRunning(folder)?.workers ?? []
  process.kill(worker, 'SIGKILL')
  const state = await until(() => jobState().catch(() => undefined))
  expect(state.status).toBe('completed')
  await until(async () => findRunning(folder)?.workers?.[0] !== worker)
})

test('SIGTERM ends it with 0 and leaves no process behind', async () => {
  const [worker = 0] = findRunning(folder)?.workers ?? []
  current.child.kill('SIGTERM')
  const [code] = (await once(current.child, 'exit')) as [number]
  expect([code, isAlive(worker)]).toEqual([0, false])
  expect(findRunning(folder)).toBeUndefined()
})

/** A zombie counts as gone. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
