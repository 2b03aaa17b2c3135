/** All programs of a run: the upstream, the gateway and what it is compared with. Each is started when it is first asked for. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BUNDLE } from '../../scripts/lib/bundle.ts'
import { bundle, readWrangler, type WranglerConfig } from '../../scripts/lib/build-worker.ts'
import { GatewayClient } from './gateway-client.ts'
import { LoadGenerator } from './load.ts'
import { BENCH, end, startProgram, type Started } from './processes.ts'
import { VIDEO } from './upstream-answers.ts'
import { hasNginx, startNginx } from './nginx.ts'
import { startPortkey } from './portkey.ts'
import { startWorkerd, type RunningWorkerd, type WorkerdOptions } from './workerd.ts'

/** The programs that are measured. `direct` is the upstream itself. */
export type ProgramName =
  | 'direct'
  | 'bare'
  | 'bare+token'
  | 'bare+duties'
  | 'bare+parse'
  | 'bare+token+parse'
  | 'bare+creation'
  | 'portkey'
  | 'nginx'
  | 'gateway'

export interface Program {
  port: number
  pid: number
  /** The headers with which a client of it authenticates. */
  headers: Record<string, string>
}

const SOURCES: Partial<Record<ProgramName, string>> = {
  bare: 'pass.ts',
  'bare+token': 'token.ts',
  'bare+duties': 'duties.ts',
  'bare+parse': 'parse.ts',
  'bare+token+parse': 'token-parse.ts',
  'bare+creation': 'creation.ts',
}

/** A disk in memory if there is one: how long this machine's disk takes to write is not what is compared. */
const MEMORY_DISK = '/dev/shm'

export function defaultFolder(): string {
  return existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir()
}

const CREDENTIAL = 'sk_bench_ann'

export interface WorldOptions {
  /** The folder in which objects write. */
  disk: string
  hasOutboundWorker?: boolean
  /** The gateway runs this script, with the inspector, instead of the bundle that would be deployed. */
  profiled?: string
}

/** A gateway that can be started again with the data that it has. */
export interface BenchedGateway {
  worker: RunningWorkerd
  client: GatewayClient
  /** Another tenant, without accounts. */
  newTenant(name: string): Promise<GatewayClient>
  /** Ends workerd and starts it again: a fresh isolate. */
  restart(): Promise<RunningWorkerd>
}

type Settings = Omit<WorkerdOptions, 'compatibilityDate' | 'compatibilityFlags'>

export class World {
  readonly load = new LoadGenerator()
  readonly folder: string
  readonly upstream: Started
  readonly #options: WorldOptions
  readonly #servers: Pick<Started, 'child'>[] = []
  readonly #hasNginx = hasNginx()
  readonly #fresh = new Map<ProgramName, RunningWorkerd>()
  readonly #config: WranglerConfig
  readonly #programs = new Map<ProgramName, Promise<Program>>()
  readonly #workers: RunningWorkerd[] = []
  readonly #token = randomBytes(24).toString('hex')
  inspectorPort = 0
  #client: GatewayClient | undefined
  #job: Promise<string> | undefined

  private constructor(options: WorldOptions, upstream: Started, config: WranglerConfig) {
    this.folder = mkdtempSync(path.join(options.disk, 'bench-'))
    this.#options = options
    this.upstream = upstream
    this.#config = config
  }

  static async open(options: WorldOptions): Promise<World> {
    const [upstream, config] = await Promise.all([
      startProgram('programs/upstream.ts'),
      readWrangler(path.resolve('wrangler.toml')),
    ])
    return new World(options, upstream, config)
  }

  get upstreamOrigin(): string {
    return `http://127.0.0.1:${this.upstream.port}`
  }

  /** False: the program is not installed on this machine. */
  has(name: ProgramName): boolean {
    return name !== 'nginx' || this.#hasNginx
  }

  program(name: ProgramName): Promise<Program> {
    const started = this.#programs.get(name) ?? this.#start(name)
    this.#programs.set(name, started)
    return started
  }

  /** The client of the gateway that `program('gateway')` starts. */
  async gateway(): Promise<GatewayClient> {
    await this.program('gateway')
    if (!this.#client) throw new Error('the gateway has no client')
    return this.#client
  }

  async #start(name: ProgramName): Promise<Program> {
    if (name === 'direct')
      return { port: this.upstream.port, pid: this.upstream.child.pid ?? 0, headers: {} }
    if (name === 'gateway') return this.#startGateway()
    if (name === 'portkey') return this.#startPortkey()
    if (name === 'nginx') return this.#startNginx()
    const { port, pid } = await this.startWorker(await this.#settingsOf(name))
    return { port, pid, headers: { authorization: `Bearer ${this.#token}` } }
  }

  async #startPortkey(): Promise<Program> {
    const portkey = await startPortkey()
    this.#servers.push(portkey)
    const headers = {
      authorization: `Bearer ${CREDENTIAL}`,
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': this.upstreamOrigin,
    }
    return { port: portkey.port, pid: portkey.child.pid ?? 0, headers }
  }

  async #startNginx(): Promise<Program> {
    const nginx = await startNginx(path.join(this.folder, 'nginx'), this.upstream.port)
    this.#servers.push(nginx)
    return { port: nginx.port, pid: nginx.pid, headers: {} }
  }

  async #settingsOf(name: ProgramName): Promise<Settings> {
    const script = await bundle(path.join(BENCH, 'programs/workers', SOURCES[name] ?? ''))
    const hasObjects = name === 'bare+creation'
    return {
      folder: path.join(this.folder, name),
      script,
      vars: {
        UPSTREAM: this.upstreamOrigin,
        TOKEN_HASH: createHash('sha256').update(this.#token).digest('hex'),
        CREDENTIAL,
      },
      ...(hasObjects ? { objects: { SLOTS: 'Slots', DESK: 'Desk' } } : {}),
    }
  }

  /** Another process of a bare program, fresh. The one before it is ended. */
  async restartBare(name: ProgramName): Promise<Program> {
    const before = this.#fresh.get(name)
    if (before) await end(before.child)
    const settings = await this.#settingsOf(name)
    const folder = `${settings.folder}-fresh`
    const worker = await this.startWorker({ ...settings, folder })
    this.#fresh.set(name, worker)
    const { port, pid } = worker
    return { port, pid, headers: { authorization: `Bearer ${this.#token}` } }
  }

  async startWorker(options: Settings): Promise<RunningWorkerd> {
    const worker = await startWorkerd({
      compatibilityDate: this.#config.compatibility_date ?? '',
      compatibilityFlags: this.#config.compatibility_flags,
      hasOutboundWorker: this.#options.hasOutboundWorker ?? false,
      ...options,
    })
    this.#workers.push(worker)
    return worker
  }

  async #startGateway(): Promise<Program> {
    const { worker, client } = await this.newGateway('gateway', {
      ...(this.#options.profiled === undefined
        ? {}
        : { script: this.#options.profiled, inspector: true }),
    })
    this.#client = client
    this.inspectorPort = worker.inspectorPort ?? 0
    await client.addAccount('ann', 50)
    return { port: worker.port, pid: worker.pid, headers: client.headers }
  }

  /** A gateway of its own, with a tenant and no account. The script is the one that would be deployed, if none is given. */
  async newGateway(
    name: string,
    options: {
      script?: string
      inspector?: boolean
      vars?: Record<string, string>
      copies?: number
    } = {}
  ): Promise<BenchedGateway> {
    const {
      script = await readFile(`${BUNDLE}/index.js`, 'utf8'),
      inspector = false,
      copies = 0,
    } = options
    const adminToken = randomBytes(24).toString('hex')
    const kv = await startProgram('programs/kv.ts')
    this.#servers.push(kv)
    const settings = {
      folder: path.join(this.folder, name),
      script,
      inspector,
      copies,
      vars: { ...this.#gatewayVars(adminToken), ...options.vars },
      objects: Object.fromEntries(
        this.#config.durable_objects.bindings.map((one) => [one.name, one.class_name])
      ),
      kv: Object.fromEntries(this.#config.kv_namespaces.map((one) => [one.binding, kv.port])),
      limits: (this.#config.ratelimits ?? []).map((one) => one.name),
    }
    const worker = await this.startWorker(settings)
    const client = await GatewayClient.open(worker.port, adminToken)
    const gateway: BenchedGateway = {
      worker,
      client,
      newTenant: (tenant) => GatewayClient.open(gateway.worker.port, adminToken, tenant),
      restart: async () => {
        await end(gateway.worker.child)
        gateway.worker = await this.startWorker(settings)
        client.port = gateway.worker.port
        return gateway.worker
      },
    }
    return gateway
  }

  #gatewayVars(adminToken: string): Record<string, string> {
    const origin = this.upstreamOrigin
    return {
      ...this.#config.vars,
      HEYGEN_ORIGIN: origin,
      HEYGEN_UPLOAD_ORIGIN: origin,
      HEYGEN_WEB_ORIGIN: origin,
      KLING_ORIGIN: origin,
      KLING_WEB_ORIGIN: origin,
      HEYGEN_MAX_JOBS: '1000',
      ADMIN_TOKEN: adminToken,
      MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    }
  }

  /** The id of a job that runs as long as the bench, on the gateway's account. */
  runningJob(): Promise<string> {
    this.#job ??= this.gateway().then(async (client) => {
      const made = await client.post('/heygen/v3/videos', JSON.parse(VIDEO))
      return (made as { data: { video_id: string } }).data.video_id
    })
    return this.#job
  }

  /** Ends a gateway that is not needed any more: idle ones take memory and set alarms. */
  async end({ worker }: BenchedGateway): Promise<void> {
    await end(worker.child)
  }

  /** Changes what the upstream answers. */
  async control(wish: {
    completed?: readonly string[]
    delayMs?: number
    slowKey?: string
    slowMs?: number
  }): Promise<{ calls: number; hooks: string[] }> {
    const body = JSON.stringify(wish)
    const answer = await fetch(`${this.upstreamOrigin}/control`, { method: 'POST', body })
    return (await answer.json()) as { calls: number; hooks: string[] }
  }

  async close(): Promise<void> {
    this.load.close()
    await Promise.all(this.#workers.map(({ child }) => end(child)))
    // nginx ends its worker process itself, if it may.
    await Promise.all([this.upstream, ...this.#servers].map(({ child }) => end(child, 'SIGTERM')))
    rmSync(this.folder, { recursive: true, force: true })
  }
}
