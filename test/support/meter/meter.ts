/**
 * Counts what Cloudflare bills, inside the Worker: requests, KV calls, requests to objects, object time, and rows. For
 * counting-worker.ts, never deployed.
 *
 * Object time is the time during which an object has a call, an alarm, or a call of its own to the outside under way. The time
 * after that is not billed (https://developers.cloudflare.com/durable-objects/platform/pricing/). Time by which the clock is moved
 * counts too, so an object that holds a request open while a client waits shows.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Bill } from './bill.ts'

function nothing(): Bill {
  return {
    workerRequests: 0,
    kvReads: 0,
    kvWrites: 0,
    objectRequests: 0,
    objectMs: 0,
    objectCalls: 0,
    rowsRead: 0,
    rowsWritten: 0,
  }
}

export const bill: Bill = nothing()

type Cursor = Pick<SqlStorageCursor<Record<string, SqlStorageValue>>, 'rowsRead' | 'rowsWritten'>

/** A cursor knows its rows only after it was read. So cursors are kept until the bill is taken. */
const cursors: Cursor[] = []

/** The bill since the last call. */
export function takeBill(): Bill {
  for (const { rowsRead, rowsWritten } of cursors.splice(0)) {
    bill.rowsRead += rowsRead
    bill.rowsWritten += rowsWritten
  }
  for (const time of running) time.pay()
  const taken = { ...bill }
  Object.assign(bill, nothing())
  return taken
}

/** The time of one object. What overlaps is billed once. */
class ObjectTime {
  #underWay = 0
  #paidUntil = 0

  begin(): void {
    if (this.#underWay === 0) {
      this.#paidUntil = clock()
      running.add(this)
    }
    this.#underWay += 1
  }

  end(): void {
    this.#underWay -= 1
    if (this.#underWay > 0) return
    this.pay()
    running.delete(this)
  }

  pay(): void {
    const now = clock()
    bill.objectMs += now - this.#paidUntil
    this.#paidUntil = now
  }
}

/** Real time, and the time by which a stopped clock was moved. */
function clock(): number {
  return performance.now() + Date.now()
}

const running = new Set<ObjectTime>()
const times = new WeakMap<object, ObjectTime>()
const present = new AsyncLocalStorage<ObjectTime>()

function timed<T>(time: ObjectTime, work: () => T): T {
  time.begin()
  let isLater = false
  try {
    const result = work()
    if (!(result instanceof Promise)) return result
    isLater = true
    return result.finally(() => time.end()) as T
  } finally {
    if (!isLater) time.end()
  }
}

type Method = (this: object, ...args: unknown[]) => unknown

/** Makes the methods of a class count their object's time. `alarm` and `fetch` are such methods too. */
export function timeMethods(first: { prototype: object }, end: { prototype: object }): void {
  for (
    let methods = first.prototype;
    methods !== end.prototype;
    methods = Object.getPrototypeOf(methods) as object
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(methods))) {
      if (typeof value !== 'function' || name === 'constructor') continue
      Object.defineProperty(methods, name, { value: timedMethod(value as Method) })
    }
  }
}

function timedMethod(method: Method): Method {
  return function counted(...args) {
    const time = times.get(this) ?? new ObjectTime()
    times.set(this, time)
    return present.run(time, () => timed(time, () => method.apply(this, args)))
  }
}

const plainFetch = globalThis.fetch

globalThis.fetch = ((...args: Parameters<typeof fetch>) => {
  const time = present.getStore()
  if (!time) return plainFetch(...args)
  bill.objectCalls += 1
  return timed(time, () => plainFetch(...args))
}) as typeof fetch

const patched = new WeakSet<object>()

/** Counts the rows of an object's storage, and the time of its deferred work. `setAlarm` is billed as one row written. */
export function meterObject(ctx: DurableObjectState): DurableObjectState {
  const storage = Object.getPrototypeOf(ctx.storage) as DurableObjectStorage
  const sql = Object.getPrototypeOf(ctx.storage.sql) as SqlStorage
  if (patched.has(sql)) return ctx
  patched.add(sql)
  const state = Object.getPrototypeOf(ctx) as DurableObjectState
  const { waitUntil } = state
  state.waitUntil = function counted(this: DurableObjectState, work) {
    const time = present.getStore()
    waitUntil.call(this, time ? timed(time, () => work) : work)
  }
  const { exec } = sql
  sql.exec = function counted(this: SqlStorage, ...args: Parameters<typeof exec>) {
    const cursor = exec.apply(this, args)
    cursors.push(cursor)
    return cursor
  } as typeof exec
  const { setAlarm } = storage
  storage.setAlarm = function counted(this: DurableObjectStorage, ...args) {
    bill.rowsWritten += 1
    return setAlarm.apply(this, args)
  }
  return ctx
}
