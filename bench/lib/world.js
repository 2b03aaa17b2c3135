/** All programs of a run: the upstream, the gateway and what it is compared with. Each is started when it is first asked for. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BUNDLE } from '../../scripts/lib/bundle.ts'
import { bundle, readWrangler } from '../../scripts/lib/build-worker.ts'
import { GatewayClient } from './gateway-client.ts'
import { LoadGenerator } from './load.ts'
import { BENCH, end, startProgram } from './processes.ts'
import { VIDEO } from './upstream-answers.ts'
import { startWorkerd } from './workerd.ts'
const SOURCES = {
  bare: 'pass.ts',
  'bare+token': 'token.ts',
  'bare+parse': 'parse.ts',
  'bare+token+parse': 'token-parse.ts',
  'bare+creation': 'creation.ts',
}
/** A disk in memory if there is one: how long this machine's disk takes to write is not what is compared. */
const MEMORY_DISK = '/dev/shm'
export function defaultFolder() {
  return existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir()
}
const CREDENTIAL = 'sk_bench_ann'
export class World {
  load = new LoadGenerator()
  folder
  upstream
  #options
  #servers = []
  #config
  #programs = new Map()
  #workers = []
  #token = randomBytes(24).toString('hex')
  inspectorPort = 0
  #client
  #job
  constructor(options, upstream, config) {
    this.folder = mkdtempSync(path.join(options.disk, 'bench-'))
    this.#options = options
    this.upstream = upstream
    this.#config = config
  }
  static async open(options) {
    const [upstream, config] = await Promise.all([
      startProgram('programs/upstream.ts'),
      readWrangler(path.resolve('wrangler.toml')),
    ])
    return new World(options, upstream, config)
  }
  get upstreamOrigin() {
    return `http://127.0.0.1:${this.upstream.port}`
  }
  program(name) {
    const started = this.#programs.get(name) ?? this.#start(name)
    this.#programs.set(name, started)
    return started
  }
  /** The client of the gateway that `program('gateway')` starts. */
  async gateway() {
    await this.program('gateway')
    if (!this.#client) throw new Error('the gateway has no client')
    return this.#client
  }
  async #start(name) {
    if (name === 'direct')
      return { port: this.upstream.port, pid: this.upstream.child.pid ?? 0, headers: {} }
    if (name === 'gateway') return this.#startGateway()
    const script = await bundle(path.join(BENCH, 'programs/workers', SOURCES[name] ?? ''))
    const hasObjects = name === 'bare+creation'
    const { port, pid } = await this.startWorker({
      folder: path.join(this.folder, name),
      script,
      vars: {
        UPSTREAM: this.upstreamOrigin,
        TOKEN_HASH: createHash('sha256').update(this.#token).digest('hex'),
        CREDENTIAL,
      },
      ...(hasObjects ? { objects: { SLOTS: 'Slots', DESK: 'Desk' } } : {}),
    })
    return { port, pid, headers: { authorization: `Bearer ${this.#token}` } }
  }
  async startWorker(options) {
    const worker = await startWorkerd({
      compatibilityDate: this.#config.compatibility_date ?? '',
      compatibilityFlags: this.#config.compatibility_flags,
      hasOutboundWorker: this.#options.hasOutboundWorker ?? false,
      ...options,
    })
    this.#workers.push(worker)
    return worker
  }
  async #startGateway() {
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
  async newGateway(name, options = {}) {
    const { script = await readFile(`${BUNDLE}/index.js`, 'utf8'), inspector = false } = options
    const adminToken = randomBytes(24).toString('hex')
    const kv = await startProgram('programs/kv.ts')
    this.#servers.push(kv)
    const settings = {
      folder: path.join(this.folder, name),
      script,
      inspector,
      vars: { ...this.#gatewayVars(adminToken), ...options.vars },
      objects: Object.fromEntries(
        this.#config.durable_objects.bindings.map((one) => [one.name, one.class_name])
      ),
      kv: Object.fromEntries(this.#config.kv_namespaces.map((one) => [one.binding, kv.port])),
      limits: (this.#config.ratelimits ?? []).map((one) => one.name),
    }
    const worker = await this.startWorker(settings)
    const client = await GatewayClient.open(worker.port, adminToken)
    const gateway = {
      worker,
      client,
      restart: async () => {
        await end(gateway.worker.child)
        gateway.worker = await this.startWorker(settings)
        client.port = gateway.worker.port
        return gateway.worker
      },
    }
    return gateway
  }
  #gatewayVars(adminToken) {
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
  runningJob() {
    this.#job ??= this.gateway().then(async (client) => {
      const made = await client.post('/heygen/v3/videos', JSON.parse(VIDEO))
      return made.data.video_id
    })
    return this.#job
  }
  /** Changes what the upstream answers. */
  async control(wish) {
    const body = JSON.stringify(wish)
    const answer = await fetch(`${this.upstreamOrigin}/control`, { method: 'POST', body })
    return await answer.json()
  }
  async close() {
    this.load.close()
    await Promise.all(this.#workers.map(({ child }) => end(child)))
    await Promise.all([this.upstream, ...this.#servers].map(({ child }) => end(child)))
    rmSync(this.folder, { recursive: true, force: true })
  }
}
