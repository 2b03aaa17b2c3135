/**
 * The gateway's Worker, which counts its billable operations: KV calls, requests to objects (with alarms, and calls between
 * objects), and rows written. `GET /__count` answers the counts since the last call, `GET /__methods` how often each method of
 * objects was called, `GET /__points` the data points for Analytics Engine. Calls with another `x-isolate` have other caches. The test moves the Worker's clock (movable-clock.ts), which does not count. An entry for runWorker, never
 * deployed.
 */
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerClock, goByClock, rearm, ring } from '../clock/movable-clock.ts'

interface Counts {
  kv: number
  requests: number
  rows: number
}

const counts: Counts = { kv: 0, requests: 0, rows: 0 }
/** What the gateway wrote to the optional binding `ANALYTICS`. */
const points: unknown[] = []
const methods = new Map<string, number>()
const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = []
const patched = new WeakSet<object>()

/** A cursor knows its rows only after it was read. So cursors are kept until the counts are read. */
function countRows(ctx: DurableObjectState): DurableObjectState {
  const storage = Object.getPrototypeOf(ctx.storage) as DurableObjectStorage
  const sql = Object.getPrototypeOf(ctx.storage.sql) as SqlStorage
  if (patched.has(sql)) return ctx
  patched.add(sql)
  const { exec } = sql
  sql.exec = function counted(this: SqlStorage, ...args: Parameters<typeof exec>) {
    const cursor = exec.apply(this, args)
    cursors.push(cursor)
    return cursor
  } as typeof exec
  const { setAlarm } = storage
  storage.setAlarm = function counted(this: DurableObjectStorage, ...args) {
    counts.rows += 1
    return setAlarm.apply(this, args)
  }
  return ctx
}

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(goByClock(ctx, 'ACCOUNT_SLOTS')), countingEnv(env))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => {
      counts.requests += 1
      return super.alarm()
    })
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    super(countRows(goByClock(ctx, 'TENANT_DESK')), countingEnv(env))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => super.alarm())
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }
}

type Method = (...args: unknown[]) => unknown

function counting<T extends object>(inner: T, note: () => void): T {
  return new Proxy(inner, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        note()
        return (member as Method).apply(target, args)
      }
    },
  })
}

function countObjects<T extends DurableObjectNamespace>(namespace: T): T {
  const stubOf = (name: string) => {
    const stub = namespace.getByName(name) as unknown as Record<string, Method>
    return new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) => {
            counts.requests += 1
            methods.set(String(method), (methods.get(String(method)) ?? 0) + 1)
            return stub[String(method)]?.(...args)
          },
      }
    )
  }
  return { getByName: stubOf } as unknown as T
}

const envs = new WeakMap<Env, Env>()

/** One counting `env` for all requests of an isolate, like the real one. */
function countingEnv(env: Env): Env {
  const known = envs.get(env)
  if (known) return known
  const counted: Env = {
    ...env,
    REGISTRY: counting(env.REGISTRY, () => {
      counts.kv += 1
    }),
    ACCOUNT_SLOTS: countObjects(env.ACCOUNT_SLOTS),
    TENANT_DESK: countObjects(env.TENANT_DESK),
    ...{ ANALYTICS: { writeDataPoint: (point: unknown) => void points.push(point) } },
  }
  envs.set(env, counted)
  return counted
}

const isolates = new Map<string, Env>()

/** The `env` of the isolate that the request names. */
function isolateOf(request: Request, env: Env): Env {
  const name = request.headers.get('x-isolate')
  if (name === null) return env
  const known = isolates.get(name) ?? { ...env }
  isolates.set(name, known)
  return known
}

function takeCounts(): Counts {
  for (const cursor of cursors.splice(0)) counts.rows += cursor.rowsWritten
  const taken = { ...counts }
  Object.assign(counts, { kv: 0, requests: 0, rows: 0 })
  return taken
}

function takeMethods(): Record<string, number> {
  const taken = Object.fromEntries(methods)
  methods.clear()
  return taken
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url)
    if (pathname === '/__count') return Response.json(takeCounts())
    if (pathname === '/__methods') return Response.json(takeMethods())
    if (pathname === '/__points') return Response.json(points.splice(0))
    return (
      (await answerClock(request, env)) ??
      worker.fetch(request, countingEnv(isolateOf(request, env)), ctx)
    )
  },
} satisfies ExportedHandler<Env>
