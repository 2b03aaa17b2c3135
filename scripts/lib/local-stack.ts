/**
 * Starts the gateway and the simulator together, on loopback, for `npm start`, the demo and tests. One folder (`.local/`, or
 * `LOCAL_DIR`) contains the state of both, `secrets.json`, and `running.json` while they run.
 */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import type { RunningWorker, RunWorkerOptions } from './run-worker.ts'

export const PROJECT = path.resolve(import.meta.dirname, '../..')
export const HOST = '127.0.0.1'

export interface Secrets {
  ADMIN_TOKEN: string
  MASTER_KEYS: string
  /** The demo tenant and its token, once they are made. */
  tenant?: string
  token?: string
}

/** The content of `running.json`: which process uses the folder, and its URLs once it is up. */
export interface Running {
  pid: number
  script: string
  gatewayUrl?: string
  simulatorUrl?: string
  workers?: number[]
}

export interface LocalStack {
  gatewayUrl: string
  simulatorUrl: string
  workers: number[]
  dispose: () => Promise<void>
}

export interface LocalStackOptions {
  folder: string
  secrets: Secrets
  /** 0 or absent: any free port. */
  port?: number
  simulatorPort?: number
  jobMs?: number
  onLog?: RunWorkerOptions['onLog']
  /** The simulated HeyGen has ended its older API. */
  sunset?: boolean
  /** The gateway also serves its pages. */
  assets?: boolean
}

export function localFolder(): string {
  return path.resolve(process.env.LOCAL_DIR || path.join(PROJECT, '.local'))
}

export async function openLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { folder, secrets, jobMs = 8000, port, simulatorPort, onLog } = options
  const started: RunningWorker[] = []
  const dispose = async () => {
    await Promise.all(started.map((worker) => worker.dispose()))
  }
  const start = async (worker: RunWorkerOptions) => {
    const running = await startWorker({ ...worker, ...(onLog ? { onLog } : {}) })
    started.push(running)
    return running
  }
  try {
    const simulator = await start({
      config: path.join(PROJECT, 'simulator/wrangler.toml'),
      name: 'simulator',
      persist: path.join(folder, 'simulator'),
      vars: { JOB_MS: String(jobMs), SUNSET: String(options.sunset ?? false) },
      port: simulatorPort ?? 0,
    })
    const gateway = await start({
      config: path.join(PROJECT, 'wrangler.toml'),
      name: 'gateway',
      persist: path.join(folder, 'gateway'),
      vars: gatewayVars(simulator.url, secrets),
      port: port ?? 0,
      assets: options.assets ?? false,
    })
    const workers = started.flatMap(({ pid }) => pid ?? [])
    return { gatewayUrl: gateway.url, simulatorUrl: simulator.url, workers, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** A local gateway must not call the internet, whatever a tenant asks for. So every origin is the simulator. */
function gatewayVars(simulatorUrl: string, secrets: Secrets): Record<string, string> {
  return {
    HEYGEN_ORIGIN: `${simulatorUrl}/api.heygen.com`,
    HEYGEN_UPLOAD_ORIGIN: `${simulatorUrl}/upload.heygen.com`,
    HEYGEN_WEB_ORIGIN: `${simulatorUrl}/api2.heygen.com`,
    HEYGEN_OAUTH_CLIENT_ID: 'sim-oauth-client',
    KLING_ORIGIN: `${simulatorUrl}/api-singapore.klingai.com`,
    KLING_WEB_ORIGIN: `${simulatorUrl}/klingai.com`,
    PUBLIC_ORIGIN: '',
    ALLOW_LOOPBACK_CALLBACKS: 'true',
    TIME_SCALE: '10',
    ADMIN_TOKEN: secrets.ADMIN_TOKEN,
    MASTER_KEYS: secrets.MASTER_KEYS,
  }
}

export async function startWorker(options: RunWorkerOptions): Promise<RunningWorker> {
  // wrangler reads both while it is imported. Without them it would call the internet, which may not be reachable.
  process.env.WRANGLER_SEND_METRICS = 'false'
  process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'
  const { runWorker } = await import('./run-worker.ts')
  return runWorker({ host: HOST, ...options })
}

/**
 * Replaces Miniflare's handlers for SIGINT and SIGTERM, which exit at once. The new handler runs `stop` first. It runs once, because
 * npm and the terminal may both send the same signal. Whatever `stop` does, the process exits after five seconds.
 */
export function stopOnSignals(stop: () => Promise<number>): void {
  let isStopping = false
  const onSignal = () => {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(1), 5000)
    stop().then(
      (code) => process.exit(code),
      () => process.exit(1)
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal)
    process.on(signal, onSignal)
  }
}

/** Ends this process when its parent is gone. npm passes a signal to the shell between, which may end without passing it on. */
export function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
  }, 500).unref()
}

export async function findFreePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + 100 && port < 65_536; port += 1) {
    if (await isFree(port)) return port
  }
  throw new Error(`No port from ${wanted} on is free.`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: HOST, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

export function newSecrets(): Secrets {
  return {
    ADMIN_TOKEN: randomBytes(36).toString('base64url'),
    MASTER_KEYS: `local:${randomBytes(32).toString('base64')}`,
  }
}

export function secretsFile(folder: string): string {
  return path.join(folder, 'secrets.json')
}

export function findSecrets(folder: string): Secrets | undefined {
  const text = readIfThere(secretsFile(folder))
  if (text === undefined) return undefined
  const secrets = parseObject<Secrets>(text)
  if (secrets?.ADMIN_TOKEN && secrets.MASTER_KEYS) return secrets
  throw new Error(
    `${toShownPath(secretsFile(folder))} cannot be read. Run with --reset to start with new data.`
  )
}

export function saveSecrets(folder: string, secrets: Secrets): void {
  replaceFile(secretsFile(folder), secrets)
}

/** Locks the folder for this process, or throws. Two Workers on one storage would corrupt it. */
export function takeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const mine: Running = { pid: process.pid, script: path.basename(process.argv[1] ?? 'node') }
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (createFile(runningFile(folder), mine)) {
      process.once('exit', () => leaveFolder(folder))
      return
    }
    const holder = findRunning(folder)
    if (holder) {
      const where = holder.gatewayUrl ? `, at ${holder.gatewayUrl}` : ''
      throw new Error(
        `${toShownPath(folder)} is in use by process ${holder.pid}${where}. Stop that one first.`
      )
    }
    endOrphans(folder)
    rmSync(runningFile(folder), { force: true })
  }
  throw new Error(`${toShownPath(folder)} could not be locked: several starts at once.`)
}

export function noteRunning(
  folder: string,
  { gatewayUrl, simulatorUrl, workers }: Pick<Running, 'gatewayUrl' | 'simulatorUrl' | 'workers'>
): void {
  replaceFile(runningFile(folder), { ...readRunning(folder), gatewayUrl, simulatorUrl, workers })
}

/**
 * The process that uses this folder now. A lock is stale if its process is gone, or if another program has that process id now.
 */
export function findRunning(folder: string): Running | undefined {
  const running = readRunning(folder)
  if (!running || running.pid === process.pid) return undefined
  return isAlive(running.pid, running.script) ? running : undefined
}

function readRunning(folder: string): Running | undefined {
  const running = parseObject<Running>(readIfThere(runningFile(folder)) ?? '')
  return Number.isInteger(running?.pid) ? running : undefined
}

function runningFile(folder: string): string {
  return path.join(folder, 'running.json')
}

function leaveFolder(folder: string): void {
  if (readRunning(folder)?.pid === process.pid) rmSync(runningFile(folder), { force: true })
}

/** Ends what a `kill -9` of the parent left running: two workerd processes that still write to this storage. */
function endOrphans(folder: string): void {
  for (const pid of readRunning(folder)?.workers ?? []) {
    if (commandOf(pid)?.includes('workerd')) process.kill(pid, 'SIGKILL')
  }
}

function isAlive(pid: number, script: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return commandOf(pid)?.includes(script) ?? true
}

/** The command line of a process. Undefined on systems without /proc. */
function commandOf(pid: number): string | undefined {
  return readIfThere(`/proc/${pid}/cmdline`)
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parseObject<T extends object>(text: string): T | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as T) : undefined
  } catch {
    return undefined
  }
}

/** Makes the file as a link, which appears whole or not at all. So nobody reads half a lock. */
function createFile(file: string, content: object): boolean {
  const draft = writeDraft(file, content)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function replaceFile(file: string, content: object): void {
  renameSync(writeDraft(file, content), file)
}

function writeDraft(file: string, content: object): string {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  return draft
}

/** Calls the gateway or the simulator. An error is one sentence. */
export async function send(
  method: string,
  url: string,
  token?: string,
  body?: unknown,
  headers: Record<string, string> = {}
): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      headers: {
        ...headers,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    })
  } catch {
    throw new Error(`${method} ${url} got no answer.`)
  }
}

export async function expectStatus(answer: Response, status: number, what: string): Promise<void> {
  if (answer.status === status) return
  const text = (await answer.text()).slice(0, 300)
  throw new Error(`${what} was answered with ${answer.status} instead of ${status}: ${text}`)
}

/** A path as a person would type it: relative to the project, or absolute if it is outside. */
export function toShownPath(file: string): string {
  const relative = path.relative(PROJECT, file)
  return relative.startsWith('..') ? file : relative
}
