/**
 * Runs the Worker of a wrangler.toml on loopback, without wrangler's command line: for `npm start`, tests that kill
 * the process, and benches. It bundles with esbuild, reads the bindings through wrangler and gives both to Miniflare.
 * It needs no internet, and prints nothing unless `onLog` is given.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer } from 'node:net'
import path from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response as Answer } from 'miniflare'
import { modulesOf, readWrangler, type Modules, type WranglerConfig } from './build-worker.ts'

export type WorkerLog = { level: string; message: string }

export type RunWorkerOptions = {
  config: string
  port?: number
  host?: string
  persist?: string
  vars?: Record<string, string>
  entry?: string
  /** Names of imports that another file replaces. For tests. */
  alias?: Record<string, string>
  /** Also serves the `[assets]` of the configuration, in front of the Worker. The folder must have been made. */
  assets?: boolean
  onLog?: (log: WorkerLog) => void
  name?: string
  /**
   * Calls reach the Worker without the Worker of Miniflare that else is in front of it. That one takes as long as a short call. It
   * adds the caller's address (`cf-connecting-ip`), as Cloudflare does. For tests.
   */
  isDirect?: boolean
  /** workerd's inspector listens here, also after it was killed and started again. For measuring memory. */
  inspectorPort?: number
}

export type RunningWorker = {
  url: string
  port: number
  pid: number | undefined
  dispose: () => Promise<void>
}

export async function runWorker(options: RunWorkerOptions): Promise<RunningWorker> {
  const host = options.host ?? '127.0.0.1'
  if (options.port) await assertPortFree(host, options.port)
  const config = await readWrangler(path.resolve(options.config))
  const entry = options.entry ? path.resolve(options.entry) : config.main
  if (!entry) throw new Error('The wrangler.toml names no main, and no entry was given')
  const modules = await modulesOf(entry, options.alias)
  const bindings = toBindings(config, options)
  const children: ChildProcess[] = []
  const onChild = (message: unknown): void => {
    const spawned = (message as { process?: ChildProcess }).process
    if (spawned) children.push(spawned)
  }
  const miniflare = await oneAtATime(async () => {
    subscribe('child_process', onChild)
    return start(modules, bindings, host, options).finally(() =>
      unsubscribe('child_process', onChild)
    )
  })
  const at = options.isDirect ? miniflare.unsafeGetDirectURL() : miniflare.ready
  const port = Number((await at).port)
  // Miniflare starts workerd again after it was killed. The new process is known by its port.
  const first = children.find(isWorkerd)
  const onRestart = (message: unknown): void => {
    const spawned = (message as { process?: ChildProcess }).process
    if (spawned) children.push(spawned)
  }
  subscribe('child_process', onRestart)
  return {
    url: `http://${host}:${port}`,
    port,
    get pid() {
      const restarted = children.findLast(
        (child) => isWorkerd(child) && listensOn(child, host, port)
      )
      return (restarted ?? first)?.pid
    },
    dispose: async () => {
      unsubscribe('child_process', onRestart)
      await miniflare.dispose()
    },
  }
}

function toBindings(config: WranglerConfig, options: RunWorkerOptions) {
  const { host = '127.0.0.1', port = 0 } = options
  return {
    name: options.name ?? config.name ?? 'worker',
    ...(config.compatibility_date ? { compatibilityDate: config.compatibility_date } : {}),
    compatibilityFlags: config.compatibility_flags,
    bindings: { ...config.vars, ...options.vars },
    kvNamespaces: Object.fromEntries(
      config.kv_namespaces.map((namespace) => [
        namespace.binding,
        namespace.id ?? namespace.binding,
      ])
    ),
    durableObjects: Object.fromEntries(
      config.durable_objects.bindings.map((binding) => [
        binding.name,
        { className: binding.class_name, useSQLite: isSqlite(config, binding.class_name) },
      ])
    ),
    ratelimits: Object.fromEntries(
      (config.ratelimits ?? []).map((limit) => [
        limit.name,
        { namespace_id: String(limit.namespace_id), simple: limit.simple },
      ])
    ),
    ...(options.isDirect ? { unsafeDirectSockets: [{ host, port }] } : {}),
    ...(options.assets && config.assets?.directory ? { assets: toAssets(config) } : {}),
  }
}

function toAssets(config: WranglerConfig) {
  const folder = path.dirname(config.configPath ?? '.')
  return {
    directory: path.resolve(folder, config.assets?.directory ?? '.'),
    ...(config.assets?.binding ? { binding: config.assets.binding } : {}),
    routerConfig: { has_user_worker: true },
  }
}

function isSqlite(config: WranglerConfig, className: string): boolean {
  const declared = config.exports?.[className]
  if (declared) return declared.storage === 'sqlite'
  return config.migrations.some((migration) => migration.new_sqlite_classes?.includes(className))
}

/**
 * workerd asks for the modules when it starts. As a part of Miniflare's configuration they would cost a second of CPU at each start,
 * because the encoder copies all that it has written whenever it needs four KiB more.
 */
function firstModule({ main }: Modules): string {
  return `export * from '/${main}'\nexport { default } from '/${main}'\n`
}

function answerModule({ texts }: Modules, url: string): Answer {
  const name = new URL(url).searchParams.get('specifier')?.slice(1) ?? ''
  const text = texts[name]
  return text === undefined
    ? new Answer(null, { status: 404 })
    : Answer.json({ name, esModule: text })
}

async function start(
  modules: Modules,
  bindings: ReturnType<typeof toBindings>,
  host: string,
  options: RunWorkerOptions
): Promise<Miniflare> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host,
      port: options.isDirect ? 0 : (options.port ?? 0),
      log: new Log(options.onLog ? LogLevel.WARN : LogLevel.NONE),
      cf: false,
      ...(options.inspectorPort === undefined ? {} : { inspectorPort: options.inspectorPort }),
      modules: true,
      script: firstModule(modules),
      unsafeUseModuleFallbackService: true,
      unsafeModuleFallbackService: ({ url }) => answerModule(modules, url),
      ...(options.persist ? { resourcePersistencePath: path.resolve(options.persist) } : {}),
      handleStructuredLogs: (log) => {
        options.onLog?.({ level: String(log.level), message: String(log.message) })
      },
      ...bindings,
    })
  )
  await miniflare.ready
  return miniflare
}

function isWorkerd(child: ChildProcess): boolean {
  return path.basename(child.spawnfile ?? '').startsWith('workerd')
}

function listensOn(child: ChildProcess, host: string, port: number): boolean {
  return child.spawnargs.some((argument) => argument.endsWith(`=${host}:${port}`))
}

let queue: Promise<unknown> = Promise.resolve()

/** Starts run one after the other, so that the child process on the channel is the one that was just started. */
function oneAtATime<T>(run: () => Promise<T>): Promise<T> {
  const next = queue.then(run, run)
  queue = next.catch(() => undefined)
  return next
}

/** Throws if the port is busy. Miniflare would take any other port, but a caller who names a port wants that port or an error. */
function assertPortFree(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve()))
  })
}
