/**
 * The Worker's door to the line: the product's own handlers, flows and stores over a line without storage. Accounts are always full,
 * so nothing is started except by `begin`, which stands for an account's object.
 */
import { LineInMemory } from './line-in-memory.ts'
import { platform } from '#composition/platform.ts'
import type { Account } from '#domain/accounts/account.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import type { Caller } from '#domain/access/token.ts'
import { endedKey, turnOf, type KeyRecord } from '#domain/creations/idempotency.ts'
import type { KeyEnd } from '#domain/ports/desk.ts'
import type { LineQuery } from '#domain/ports/line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { NewItem } from '#domain/queue/item.ts'
import type { Owner } from '#domain/routing/owner.ts'
import { RateLimit } from '#domain/runtime/rate-limit.ts'
import { RecentMap } from '#domain/runtime/recent-map.ts'
import { Semaphore } from '#domain/runtime/semaphore.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { LeaseAsk } from '#domain/slots/lease.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { dropIn } from '#http/calls/drop-in.ts'
import { jobs } from '#http/jobs/jobs.ts'
import { queue } from '#http/queue/cancel.ts'
import { newApp } from '#http/request/route.ts'
import { respondError } from '#http/request/respond-error.ts'
import { PROVIDERS } from '#providers/index.ts'
import { makeItemCache, makeItemStore, makeNameCache } from '../../../src/storage/items.ts'
import { makeOwnerCache, makeOwnerStore } from '../../../src/storage/owners.ts'
import { makeVault } from '../../../src/storage/vault.ts'

const WAITS = durationsAt(1)
const SPANS = {
  keepMs: WAITS.keepKeyMs,
  keepUnknownMs: WAITS.keepUnknownKeyMs,
  staleMs: WAITS.staleKeyMs,
}

interface Setting {
  provider?: 'heygen' | 'kling'
  /** How many accounts there are. Each has 9 slots. */
  accounts?: number
  slots?: number
}

interface Sending {
  headers?: Record<string, string>
  caller?: Partial<Caller>
  /** The request's id, if a test must know it before. */
  requestId?: string
  /** Aborts when the client has gone. */
  signal?: AbortSignal
}

export interface Upstream {
  method: string
  path: string
  body: string
}

export class Door {
  now = 1_800_000_000_000
  readonly provider: 'heygen' | 'kling'
  readonly accounts: Account[]
  readonly line: LineInMemory
  /** What the provider got, and what it answers. */
  readonly sent: Upstream[] = []
  answer: (sent: Upstream) => Response = () => Response.json({ data: {} })
  /** What the desk was asked, by method. */
  readonly asked: string[] = []
  /** Takes the place of the desk's own answer to `enqueue`. */
  enqueue: (items: NewItem[], go: LineInMemory['enqueue']) => ReturnType<LineInMemory['enqueue']> =
    (items, go) => go(items)
  /** How many creations asked an account for a slot. */
  acquired = 0
  /** Until when the last client that waited would have waited. */
  waitsUntil = 0
  /** The setting LEGACY. */
  legacy?: 'pass'
  /** Whether accounts have a free slot. */
  isFree = false
  /** Whether items wait for slots of the accounts, as those know it. */
  hasLine = false
  readonly items: NewItem[] = []
  /** The owners that the desk knows. */
  readonly owners: Owner[] = []
  readonly audit: unknown[] = []
  /** The desk is of an older release than the Worker. */
  isDeskOlder = false
  readonly #keys = new Map<string, KeyRecord>()
  #isolate: Pick<Ports, 'owners' | 'items' | 'hints' | 'memory'>

  constructor({ provider = 'heygen', accounts = 2, slots = 9 }: Setting = {}) {
    this.provider = provider
    this.accounts = Array.from({ length: accounts }, (_, index) => ({
      ...accountOf(provider, index),
      maxJobs: slots,
    }))
    this.line = new LineInMemory({
      now: () => this.now,
      accounts: Object.fromEntries(this.accounts.map((one) => [one.key, one])),
    })
    this.#isolate = this.#newIsolate()
  }

  /** From now on another isolate serves: it has cached nothing. */
  forgetIsolate(): void {
    this.#isolate = this.#newIsolate()
  }

  /** Another isolate serves, until this one is gone back to. */
  leaveIsolate(): () => void {
    const here = this.#isolate
    this.forgetIsolate()
    return () => {
      this.#isolate = here
    }
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    { headers = {}, caller = {}, requestId, signal }: Sending = {}
  ): Promise<Response> {
    const app = newApp()
    const known = { id: 'tok_1', hash: 'hash', tenant: 't', scope: 'use', replyUrl: null }
    app.onError(respondError)
    app.use(async (c, next) => {
      c.set('requestId', requestId ?? newTimedId(this.now, crypto.randomUUID()))
      c.set('ports', this.ports())
      c.set('caller', { ...known, ...caller } as Caller)
      await next()
    })
    for (const provider of PROVIDERS) {
      app.route(`/v1/${provider.name}/queue`, queue(provider))
      app.route(`/v1/${provider.name}`, jobs(provider))
    }
    app.all('*', dropIn)
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    return app.fetch(
      new Request(`https://gateway.example.com${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(text === undefined ? {} : { body: text }),
        ...(signal ? { signal } : {}),
      })
    )
  }

  /** As an account's object does: takes what is next, and reports that its jobs have begun. */
  async begin(jobIds: string[], account = this.accounts[0]): Promise<void> {
    const { key = '', email = '' } = account ?? {}
    const pull = { account: key, tenant: 't', free: 9, held: 0, underWay: [], parkings: [] }
    const [work] = (await this.line.takeWork(pull)).work
    if (!work) throw new Error('nothing waits')
    const { item, leaseId } = work
    const starts = jobIds.map((jobId) => ({ jobId, watch: [] }))
    const owners = jobIds.map(
      (id) => ({ id, email, source: 'created', mayBeShared: false }) as const
    )
    await this.line.report(key, [{ item, leaseId, kind: 'begun', owners, starts }])
  }

  ports(): Ports {
    return {
      ...platform,
      now: () => this.now,
      after: async (ms: number) => void (this.now += ms),
      random: () => 0,
      settings: {
        heygenOrigin: 'https://api.example.com',
        klingOrigin: 'https://api.example.com',
        publicOrigin: 'http://gateway.example.com',
        allowLoopbackCallbacks: false,
        ...(this.legacy ? { legacy: this.legacy } : {}),
      },
      durations: WAITS,
      isLineOpen: true,
      defer: (work: Promise<unknown>) => void work.catch(() => {}),
      log: () => {},
      fetch: async (url: string, init: RequestInit) => this.#send(url, init),
      vault: VAULT,
      reportedEnds: { has: () => false, delete: () => {}, add: () => {} },
      searches: new Semaphore(platform.after),
      searchesOfToken: new RateLimit(30),
      addedRoutes: { list: async () => [] },
      accounts: {
        list: async () => ({ version: 1, accounts: this.accounts }),
        fresh: async () => ({ version: 1, accounts: this.accounts }),
      },
      ...this.#isolate,
      desk: () => this.desk(),
      slots: (key: string) => ({
        acquire: async ({ yields }: LeaseAsk) => {
          this.acquired += 1
          const line = this.hasLine ? { isQueued: true } : {}
          const full = { ok: false, reason: 'full', retryAt: this.now + 60_000, ...line }
          return this.isFree && !(yields && this.hasLine) ? { ok: true, free: 1 } : full
        },
        settle: async () => {},
        bind: async () => {},
        release: async () => {},
        findJob: async (_: string, name: object) => this.#jobAt(key, Object.values(name)[0]),
      }),
    } as unknown as Ports
  }

  /** The jobs that accounts' objects have, by their id. */
  readonly #jobs = new Map<string, unknown>()
  addJob(jobId: string, key = this.accounts[0]?.key ?? ''): void {
    const lease = {
      id: `lease-${jobId}`,
      requestId: `lease-${jobId}`,
      jobId,
      kind: 'job',
      state: 'running',
      route: 'POST /v3/videos',
      watch: [`video:${jobId}`],
      acquiredAt: this.now,
    }
    this.#jobs.set(`${key} ${jobId}`, { lease })
  }

  #jobAt(key: string, name: unknown): unknown {
    return this.#jobs.get(`${key} ${String(name)}`)
  }

  desk() {
    const note = <T>(what: string, work: () => T): T => {
      this.asked.push(what)
      return work()
    }
    return {
      enqueue: (items: NewItem[]) =>
        note('enqueue', () => {
          this.items.push(...items)
          return this.enqueue(items, (some) => this.line.enqueue(some))
        }),
      listLine: (query: LineQuery) => note('listLine', () => this.line.listLine(query)),
      itemsOf: (names: string[]) => note('itemsOf', () => this.#itemsOf(names)),
      cancelItem: (...which: Parameters<LineInMemory['cancelItem']>) =>
        note('cancelItem', () => this.line.cancelItem(...which)),
      cancelItemBy: async (name: string) => {
        if (this.isDeskOlder)
          throw new TypeError('The RPC receiver does not implement the method "cancelItemBy".')
        const before = this.line.untold().length
        const cancelled = await this.line.cancelItemBy(name)
        if (this.line.untold().length > before)
          this.audit.push({ action: 'item.cancelled', subject: name })
        return cancelled
      },
      noteAudit: async (entry: unknown) => void this.audit.push(entry),
      ownersOf: async (ids: string[]) =>
        note('ownersOf', () => this.owners.filter(({ id }) => ids.includes(id))),
      learn: async () => [],
      learnJobs: async () => {},
      noteUnknown: async () => {},
      unknownOf: async () => undefined,
      noteFull: async () => note('noteFull', () => {}),
      awaitTurn: async (_: unknown, until: number) =>
        note('awaitTurn', () => {
          this.waitsUntil = until
          return 'none' as const
        }),
      fullAccounts: async () => [],
      formerKeys: async () => [],
      requestsOfKey: async () => [],
      beginKey: async (name: string, requestId: string) => this.#beginKey(name, requestId),
      endKey: async (name: string, requestId: string, end: KeyEnd) => {
        const record = this.#keys.get(name)
        if (record?.requestId !== requestId) return
        const ended = endedKey(record, end, this.now)
        if (ended) this.#keys.set(name, ended)
        else this.#keys.delete(name)
      },
    }
  }

  /** The desk of the product tells the owner beside the item. */
  async #itemsOf(names: string[]) {
    const found = await this.line.itemsOf(names)
    return found.map((shown) => {
      const [id] = shown.jobIds ?? []
      const email = this.accounts[0]?.email ?? null
      const owner = { id: id ?? '', email, source: 'created', mayBeShared: false } as const
      return id === undefined ? shown : { ...shown, owner }
    })
  }

  #beginKey(name: string, requestId: string) {
    const turn = turnOf(this.#keys.get(name), this.now, SPANS)
    if (turn.kind === 'fresh') this.#keys.set(name, { requestId, startedAt: this.now })
    return turn
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    const { pathname, search } = new URL(url)
    const body = init.body ? await new Response(init.body).text() : ''
    const sent = { method: init.method ?? 'GET', path: pathname + search, body }
    this.sent.push(sent)
    return this.answer(sent)
  }

  #newIsolate() {
    const now = () => this.now
    const owners = makeOwnerCache(now)
    const desk = () => this.desk() as never
    return {
      hints: new Hints(),
      memory: new RecentMap(100),
      owners: makeOwnerStore(owners, desk),
      items: makeItemStore(makeItemCache(now), {
        ...{ owners, desk, now, durations: WAITS },
        names: makeNameCache(now),
      }),
    }
  }
}

const VAULT = {
  ...makeVault([{ kid: 'k1', raw: btoa('1'.repeat(32)) }], platform),
  knows: () => true,
  open: async (identity: string, sealed: string) =>
    sealed === ''
      ? '{"kind":"apiKey","secrets":{"apiKey":"k"}}'
      : makeVault([{ kid: 'k1', raw: btoa('1'.repeat(32)) }], platform).open(identity, sealed),
}

function accountOf(provider: string, index: number): Account {
  return {
    provider,
    tenant: 't',
    email: `a${index}@example.com`,
    key: `${provider}:a${index}`,
    credentialKind: 'apiKey',
    credential: '',
    publicOrigin: 'http://gateway.example.com',
    createdAt: index + 1,
  } as unknown as Account
}
