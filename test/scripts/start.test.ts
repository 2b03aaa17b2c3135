/** `npm start` and `npm run demo` as a person runs them: as processes, by what they print and what they leave behind. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testFull } from '../support/full.ts'
import { until } from '../support/gateway.ts'
import { findFreePort, findRunning, HOST } from '../../scripts/lib/local-stack.ts'

const run = promisify(execFile)
const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-start-'))
const SECRETS = path.join(folder, 'secrets.json')
/** After each start. */
const secretsAtStart: string[] = []
const started: ChildProcess[] = []
let port: number
let simulatorPort: number

beforeAll(async () => {
  // Below those that the system hands out, and seldom the same as those of another run of this file.
  port = await findFreePort(10_000 + Math.floor(Math.random() * 20_000))
  simulatorPort = await findFreePort(port + 10)
})

afterAll(async () => {
  await Promise.all(started.map((child) => stop(child)))
  rmSync(folder, { recursive: true, force: true })
})

test('the printed curl lines work when pasted', async () => {
  const { output } = await running()
  // A video of 8 s might be over before the last line is run.
  const { simulatorUrl } = findRunning(folder) ?? {}
  const settings = { method: 'POST', body: JSON.stringify({ jobMs: 600_000 }) }
  expect((await fetch(`${simulatorUrl}/__sim/settings`, settings)).status).toBe(200)
  const lines = curlLines(output)
  expect(lines).toHaveLength(3)
  const [accounts, video, available] = await runAll(lines)
  expect(accounts).toMatchObject({
    'alice@example.com': { maxJobs: 2 },
    'bob@example.com': { maxJobs: 3 },
  })
  const { video_id } = (video as { data: { video_id: string } }).data
  expect(available).toMatchObject({ executing: [{ id: video_id }] })
})

test('started again, it has the accounts and jobs of before, also after a kill -9', async () => {
  const first = await running()
  const [, video] = await runAll(curlLines(first.output))
  const { video_id } = (video as { data: { video_id: string } }).data
  const [orphan = 0] = findRunning(folder)?.workers ?? []
  first.child.kill('SIGKILL')
  await exitCodeOf(first.child)
  const { output } = await running()
  expect(isAlive(orphan)).toBe(false)
  const lines = curlLines(output)
  const [accounts] = await runAll(lines)
  expect(Object.keys(accounts as object)).toEqual(['alice@example.com', 'bob@example.com'])
  const job = lines[0]?.replace('/accounts', `/jobs/${video_id}`) ?? ''
  expect(await runAll([job])).toMatchObject([{ jobid: video_id }])
})

test('the secrets are made once, are readable by their owner alone, and ADMIN_TOKEN is not printed [I6]', async () => {
  // Started twice by now.
  expect(secretsAtStart).toHaveLength(2)
  const [first = '', second] = secretsAtStart
  expect(second).toBe(first)
  const { output } = await running()
  const secrets = JSON.parse(first) as { ADMIN_TOKEN: string; token: string }
  expect(statSync(SECRETS).mode & 0o777).toBe(0o600)
  expect(secrets.ADMIN_TOKEN).toHaveLength(48)
  expect(output).not.toContain(secrets.ADMIN_TOKEN)
  expect(output).toContain(secrets.token)
})

testFull(
  'the printed lines that follow a video to its file and fill every slot work when pasted',
  async () => {
    const { output } = await running()
    const { simulatorUrl } = findRunning(folder) ?? {}
    const jobMs = (ms: number) =>
      fetch(`${simulatorUrl}/__sim/settings`, {
        method: 'POST',
        body: JSON.stringify({ jobMs: ms }),
      })
    await jobMs(300)
    const [id, wait, file, ...rest] = output
      .split('\n')
      .filter((line) => /^(ID=|until |URL=)/.test(line))
    expect(rest).toEqual([])
    const cwd = mkdtempSync(path.join(folder, 'video-'))
    await run('sh', ['-ec', [id, wait, file].join('\n')], { cwd })
    expect(statSync(path.join(cwd, 'video.mp4')).size).toBeGreaterThan(0)
    await jobMs(600_000)
    const fill = output.split('\n').find((line) => line.startsWith('for n in'))
    const { stdout } = await run('sh', ['-ec', fill ?? ''])
    expect(stdout.trim().split('\n').at(-1)).toMatch(/ 429$/)
  }
)

test('what is called while it runs shows as one short line each', async () => {
  const started = await running()
  const { gatewayUrl } = findRunning(folder) ?? {}
  await fetch(`${gatewayUrl}/v1/heygen/accounts`)
  await until(async () =>
    /^GET \/v1\/heygen\/accounts 401 unauthorized \d+ ms$/m.test(started.said.text)
  )
})

test('a second start on the same folder is refused in one sentence', async () => {
  const { child } = await running()
  const second = spawnStart()
  const said = collect(second)
  // All that it said has come by then, which it may not have when the process has just gone.
  await once(second, 'close')
  expect(second.exitCode).toBe(1)
  expect(said.text).toContain(`is in use by process ${child.pid}`)
  expect(said.text.trim().split('\n')).toHaveLength(1)
})

test('SIGINT, even twice, ends with 0 and leaves no process behind', async () => {
  const { child } = await running()
  const workers = findRunning(folder)?.workers ?? []
  expect(workers).toHaveLength(2)
  child.kill('SIGINT')
  child.kill('SIGINT')
  expect(await exitCodeOf(child)).toBe(0)
  expect([child.pid ?? 0, ...workers].filter(isAlive)).toEqual([])
  expect(findRunning(folder)).toBeUndefined()
})

// A busy port is refused by runWorker: test/simulator/run-worker.full.test.ts.
testFull('a busy port is announced and the next one is taken', async () => {
  if (last && !isOver(last.child)) await stop(last.child)
  const squatter = createServer().listen(port, HOST)
  await once(squatter, 'listening')
  try {
    const { output } = await running()
    expect(output).toContain(`Port ${port} is busy, taking ${port + 1}`)
    expect(output).toContain(`ready at http://${HOST}:${port + 1}\n`)
    expect(await runAll(curlLines(output).slice(0, 1))).toMatchObject([{ 'bob@example.com': {} }])
  } finally {
    squatter.close()
  }
})

// Its calls are those of the printed lines above.
testFull(
  'the demo keeps its promises on a stack of its own, and leaves nothing behind',
  async () => {
    const temporary = mkdtempSync(path.join(folder, 'tmp-'))
    const env = { ...process.env, LOCAL_DIR: path.join(folder, 'nobody'), TMPDIR: temporary }
    const { stdout } = await run(process.execPath, ['scripts/demo.ts'], { env })
    expect(stdout).toContain('5 accepted, 3 told to come back later')
    expect(stdout.match(/ completed /g)).toHaveLength(8)
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^As promised: 8 videos on 5 slots/)
    expect((await run('ls', [temporary])).stdout).not.toContain('heygen-gateway-demo')
  }
)

interface Started {
  child: ChildProcess
  output: string
  said: { text: string }
}

let last: Started | undefined

/** A start takes seconds of the machine: what one test leaves running, the next one uses. */
async function running(): Promise<Started> {
  if (!last || isOver(last.child)) last = await start()
  return last
}

async function start(): Promise<Started> {
  const child = spawnStart()
  const said = collect(child)
  const ended = once(child, 'exit').then(() => {
    throw new Error(`npm start ended before it was ready:\n${said.text}`)
  })
  await Promise.race([ended, said.until('Ctrl-C')])
  ended.catch(() => undefined)
  secretsAtStart.push(readFileSync(SECRETS, 'utf8'))
  return { child, output: said.text, said }
}

function spawnStart(): ChildProcess {
  const env = { LOCAL_DIR: folder, PORT: String(port), SIMULATOR_PORT: String(simulatorPort) }
  const child = spawn(process.execPath, ['scripts/start.ts'], { env: { ...process.env, ...env } })
  started.push(child)
  return child
}

function collect(child: ChildProcess) {
  const said = { text: '', until }
  function until(word: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => said.text.includes(word) && resolve()
      child.stdout?.on('data', look)
      look()
    })
  }
  const add = (chunk: Buffer) => {
    said.text += chunk.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return said
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  await exitCodeOf(child)
}

async function exitCodeOf(child: ChildProcess): Promise<number | null> {
  if (!isOver(child)) await once(child, 'exit')
  return child.exitCode
}

function curlLines(output: string): string[] {
  return output.split('\n').filter((line) => line.startsWith('curl '))
}

/** One after the other, as a person would. */
async function runAll(lines: string[]): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const line of lines) {
    const { stdout } = await run('sh', ['-c', line])
    answers.push(JSON.parse(stdout) as unknown)
  }
  return answers
}

/** A zombie counts as gone: it only waits for its new parent to take note. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isZombie(pid)
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false // no /proc here
  }
}
