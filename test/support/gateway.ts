/** Opens a gateway in workerd, with the simulator behind it over real HTTP. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { runWorker, type RunningWorker } from '../../scripts/lib/run-worker.ts'
import { CLOCKED, COUNTING, PLAIN } from './renewed/entries.ts'
import { takeWorker } from './renewed/renewed.ts'
import { Simulator } from './simulator.ts'

/** Random in every run, because the gateway accepts a published token only on loopback. */
export const ADMIN_TOKEN = `admin-of-tests-${randomBytes(24).toString('hex')}`
/** Random in every run, for gateways that are called at an address other than loopback. */
export const UNPUBLISHED_KEYS = `k1:${randomBytes(32).toString('base64')}`
export const MASTER_KEYS = 'k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='

export interface GatewayOptions {
  /** `maxJobs` by name. Each name becomes the account `<name>@example.com` with the key `sk_test_<name>`. */
  accounts?: Record<string, number>
  timeScale?: number
  vars?: Record<string, string>
  simVars?: Record<string, string>
  simAccount?: Record<string, unknown>
  persist?: string
  simulator?: Simulator
  port?: number
  /** An entry file instead of the Worker's own. */
  entry?: string
  /** Starts a workerd that no other test uses. For tests that kill workerd or measure its memory. */
  isAlone?: boolean
  /** Also serves the pages, in a workerd of its own. */
  assets?: boolean
  /** A list of providers instead of src/providers/index.ts. */
  providers?: string
}

export class Gateway {
  readonly url: string
  readonly sim: Simulator
  readonly logs: string[]
  /** Texts that no line of the log may contain. Tokens are added when they are made. */
  readonly secrets: string[]
  token = ''
  readonly #pid: () => number | undefined
  readonly #dispose: () => Promise<void>

  constructor(parts: {
    url: string
    sim: Simulator
    logs: string[]
    pid: () => number | undefined
    secrets: string[]
    dispose: () => Promise<void>
  }) {
    this.url = parts.url
    this.sim = parts.sim
    this.logs = parts.logs
    this.#pid = parts.pid
    this.secrets = parts.secrets
    this.#dispose = parts.dispose
  }

  /** The process id of workerd. It changes when workerd is killed and starts again. */
  get pid(): number | undefined {
    return this.#pid()
  }

  /** The same gateway, called with another token. */
  as(token: string): Gateway {
    const { url, sim, logs, secrets } = this
    const parts = { url, sim, logs, secrets, pid: this.#pid, dispose: async () => undefined }
    const gateway = new Gateway(parts)
    gateway.token = token
    return gateway
  }

  /** A call with the tenant's token. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('authorization') && !headers.has('x-api-key'))
      headers.set('authorization', `Bearer ${this.token}`)
    return fetch(this.url + path, { redirect: 'manual', ...init, headers })
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  admin(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
    return fetch(`${this.url}/admin${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async newToken(
    more: Record<string, unknown> = {}
  ): Promise<{ id: string; token: string; tenant: string }> {
    const answer = await this.admin('POST', '/tokens', { name: 'test', ...more })
    if (answer.status !== 201) throw new Error(`no token: ${answer.status} ${await answer.text()}`)
    const made = (await answer.json()) as { id: string; token: string; tenant: string }
    this.secrets.push(made.token)
    return made
  }

  async addAccount(
    name: string,
    maxJobs: number,
    simAccount: Record<string, unknown> = {}
  ): Promise<string> {
    const email = `${name}@example.com`
    await this.sim.addAccount(email, `sk_test_${name}`, simAccount)
    const added = await this.post('/v1/heygen/accounts', {
      email,
      apiKey: `sk_test_${name}`,
      maxJobs,
    })
    if (added.status !== 201)
      throw new Error(`account ${name}: ${added.status} ${await added.text()}`)
    return email
  }

  createVideo(
    more: Record<string, unknown> = {},
    headers: Record<string, string> = {}
  ): Promise<Response> {
    return this.post('/heygen/v3/videos', { ...VIDEO, ...more }, headers)
  }

  /** How many slots are held on all accounts, as the scheduler shows them. */
  async heldSlots(provider = 'heygen'): Promise<number> {
    const answer = await this.fetch(`/v1/${provider}/scheduler/available`)
    const { available } = (await answer.json()) as { available: { executing: number }[] }
    return available.reduce((sum, account) => sum + account.executing, 0)
  }

  /** Ends the gateway. Fails if its log contains a secret, so every test checks this. */
  async dispose() {
    await this.#dispose()
    const said = this.logs.join('\n')
    const told = this.secrets.find((secret) => said.includes(secret))
    if (told) throw new Error(`a secret stands in the log: ${told.slice(0, 8)}…`)
  }
}

const SECRETS = [
  ADMIN_TOKEN,
  MASTER_KEYS.slice(3),
  UNPUBLISHED_KEYS.slice(3),
  'sk_test_',
  'sk_sim_',
  'kling_key_',
  'kling_secret_',
  'whsec_',
  // Signed tokens.
  'eyJ',
]

export const VIDEO = {
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  script: 'Hello there.',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
  title: 'Demo',
}

/** Jobs end when the test says so, not after a second: on a busy machine that is before the test has filled an account. */
const ENDLESS = { JOB_MS: '-1' }

export async function openGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const sim =
    options.simulator ?? (await Simulator.start({ vars: { ...ENDLESS, ...options.simVars } }))
  const logs: string[] = []
  const worker = await startGateway(sim.url, options, (message) => logs.push(message))
  const dispose = async () => {
    await worker.dispose()
    if (!options.simulator) await sim.dispose()
  }
  const pid = () => worker.pid
  const gateway = new Gateway({
    url: worker.url,
    sim,
    logs,
    pid,
    secrets: [...SECRETS],
    dispose,
  })
  gateway.token = (await gateway.newToken()).token
  for (const [name, maxJobs] of Object.entries(options.accounts ?? {})) {
    await gateway.addAccount(name, maxJobs, options.simAccount)
  }
  return gateway
}

/** Uses a workerd that another test has left, unless the options ask for one of its own. */
function startGateway(
  simUrl: string,
  options: GatewayOptions,
  onLog: (message: string) => void
): Promise<RunningWorker> {
  const vars = gatewayVars(simUrl, options)
  const { persist, port, entry, providers, isAlone = false, assets = false } = options
  const common = { config: 'wrangler.toml', name: 'gateway', vars }
  const isRenewable = entry === undefined || [CLOCKED, COUNTING].includes(entry)
  if (
    isRenewable &&
    !isAlone &&
    !assets &&
    persist === undefined &&
    port === undefined &&
    !providers
  )
    return takeWorker({ ...common, entry: entry ?? PLAIN, onLog })
  return runWorker({
    ...common,
    assets,
    // A direct socket has another port after workerd was killed and started again.
    isDirect: !assets && persist === undefined,
    onLog: ({ message }) => onLog(message),
    ...(persist === undefined ? {} : { persist }),
    ...(port === undefined ? {} : { port }),
    ...(entry === undefined ? {} : { entry }),
    ...(providers === undefined
      ? {}
      : { alias: { '#providers/index.ts': path.resolve(providers) } }),
  })
}

export function gatewayVars(simUrl: string, options: GatewayOptions): Record<string, string> {
  return {
    HEYGEN_ORIGIN: `${simUrl}/api.heygen.com`,
    HEYGEN_UPLOAD_ORIGIN: `${simUrl}/upload.heygen.com`,
    HEYGEN_WEB_ORIGIN: `${simUrl}/api2.heygen.com`,
    KLING_ORIGIN: `${simUrl}/api-singapore.klingai.com`,
    KLING_WEB_ORIGIN: `${simUrl}/id.klingai.com`,
    ADMIN_TOKEN,
    MASTER_KEYS: options.vars?.['PUBLIC_ORIGIN'] ? UNPUBLISHED_KEYS : MASTER_KEYS,
    TIME_SCALE: String(options.timeScale ?? 1),
    ...options.vars,
  }
}

/** Most conditions become true soon. The pauses grow, because each call takes time of the machine. */
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 150

/** Far longer than anything takes, also on a slow machine that does much else: it only ends a wait for what does not happen. */
const PATIENCE_MS = 100_000

export async function until<T>(
  what: () => Promise<T | false | undefined>,
  withinMs = PATIENCE_MS
): Promise<T> {
  const end = Date.now() + withinMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.3, LONGEST_PAUSE_MS)) {
    const value = await what()
    if (value) return value
    if (Date.now() > end) throw new Error(`did not happen within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
