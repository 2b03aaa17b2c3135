/**
 * A clock of the gateway that a test moves, as it moves the simulator's (test/support/clock/clock.ts). The call is
 * `POST /__clock {advanceMs, stopped}`. Everything that becomes due has been done before the answer. `Date.now`, the alarms of
 * objects, pauses of a second or longer and limits of a minute or longer use this clock. Shorter ones guard real connections and
 * use the real clock. For entries of runWorker, never deployed. The clock lasts as long as workerd.
 */
const realNow = Date.now.bind(Date)
const realSetTimeout = setTimeout
const realClearTimeout = clearTimeout
const realTimeout = AbortSignal.timeout.bind(AbortSignal)

const DAY_MS = 86_400_000
const LOOK_MS = 10
const PATIENCE_MS = 100_000

let aheadMs = 0
let stoppedAt: number | undefined

Date.now = () => (stoppedAt ?? realNow()) + aheadMs

/** Call it before anything runs. The clock stands at this moment until it is moved. */
export function startClockAt(now: number): void {
  stoppedAt = now
}

/**
 * Calls `ring` when the time has come. The waiting request itself polls the clock, because in workerd no other request can wake
 * it.
 */
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
/** What is under way. A Worker that begins anew in this workerd gets counts of its own. */
let counts = { calls: 0, ringing: 0 }

globalThis.fetch = ((...args: Parameters<typeof fetch>) => {
  const own = counts
  own.calls += 1
  return realFetch(...args).finally(() => {
    own.calls -= 1
  })
}) as typeof fetch

type SetAlarm = DurableObjectStorage['setAlarm']
type Binding = 'ACCOUNT_SLOTS' | 'TENANT_DESK'

/** By object id: when the object's alarm is due, by this clock. */
const alarms = new Map<string, { binding: Binding; at: number }>()
let plainSetAlarm: SetAlarm | undefined

function realTimeOf(at: number): number {
  if (at <= Date.now()) return realNow() + 1
  return stoppedAt === undefined ? at - aheadMs : realNow() + DAY_MS
}

/** Makes an object's alarm use this clock. Call it before anything else changes the methods of the storage. */
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

/** Runs an object's alarm, if it is due by this clock. */
export async function ring(ctx: DurableObjectState, alarm: () => Promise<void>): Promise<void> {
  const id = ctx.id.toString()
  const set = alarms.get(id)
  if (set && set.at > Date.now()) return rearm(ctx)
  alarms.delete(id)
  const own = counts
  own.ringing += 1
  await alarm().finally(() => {
    own.ringing -= 1
  })
}

/** Sets the real alarm again after the clock was moved. Runs inside the object, since nothing else may use its storage. */
export async function rearm(ctx: DurableObjectState): Promise<void> {
  const set = alarms.get(ctx.id.toString())
  if (set) await plainSetAlarm?.call(ctx.storage, realTimeOf(set.at))
}

/** As the platform does after six failures: the object's alarm is set no more, and nobody tells the object. */
export async function giveUp(ctx: DurableObjectState): Promise<void> {
  alarms.delete(ctx.id.toString())
  await ctx.storage.deleteAlarm()
}

/** Resets the clock to the state of a workerd that was just started. */
export function resetClock(): void {
  aheadMs = 0
  stoppedAt = undefined
  alarms.clear()
  waits.clear()
  timers.clear()
  counts = { calls: 0, ringing: 0 }
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
  const isDue = () => counts.ringing > 0 || [...alarms.values()].some(({ at }) => at <= Date.now())
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

/**
 * When something is due next. A wait whose request has ended stays in the set and never rings. Infinity (null in JSON): nothing
 * is due.
 */
function nextDue(): number | null {
  if (stoppedAt === undefined) return null
  const dues = [...[...waits].map(({ due }) => due), ...[...alarms.values()].map(({ at }) => at)]
  return Math.min(...dues.filter((due) => due > Date.now()))
}

/** Undefined: the request is not about the clock. */
export async function answerClock(request: Request, env: Env): Promise<Response | undefined> {
  if (new URL(request.url).pathname !== '/__clock') return undefined
  if (request.method === 'POST') await move(env, await request.json())
  return Response.json({
    now: Date.now(),
    timers: timers.size,
    calls: counts.calls,
    next: nextDue(),
  })
}
