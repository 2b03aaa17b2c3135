/**
 * Accounts' objects with their real parts and tables, at a line in memory and a provider that a test plays. Time passes by `pass`
 * alone. What it lacks is the platform: calls between objects are plain calls, and a restart keeps everything that was written.
 */
import { openStorage } from '../sql/sqlite.ts'
import { platform } from '#composition/platform.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import { sealIdentity, type Account } from '#domain/accounts/account.ts'
import type { Work, WorkAsk, WorkReport } from '#domain/ports/line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import type { NewItem } from '#domain/queue/item.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import { RecentSet } from '#domain/runtime/recent-set.ts'
import { Stopwatch } from '#domain/runtime/stopwatch.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import { fromLeaseMessage } from '#domain/slots/lease-record.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import type { AccountContext } from '#durable/account/context.ts'
import { makeParts, type Parts } from '#durable/account/parts.ts'
import { SlotsTables } from '#durable/account-tables/slots-tables.ts'
import { sealItem } from '#flows/queue/item-text.ts'
import { heygen } from '#providers/heygen/index.ts'
import { makeVault } from '#storage/vault.ts'
import { LineInMemory } from './line-in-memory.ts'

/** Waits for what needs turns of this process only, and no time of the world. */
export async function happens(what: string, isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000; turn += 1) {
    if (isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`it did not happen that ${what}`)
}

/** Lets everything happen that needs no time of the world. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
}

const TENANT = 't'
const CLIENT = 'https://client.example.com/cb'
const ROUTE = 'POST /v3/videos'

/** A call of an object to the provider. */
export interface Sent {
  account: string
  key: string | null
  body: string
  /** The leases that were in the account's table when it was sent. */
  leases: string[]
}

interface Told {
  id: string
  body: { event_type: string; event_data: Record<string, unknown> }
}

interface ObjectOf {
  key: string
  parts: Parts
  tables: SlotsTables
  self: SlotDesk
  /** Says that its alarm rings, or that a call needs its state. */
  look(): Promise<void>
}

export async function senderWorld({ maxJobs = 3, accounts = ['k1'] } = {}) {
  const clock = { now: Date.UTC(2026, 10, 1) }
  const timers: { at: number; ring: () => void }[] = []
  const vault = makeVault([{ kid: 'k1', raw: btoa('1'.repeat(32)) }], platform)
  const durations = durationsAt(1)
  const known: Record<string, { email: string; createdAt: number; isRemoved?: true }> = {}
  for (const key of accounts) known[key] = { email: `${key}@example.com`, createdAt: 7 }
  const tokens: Record<string, 'good' | 'waits' | 'gone'> = {}
  const line = new LineInMemory({
    now: () => clock.now,
    accounts: known,
    stateOf: (hash) => tokens[hash] ?? 'good',
  })
  const objects = new Map<string, ObjectOf>()
  const sent: Sent[] = []
  const told: Told[] = []
  const asked: WorkAsk[] = []
  const reported: WorkReport[] = []
  const bodies: WeakRef<object>[] = []
  let opened = 0
  let rows = 0
  let jobs = 0
  const world = {
    clock,
    line,
    known,
    tokens,
    vault,
    sent,
    /** The opened bodies as they were sent. */
    bodies,
    told,
    asked,
    reported,
    /** Waiting clients, whose turn it is at the next question. */
    turns: [] as { id: string; slots: number }[],
    /** What the provider answers to a creation. */
    create: async (_one: Sent): Promise<Response> =>
      Response.json({ data: { video_id: `real-${(jobs += 1)}` } }),
    /** What it answers to everything else. */
    read: async (_path: string): Promise<Response> =>
      Response.json({ data: [], has_more: false, next_token: null }),
    /** Called before the desk hears. It may throw, as a call that is lost. */
    onPull: async (_ask: WorkAsk): Promise<void> => {},
    onReport: async (_reports: WorkReport[]): Promise<void> => {},
    /** Called after the desk has written a report: its answer is lost if it throws. */
    onReported: async (): Promise<void> => {},
    /** Called after the desk has chosen. */
    onChosen: async (_work: Work[]): Promise<void> => {},
  }

  function desk(tenant: string) {
    return {
      takeWork: async (ask: WorkAsk) => {
        await world.onPull(ask)
        asked.push(structuredClone(ask))
        if (tenant !== TENANT) return { work: [], leave: 0, isMore: false }
        const clients = world.turns.splice(0)
        const leave = clients.reduce((sum, { slots }) => sum + slots, 0)
        const left = await line.takeWork({ ...ask, free: ask.free - leave })
        const answer = structuredClone({ ...left, leave, clients })
        await world.onChosen(answer.work)
        return answer
      },
      report: async (account: string, reports: WorkReport[]) => {
        await world.onReport(reports)
        reported.push(...structuredClone(reports))
        const taken = await line.report(account, structuredClone(reports))
        await world.onReported()
        return taken
      },
      outlets: async () => ({ endpoints: [], secrets: [] }),
      jobsOf: async () => [],
      madeBy: async () => undefined,
      noteMade: async () => {},
      noteFreed: async () => {},
      noteRefused: async () => false,
      noteFull: async () => {},
      holds: async () => true,
    }
  }

  async function fetchFor(key: string, url: string, init: RequestInit): Promise<Response> {
    const { pathname } = new URL(url)
    if (url.startsWith(CLIENT)) {
      const headers = new Headers(init.headers)
      const body = JSON.parse(await new Response(init.body ?? '').text()) as Told['body']
      told.push({ id: headers.get('webhook-id') ?? '', body })
      return new Response('')
    }
    if (init.method !== 'POST' || pathname !== '/v3/videos') return world.read(pathname)
    const body = await new Response(init.body ?? '').text()
    const leases = (objects.get(key)?.tables.leases() ?? []).map(({ id }) => id)
    const one = {
      account: key,
      key: new Headers(init.headers).get('idempotency-key'),
      body,
      leases,
    }
    if (body.includes('null')) return world.read(pathname)
    sent.push(one)
    if (typeof init.body === 'object' && init.body) bodies.push(new WeakRef(init.body))
    return world.create(one)
  }

  function portsOf(key: string, isAlive: () => boolean): Ports {
    const never = new Promise<never>(() => {})
    const ports: Partial<Ports> = {
      ...platform,
      now: () => clock.now,
      after: (ms, signal) =>
        new Promise((ring) => {
          const timer = { at: clock.now + ms, ring }
          timers.push(timer)
          signal?.addEventListener('abort', () => {
            if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
            ring()
          })
        }),
      timeoutSignal: () => new AbortController().signal,
      settings: {
        heygenOrigin: 'https://api.example.com',
        publicOrigin: '',
        allowLoopbackCallbacks: false,
      } as Ports['settings'],
      durations,
      fetch: (url, init) => (isAlive() ? fetchFor(key, url, init) : never),
      upstream: new Stopwatch(),
      defer: () => {},
      log: () => {},
      vault: {
        ...vault,
        open: (identity, sealed, isKept) => {
          if (identity.startsWith('queued/')) opened += 1
          return vault.open(identity, sealed, isKept)
        },
      },
      hints: new Hints(),
      reportedEnds: new RecentSet(100),
      hasParked: { isTrue: false },
      desk: (tenant) => (isAlive() ? desk(tenant) : never) as never,
      slots: () => ({ blame: async () => ({ kind: 'unknown' }) }) as never,
    }
    return ports as Ports
  }

  /** What was under way in the object before has no effect any more. */
  function start(key: string, storage = counted(openStorage(''))): ObjectOf {
    const tables = new SlotsTables(storage, () => clock.now)
    const isAlive = () => objects.get(key)?.tables === tables
    const context: AccountContext = {
      tables,
      now: () => clock.now,
      random: () => 0,
      ports: () => portsOf(key, isAlive),
      durations: () => durations,
      provider: () => heygen,
      defer: (work) => void work.catch((error: unknown) => deferred.push(error)),
      pause: async () => {},
      key: () => key,
      self: () => self,
    }
    const parts = makeParts(context, () => {})
    const self = selfOf(parts)
    const object: ObjectOf = {
      key,
      parts,
      tables,
      self,
      look: async () => {
        await parts.settlement.recall.read()
        await parts.statusChecks.reconcile()
        parts.sender.pullIfMore()
      },
    }
    storages.set(key, storage)
    objects.set(key, object)
    return object
  }
  function counted(storage: DurableObjectStorage): DurableObjectStorage {
    const { exec } = storage.sql
    storage.sql.exec = ((...args: Parameters<typeof exec>) => {
      const cursor = exec(...args)
      rows += cursor.rowsWritten
      return cursor
    }) as typeof exec
    return storage
  }
  const storages = new Map<string, ReturnType<typeof openStorage>>()
  const deferred: unknown[] = []

  for (const key of accounts) {
    const email = `${key}@example.com`
    const who = { provider: 'heygen', tenant: TENANT, email }
    const secret = JSON.stringify({ kind: 'apiKey', secrets: { apiKey: `secret of ${key}` } })
    const credential = await vault.seal(sealIdentity(who), secret)
    const account = {
      ...who,
      key,
      maxJobs,
      credential,
      credentialKind: 'apiKey',
      createdAt: 7,
      publicOrigin: 'https://gateway.example.com',
    }
    start(key).tables.saveAccount(account as Account)
  }

  const objectOf = (key = 'k1') => objects.get(key) as ObjectOf

  return Object.assign(world, {
    objectOf,
    deferred,
    /** How many rows the objects have written. */
    rows: () => rows,
    /** How often the text of an item was opened. */
    opened: () => opened,
    /** Kills the object and wakes it again. */
    restart: (key = 'k1') => start(key, storages.get(key)),
    /** Moves the clock, and rings the pauses that are over. */
    pass(ms: number): void {
      clock.now += ms
      const due = timers.filter(({ at }) => at <= clock.now)
      for (const one of due) {
        timers.splice(timers.indexOf(one), 1)
        one.ring()
      }
    },
    /** How many pauses wait for the clock. */
    pauses: () => timers.length,
    /** The desk says that something waits. */
    work: (key = 'k1', isOwed = false) =>
      objectOf(key).parts.sender.work(TENANT, clock.now + 600_000, isOwed),
    async enqueue(count: number, sort: Partial<NewItem['sort']> = {}): Promise<string[]> {
      const items: NewItem[] = []
      for (let n = 0; n < count; n += 1) items.push(await newItem(vault, clock.now + n, sort))
      await line.enqueue(items)
      return items.map(({ item }) => item)
    },
    /** The provider says that the job has ended. */
    async complete(jobId: string, key = 'k1'): Promise<void> {
      const { parts } = objectOf(key)
      await parts.targets.read(TENANT)
      parts.settle([{ watch: `video:${jobId}`, state: 'completed' }])
    },
    stateOf: (item: string) => line.look(item)?.state,
    becomes: (item: string, state: string) =>
      happens(`${item} is ${state}`, () => line.look(item)?.state === state),
  })
}

export type SenderWorld = Awaited<ReturnType<typeof senderWorld>>

/** As much of the object's own methods as a start uses, as src/durable/account-slots.ts has them. */
function selfOf(parts: Parts): SlotDesk {
  const self: Partial<SlotDesk> = {
    acquire: (message: LeaseAsk) => parts.acquire(fromLeaseMessage(message)),
    async bind(requestId, starts, again, { isKept = false } = {}) {
      await parts.incoming.applyDeferredAfter(
        () => parts.settlement.bind(requestId, starts, { again, isKept }),
        () => {}
      )
    },
    async release(requestId, fault) {
      parts.settlement.release(requestId)
      return fault && parts.accountChecks.judge(fault)
    },
  }
  return self as SlotDesk
}

async function newItem(
  vault: Ports['vault'],
  at: number,
  sort: Partial<NewItem['sort']>
): Promise<NewItem> {
  const requestId = newTimedId(at, crypto.randomUUID())
  const item = newTimedId(at, crypto.randomUUID())
  const text = JSON.stringify({ type: 'avatar', title: item, callback_id: item })
  const call = {
    requestId,
    origin: 'https://gateway.example.com',
    tenant: TENANT,
    provider: heygen,
    match: heygen.routes.match('POST', '/v3/videos'),
    method: 'POST',
    path: '/v3/videos',
    search: '',
    headers: new Headers({ 'content-type': 'application/json' }),
    body: new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>,
    json: JSON.parse(text) as unknown,
  }
  return {
    item,
    sort: {
      lane: '',
      token: 'A',
      priority: 3,
      askedAt: at,
      startBy: at + 1e9,
      bytes: 10,
      route: ROUTE,
      slots: 1,
      ...sort,
    },
    record: {
      requestId,
      tenant: TENANT,
      method: 'POST',
      path: '/v3/videos',
      names: [item.replaceAll('-', '')],
      tokenHash: 'hash',
      origin: 'https://gateway.example.com',
      reply: { url: CLIENT },
      tries: [],
    },
    sealed: await sealItem({ vault }, call),
  }
}
