/**
 * A gateway's clock that a test moves, as the simulator's is (test/support/clock/clock.ts). `POST /__clock {advanceMs, stopped}`:
 * what falls due rings, and has been done, before the answer. By it go `Date.now`, the objects' alarms, pauses of a
 * second or longer and limits of a minute or longer; shorter ones guard real connections and go by the real clock.
 * For entries of runWorker, never deployed. It lives as long as workerd does.
 */
const realNow = Date.now.bind(Date)
const realSetTimeout = setTimeout
const realClearTimeout = clearTimeout
const realTimeout = AbortSignal.timeout.bind(AbortSignal)

const DAY_MS = 86_400_000
const LOOK_MS = 10
const PATIENCE_MS = 30_000

let aheadMs = 0
let stoppedAt: number | undefined

Date.now = () => (stoppedAt ?? realNow()) + aheadMs

/** Before anything runs: the clock stands at this moment until it is moved. */
export function startClockAt(now: number): void {
  stoppedAt = now
}

/** Each looks at the clock from within the request that waits: workerd lets no other one wake it. */
function callAt(due: number, ring: () => void): () => void {
  let id: unknown
  const waiting = { due }
  waits.add(waiting)
  const look = () => {
    const left = due - Date.now()
    if (left > 0) {
      id = realSetTimeout(look, LOOK_MS)
      return
    }
    waits.delete(waiting)
    ring()
  }
  id = realSetTimeout(look, LOOK_MS)
  return () => {
    waits.delete(waiting)
    realClearTimeout(id as number)
  }
}

const waits = new Set<{ due: number }>()

let lastTimer = 1_000_000_000
const timers = new Map<number, () => void>()

globalThis.setTimeout = ((call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
  if (ms < 1000) return realSetTimeout(call, ms, ...args)
  const id = (lastTimer += 1)
  const cancel = callAt(Date.now() + ms, () => {
    timers.delete(id)
    call(...args)
  })
  timers.set(id, cancel)
  return id
}) as unknown as typeof setTimeout

globalThis.clearTimeout = ((id: number) => {
  const cancel = timers.get(id)
  if (!cancel) return realClearTimeout(id)
  timers.delete(id)
  return cancel()
}) as typeof clearTimeout

AbortSignal.timeout = (ms: number) => {
  if (ms < 60_000) return realTimeout(ms)
  const controller = new AbortController()
  callAt(Date.now() + ms, () => controller.abort(new DOMException('too late', 'TimeoutError')))
  return controller.signal
}

const realFetch = globalThis.fetch
let calls = 0

globalThis.fetch = ((...args: Parameters<typeof fetch>) => {
  calls += 1
  return realFetch(...args).finally(() => {
    calls -= 1
  })
}) as typeof fetch

type SetAlarm = DurableObjectStorage['setAlarm']
type Binding = 'ACCOUNT_SLOTS' | 'TENANT_DESK'

/** By object id: when it rings, by this clock. */
const alarms = new Map<string, { binding: Binding; at: number }>()
let ringing = 0
let plainSetAlarm: SetAlarm | undefined

function realTimeOf(at: number): number {
  if (at <= Date.now()) return realNow() + 1
  return stoppedAt === undefined ? at - aheadMs : realNow() + DAY_MS
}

/** Before anything else may have changed the storage's methods. */
export function goByClock(ctx: DurableObjectState, binding: Binding): DurableObjectState {
  const { storage } = ctx
  const id = ctx.id.toString()
  const methods = Object.getPrototypeOf(storage) as DurableObjectStorage
  plainSetAlarm ??= methods.setAlarm
  storage.setAlarm = (when) => {
    const at = Number(when)
    alarms.set(id, { binding, at })
    return methods.setAlarm.call(storage, realTimeOf(at))
  }
  storage.getAlarm = async () => alarms.get(id)?.at ?? methods.getAlarm.call(storage)
  return ctx
}

/** Around an object's alarm. */
export async function ring(ctx: DurableObjectState, alarm: () => Promise<void>): Promise<void> {
  const id = ctx.id.toString()
  const set = alarms.get(id)
  if (set && set.at > Date.now()) return rearm(ctx)
  alarms.delete(id)
  ringing += 1
  await alarm().finally(() => {
    ringing -= 1
  })
}

/** After the clock was moved; from within the object, since no other may touch its storage. */
export async function rearm(ctx: DurableObjectState): Promise<void> {
  const set = alarms.get(ctx.id.toString())
  if (set) await plainSetAlarm?.call(ctx.storage, realTimeOf(set.at))
}

/** As in a workerd that was just started. */
export function resetClock(): void {
  aheadMs = 0
  stoppedAt = undefined
  alarms.clear()
  waits.clear()
  ringing = 0
}

interface Rearmed {
  rearm(): Promise<void>
}

async function move(
  env: Env,
  { advanceMs = 0, stopped }: { advanceMs?: number; stopped?: boolean }
): Promise<void> {
  if (stopped === true) stoppedAt ??= realNow()
  aheadMs += advanceMs
  const end = realNow() + PATIENCE_MS
  const isDue = () => ringing > 0 || [...alarms.values()].some(({ at }) => at <= Date.now())
  for (const [id, { binding }] of alarms) {
    const objects = env[binding] as DurableObjectNamespace
    const object = objects.get(objects.idFromString(id)) as unknown as Rearmed
    await object.rearm()
  }
  while (isDue()) {
    if (realNow() > end) throw new Error('an alarm does not end')
    await new Promise((resolve) => realSetTimeout(resolve, LOOK_MS / 2))
  }
}

/** A wait whose request has ended stays behind and never rings. Infinity, which JSON writes as null: nothing is due. */
function nextDue(): number | null {
  if (stoppedAt === undefined) return null
  const dues = [...[...waits].map(({ due }) => due), ...[...alarms.values()].map(({ at }) => at)]
  return Math.min(...dues.filter((due) => due > Date.now()))
}

/** Undefined: the request is not about the clock. */
export async function answerClock(request: Request, env: Env): Promise<Response | undefined> {
  if (new URL(request.url).pathname !== '/__clock') return undefined
  if (request.method === 'POST') await move(env, await request.json())
  return Response.json({ now: Date.now(), timers: timers.size, calls, next: nextDue() })
}
