/** The simulator's remote control: reads what it saw and counted, and says what it does next. */
import { runWorker } from '../../scripts/lib/run-worker.ts'
import { callControl } from './renewed/control.ts'
import { SIMULATOR } from './renewed/entries.ts'
import { takeWorker } from './renewed/renewed.ts'

export interface SimAccount {
  provider: string
  email: string
  username: string
  inFlight: number
  maxInFlight: number
  jobsStarted: number
  logins: number
}

export interface SimRequest {
  n: number
  method: string
  host: string
  path: string
  query: string
  headers: Record<string, string>
  account: string | null
  status: number
  body?: string
}

export interface SimJob {
  id: string
  type: string
  account: string
  status: string
  callbackId?: string
}

export class Simulator {
  readonly url: string
  readonly #dispose: () => Promise<void>

  constructor(url: string, dispose: () => Promise<void>) {
    this.url = url
    this.#dispose = dispose
  }

  /** Starts in a workerd that another test has left, with empty data. With `persist` it starts a workerd of its own. */
  static async start({
    persist,
    vars = {},
  }: { persist?: string; vars?: Record<string, string> } = {}) {
    const common = { config: 'simulator/wrangler.toml', name: 'simulator', vars }
    const worker = await (persist === undefined
      ? takeWorker({ ...common, entry: SIMULATOR })
      : runWorker({ ...common, persist, isDirect: true }))
    return new Simulator(worker.url, () => worker.dispose())
  }

  async control<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await callControl(method, `${this.url}/__sim${path}`, body)
    if (status < 200 || status > 299)
      throw new Error(`simulator ${method} ${path}: ${status} ${text}`)
    return JSON.parse(text) as T
  }

  /** `key` is one of the account's API keys. The account has no limit of jobs unless `concurrency` sets one. */
  addAccount(email: string, key: string, more: Record<string, unknown> = {}) {
    return this.control('POST', '/accounts', { email, apiKeys: [key], concurrency: null, ...more })
  }

  async state() {
    return this.control<{ accounts: SimAccount[]; jobs: SimJob[] }>('GET', '/state')
  }

  async account(email: string): Promise<SimAccount> {
    const found = (await this.state()).accounts.find((one) => one.email === email)
    if (!found) throw new Error(`the simulator has no account ${email}`)
    return found
  }

  async requests(): Promise<SimRequest[]> {
    return this.control<SimRequest[]>('GET', '/requests')
  }

  forgetRequests() {
    return this.control('DELETE', '/requests')
  }

  fault(fault: {
    match?: Record<string, unknown>
    times?: number
    effect: Record<string, unknown>
  }) {
    return this.control('POST', '/faults', { match: {}, ...fault })
  }

  clearFaults() {
    return this.control('DELETE', '/faults')
  }

  settings(settings: Record<string, unknown>) {
    return this.control('POST', '/settings', settings)
  }

  finishJobs() {
    return this.control('POST', '/finish', {})
  }

  dispose() {
    return this.#dispose()
  }
}
