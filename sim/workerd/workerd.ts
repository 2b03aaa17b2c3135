/** The Worker in workerd, for several plans at once: started, killed and started again, and what of it can be seen from outside. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { InspectorSession } from '../../scripts/lib/inspector.ts'
import { runWorker, type RunningWorker } from '../../scripts/lib/run-worker.ts'
import { LEASES_LEFT } from '../checkers/accounts/slots.ts'
import { ADMIN_TOKEN, MASTER_KEY } from '../platform/universe.ts'

const BACK_WITHIN_MS = 60_000
const LOOK_MS = 50
const NAME = 'gateway'

/** https://chromedevtools.github.io/devtools-protocol/tot/Runtime/#method-getHeapUsage. Bytes. */
interface HeapUsage {
  usedSize: number
  embedderHeapUsedSize: number
  backingStorageSize: number
}

/** An end of a tenant without accounts has nobody who tells it, for a day. */
const LINE_LEFT = `
  SELECT item, sort, record, is_gone FROM queued WHERE sealed IS NOT NULL OR (is_gone = 0
    AND (json_extract(sort, '$.state') <> 'untold' OR EXISTS (SELECT 1 FROM account)))
`

export class Workerd {
  readonly logs: string[] = []
  kills = 0
  readonly #worker: RunningWorker
  readonly #folder: string
  readonly #inspectorPort: number
  #back: Promise<void> | undefined

  private constructor(parts: {
    worker: RunningWorker
    folder: string
    logs: string[]
    inspectorPort: number
  }) {
    this.#worker = parts.worker
    this.#folder = parts.folder
    this.logs = parts.logs
    this.#inspectorPort = parts.inspectorPort
  }

  /** `outside`: the address of the servers that it calls. */
  static async start(outside: string, folder: string, scale: number): Promise<Workerd> {
    const logs: string[] = []
    const inspectorPort = await freePort()
    const worker = await runWorker({
      inspectorPort,
      ...{ config: 'wrangler.toml', name: NAME, persist: folder },
      entry: 'test/support/workers/storm-worker.ts',
      vars: {
        HEYGEN_ORIGIN: `${outside}/api.heygen.com`,
        HEYGEN_UPLOAD_ORIGIN: `${outside}/upload.heygen.com`,
        HEYGEN_WEB_ORIGIN: `${outside}/api2.heygen.com`,
        KLING_ORIGIN: `${outside}/api-singapore.klingai.com`,
        KLING_WEB_ORIGIN: `${outside}/id.klingai.com`,
        ALLOW_LOOPBACK_CALLBACKS: 'true',
        TIME_SCALE: String(scale),
        ...{ ADMIN_TOKEN, MASTER_KEYS: `k1:${MASTER_KEY}` },
      },
      onLog: ({ message }) => logs.push(message),
    })
    return new Workerd({ worker, folder, logs, inspectorPort })
  }

  get url(): string {
    return this.#worker.url
  }

  /** Resolves when it is not dead. */
  async untilUp(): Promise<void> {
    await this.#back
  }

  /** SIGKILL. It is started again on the same port. */
  kill(): Promise<void> {
    this.#back ??= this.#killed().finally(() => (this.#back = undefined))
    return this.#back
  }

  async #killed(): Promise<void> {
    const { pid } = this.#worker
    if (pid === undefined) throw new Error('no workerd to kill')
    this.kills += 1
    process.kill(pid, 'SIGKILL')
    const latest = Date.now() + BACK_WITHIN_MS
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      if (this.#worker.pid !== pid && (await this.#isServing())) return
      if (Date.now() > latest) throw new Error('workerd did not come back')
    }
  }

  async #isServing(): Promise<boolean> {
    const signal = AbortSignal.timeout(5000)
    const answer = await fetch(`${this.url}/healthz`, { signal }).catch(() => undefined)
    return answer?.ok === true
  }

  /** MiB in memory. */
  async memory(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${this.#worker.pid}`])
    return Number(stdout) / 1024
  }

  /** MiB that the Worker and its objects hold, buffers too, after a collection of garbage. */
  async heap(): Promise<number> {
    const session = await InspectorSession.open(
      `ws://127.0.0.1:${this.#inspectorPort}/core:user:${NAME}`
    )
    const collected = session.ask('HeapProfiler.collectGarbage')
    // An isolate that does nothing does not collect.
    await Promise.all([collected, this.#isServing()])
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = (await session.ask(
      'Runtime.getHeapUsage'
    )) as HeapUsage
    session.close()
    return (usedSize + embedderHeapUsedSize + backingStorageSize) / 2 ** 20
  }

  /** How often each object's alarm rang since workerd was started. */
  async rings(): Promise<Record<string, number>> {
    const answer = await fetch(`${this.url}/__alarms`)
    return ((await answer.json()) as { alarms: Record<string, number> }).alarms
  }

  dispose(): Promise<void> {
    return this.#worker.dispose()
  }

  /** Every file that it has written: KV and the tables of all objects. Complete when workerd has ended. */
  async *files(): AsyncIterable<{ name: string; bytes: Buffer }> {
    for (const name of await this.#names()) yield { name, bytes: await readFile(name) }
  }

  /** Leases of jobs that have not ended, in any object. */
  leases(): Promise<string[]> {
    return this.#rowsOf('lease', LEASES_LEFT)
  }

  /** What still waits in the line of any desk, and bodies that are kept without need. */
  queued(): Promise<string[]> {
    return this.#rowsOf('queued', LINE_LEFT)
  }

  async #rowsOf(table: string, query: string): Promise<string[]> {
    const found: string[] = []
    for (const name of await this.#names()) {
      if (!name.endsWith('.sqlite')) continue
      const database = new DatabaseSync(name)
      try {
        const tables = database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').all(table)
        if (tables.length > 0)
          found.push(
            ...database
              .prepare(query)
              .all()
              .map((row) => JSON.stringify(row))
          )
      } finally {
        database.close()
      }
    }
    return found
  }

  async #names(): Promise<string[]> {
    const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true })
    return entries.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name))
  }
}

/** Below the ports that the system gives to those who ask for any: Miniflare would get the one that was just tried, and workerd hangs. */
async function freePort(): Promise<number> {
  const server = createServer()
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const isFree = once(server, 'listening').then(
      () => true,
      () => false
    )
    server.listen(port, '127.0.0.1')
    if (!(await isFree)) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
