/**
 * Runs a Worker in workerd directly: one process, one socket that leads straight to the Worker, `fetch` straight to the network,
 * objects on disk in SQLite. Miniflare would put Workers of its own before the entry and before each `fetch`, which cost about
 * as much as what is measured here.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface WorkerdOptions {
  /** For the configuration, the script and the objects' data. What is there stays. */
  folder: string
  script: string
  compatibilityDate: string
  compatibilityFlags: readonly string[]
  vars: Record<string, string>
  /** Class names by binding. */
  objects?: Record<string, string>
  /** Ports of KV servers by binding. */
  kv?: Record<string, number>
  /** Names of rate limit bindings. Here they limit nothing. */
  limits?: readonly string[]
  inspector?: boolean
  /** So many further services of the same script, each with an isolate of its own, which use the objects of the first. */
  copies?: number
  /** Puts a Worker before each `fetch`, as Miniflare does. For comparison with numbers that were measured so. */
  hasOutboundWorker?: boolean
}

export interface RunningWorkerd {
  child: ChildProcess
  pid: number
  port: number
  inspectorPort: number | undefined
  /** The ports of the copies. */
  copies: number[]
}

/** The workerd that Miniflare uses, which is the one that tests and `npm start` run. */
function workerdPath(): string {
  const { resolve } = createRequire(import.meta.url)
  const ofMiniflare = createRequire(resolve('miniflare'))
  return (ofMiniflare('workerd') as { default: string }).default
}

export async function startWorkerd(options: WorkerdOptions): Promise<RunningWorkerd> {
  mkdirSync(path.join(options.folder, 'objects'), { recursive: true })
  writeFileSync(path.join(options.folder, 'index.js'), options.script)
  const config = path.join(options.folder, 'config.capnp')
  writeFileSync(config, toConfig(options))
  const inspector = options.inspector ? ['--inspector-addr=127.0.0.1:0'] : []
  const args = ['serve', config, '--experimental', '--control-fd=3', ...inspector]
  const child = spawn(workerdPath(), args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] })
  const ports = await portsOf(child, 1 + (options.inspector ? 1 : 0) + (options.copies ?? 0))
  return {
    child,
    pid: child.pid ?? 0,
    port: ports.get('main') ?? 0,
    inspectorPort: ports.get('inspector'),
    copies: copiesOf(options).map((name) => ports.get(name) ?? 0),
  }
}

function copiesOf({ copies = 0 }: WorkerdOptions): string[] {
  return Array.from({ length: copies }, (_, at) => `copy${at}`)
}

/** workerd tells on the control pipe where it listens. */
function portsOf(child: ChildProcess, wanted: number): Promise<Map<string, number>> {
  const ports = new Map<string, number>()
  let said = ''
  child.stderr?.on('data', (piece: Buffer) => (said = (said + piece.toString()).slice(-4000)))
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`workerd ended: ${said}`)))
    createInterface(child.stdio[3] as Readable).on('line', (line) => {
      const told = JSON.parse(line) as { event: string; socket?: string; port: number }
      ports.set(told.event === 'listen-inspector' ? 'inspector' : (told.socket ?? ''), told.port)
      if (ports.size === wanted) resolve(ports)
    })
  })
}

const UNLIMITED = `import { WorkerEntrypoint } from 'cloudflare:workers'
export default class extends WorkerEntrypoint { limit() { return { success: true } } }`

const OUTBOUND = `export default {
  fetch(request) {
    const sent = new Request(request)
    sent.headers.delete('cf-connecting-ip')
    return fetch(sent)
  }
}`

function toConfig(options: WorkerdOptions): string {
  const { objects = {}, kv = {}, limits = [], hasOutboundWorker = false } = options
  const text = (value: string) => JSON.stringify(value)
  const list = (entries: readonly string[]) => `[ ${entries.join(',\n    ')} ]`
  const bindings = [
    ...Object.entries(options.vars).map(
      ([name, value]) => `(name = ${text(name)}, text = ${text(value)})`
    ),
    ...Object.entries(objects).map(
      ([name, className]) =>
        `(name = ${text(name)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "main"))`
    ),
    ...Object.keys(kv).map((name) => `(name = ${text(name)}, kvNamespace = ${text(`kv-${name}`)})`),
    ...limits.map((name) => `(name = ${text(name)}, service = "unlimited")`),
  ]
  const classes = Object.values(objects).map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(`bench-${name}`)}, enableSql = true)`
  )
  const storage = classes.length > 0 ? '(localDisk = "objects")' : '(none = void)'
  const stores = Object.entries(kv).map(
    ([name, port]) => `(name = "kv-${name}", external = (address = "127.0.0.1:${port}", http = ()))`
  )
  const services = [
    '(name = "main", worker = .main)',
    ...copiesOf(options).map((name) => `(name = "${name}", worker = .copy)`),
    '(name = "internet", network = (allow = ["public", "private"]))',
    `(name = "objects", disk = (path = ${text(path.join(options.folder, 'objects'))}, writable = true))`,
    '(name = "unlimited", worker = .unlimited)',
    '(name = "outbound", worker = .outbound)',
    ...stores,
  ]
  const date = text(options.compatibilityDate)
  const sockets = ['main', ...copiesOf(options)].map(
    (name) => `(name = "${name}", address = "127.0.0.1:0", http = (), service = "${name}")`
  )
  const worker = `
  modules = [ (name = "index.js", esModule = embed "index.js") ],
  compatibilityDate = ${date},
  compatibilityFlags = ${list(options.compatibilityFlags.map(text))},
  bindings = ${list(bindings)},
  globalOutbound = "${hasOutboundWorker ? 'outbound' : 'internet'}"`
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = ${list(services)},
  sockets = ${list(sockets)}
);
const main :Workerd.Worker = (${worker},
  durableObjectNamespaces = ${list(classes)},
  durableObjectStorage = ${storage}
);
const copy :Workerd.Worker = (${worker}
);
const unlimited :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = ${text(UNLIMITED)}) ],
  compatibilityDate = ${date}
);
const outbound :Workerd.Worker = (
  modules = [ (name = "index.js", esModule = ${text(OUTBOUND)}) ],
  compatibilityDate = ${date}
);
`
}
