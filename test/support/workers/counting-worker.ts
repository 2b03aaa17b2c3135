/**
 * The gateway's Worker, which counts its billable operations (test/support/meter/meter.ts). Each of these calls answers what was
 * counted since the last one:
 * - `GET /__count`: KV calls, requests to objects (with alarms, and calls between objects), and rows written;
 * - `GET /__bill`: everything that is billed;
 * - `GET /__methods`: how often each method of objects was called;
 * - `GET /__points`: the data points for Analytics Engine.
 * Calls with another `x-isolate` have other caches, `/__cold` makes the isolate forget what it remembers, `/__nothing` does nothing.
 * `/__evict` evicts every account's object: what it has only in memory is gone. `/__evict?all` evicts the desks, too. `/__give-up`
 * makes the platform give up every alarm. `POST /__lose ["bind"]`: from now on calls of these methods of objects fail. `["bind!"]`:
 * they are carried out, and their answers get lost.
 * The test moves the Worker's clock (movable-clock.ts), which does not count. It can start again in the same workerd (renewal.ts). An
 * entry for runWorker, never deployed.
 */
import { DurableObject } from 'cloudflare:workers'
import worker, { AccountSlots as Slots, TenantDesk as Desk } from '../../../src/index.ts'
import { answerClock, giveUp, goByClock, rearm, resetClock, ring } from '../clock/movable-clock.ts'
import { bill, meterObject, takeBill, timeMethods } from '../meter/meter.ts'
import { answerRenewal, counted, envOfTurn, noteObject, wipeObject } from '../renewed/renewal.ts'

/** What the gateway wrote to the optional binding `ANALYTICS`. */
const points: unknown[] = []
const methods = new Map<string, number>()

timeMethods(Slots, DurableObject)
timeMethods(Desk, DurableObject)

let lost: string[] = []
type Binding = 'ACCOUNT_SLOTS' | 'TENANT_DESK'
const objects = new Map<string, Binding>()

interface Controlled {
  evict(): Promise<void>
  giveUp(): Promise<void>
}

async function eachObject(
  env: Env,
  work: (object: Controlled) => Promise<void>,
  isOfAll: boolean
): Promise<void> {
  for (const [id, binding] of objects) {
    if (!isOfAll && binding === 'TENANT_DESK') continue
    const namespace = env[binding] as DurableObjectNamespace
    await work(namespace.get(namespace.idFromString(id)) as unknown as Controlled)
  }
}

export class AccountSlots extends Slots {
  constructor(ctx: DurableObjectState, env: Env) {
    objects.set(ctx.id.toString(), 'ACCOUNT_SLOTS')
    const known = goByClock(noteObject(ctx, env.ACCOUNT_SLOTS), 'ACCOUNT_SLOTS')
    super(meterObject(known), countingEnv(envOfTurn(env)))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => {
      bill.objectRequests += 1
      return super.alarm()
    })
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }

  giveUp(): Promise<void> {
    return giveUp(this.ctx)
  }

  async evict(): Promise<void> {
    await this.ctx.storage.sync()
    this.ctx.abort('evicted')
  }
}

export class TenantDesk extends Desk {
  constructor(ctx: DurableObjectState, env: Env) {
    objects.set(ctx.id.toString(), 'TENANT_DESK')
    const known = goByClock(noteObject(ctx, env.TENANT_DESK), 'TENANT_DESK')
    super(meterObject(known), countingEnv(envOfTurn(env)))
  }

  override alarm(): Promise<void> {
    return ring(this.ctx, () => {
      bill.objectRequests += 1
      return super.alarm()
    })
  }

  rearm(): Promise<void> {
    return rearm(this.ctx)
  }

  wipe(): Promise<void> {
    return wipeObject(this.ctx)
  }

  giveUp(): Promise<void> {
    return giveUp(this.ctx)
  }

  async evict(): Promise<void> {
    await this.ctx.storage.sync()
    this.ctx.abort('evicted')
  }
}

type Method = (...args: unknown[]) => unknown

const KV_READS = new Set(['get', 'getWithMetadata'])

function countKv(kv: KVNamespace): KVNamespace {
  return new Proxy(kv, {
    get(target, name) {
      const member = Reflect.get(target, name) as unknown
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (KV_READS.has(String(name))) bill.kvReads += 1
        else bill.kvWrites += 1
        return (member as Method).apply(target, args)
      }
    },
  })
}

function countObjects<T extends DurableObjectNamespace>(namespace: T): T {
  const stubOf = (...names: Parameters<typeof namespace.getByName>) => {
    const stub = namespace.getByName(...names) as unknown as Record<string, Method>
    return new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) => {
            if (lost.includes(String(method))) return Promise.reject(new Error('lost'))
            bill.objectRequests += 1
            methods.set(String(method), (methods.get(String(method)) ?? 0) + 1)
            const answer = stub[String(method)]?.(...args)
            if (!lost.includes(`${String(method)}!`)) return answer
            return Promise.resolve(answer).then(() => Promise.reject(new Error('lost')))
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
    REGISTRY: countKv(env.REGISTRY),
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

function takeCounts(): { kv: number; requests: number; rows: number } {
  const { kvReads, kvWrites, objectRequests, rowsWritten } = takeBill()
  return { kv: kvReads + kvWrites, requests: objectRequests, rows: rowsWritten }
}

function takeMethods(): Record<string, number> {
  const taken = Object.fromEntries(methods)
  methods.clear()
  return taken
}

/** Undefined: the request is not about the counts. */
function answerCounts(pathname: string, env: Env): Response | undefined {
  if (pathname === '/__count') return Response.json(takeCounts())
  if (pathname === '/__bill') return Response.json(takeBill())
  if (pathname === '/__methods') return Response.json(takeMethods())
  if (pathname === '/__nothing') return new Response(null)
  if (pathname === '/__points') return Response.json(points.splice(0))
  if (pathname === '/__cold') return Response.json({ wasWarm: envs.delete(env) })
  return undefined
}

/** Nothing of the last Worker in this workerd is counted, lost or remembered in the next one. */
function forgetTurn(): void {
  resetClock()
  isolates.clear()
  objects.clear()
  lost = []
  points.length = 0
  methods.clear()
  takeBill()
}

export default {
  async fetch(request, ofWorkerd, ctx) {
    const renewed = await answerRenewal(request, ofWorkerd, forgetTurn)
    if (renewed) return renewed
    const env = envOfTurn(ofWorkerd)
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/__evict') {
      // The call fails, because the object aborts itself.
      const evict = (object: Controlled) => object.evict().catch(() => undefined)
      await eachObject(env, evict, searchParams.has('all'))
      return new Response()
    }
    if (pathname === '/__give-up') {
      await eachObject(env, (object) => object.giveUp(), true)
      return new Response()
    }
    if (pathname === '/__lose') {
      lost = await request.json()
      return new Response()
    }
    const own = answerCounts(pathname, env) ?? (await answerClock(request, env))
    if (own) return own
    bill.workerRequests += 1
    return counted(ctx, () => worker.fetch(request, countingEnv(isolateOf(request, env)), ctx))
  },
} satisfies ExportedHandler<Env>
