/**
 * The line of a desk over a storage in Node's SQLite, with accounts that the test plays. The clock is moved by hand. `restart` makes it
 * anew from what is stored.
 */
import type { TokenRecord } from '#domain/access/token.ts'
import type {
  EnqueueAnswer,
  Line,
  LinePage,
  LineQuery,
  UnstartedEnd,
  WorkAnswer,
  WorkAsk,
} from '#domain/ports/line.ts'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import type { ItemShown, ItemSort, NewItem } from '#domain/queue/item.ts'
import { durationsAt } from '#domain/runtime/durations.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { Pause } from '#domain/line/pauses.ts'
import type { ClientWish } from '#domain/queue/waiting-clients.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import { newTimedId } from '#domain/text/time-ordered-id.ts'
import { openStorage } from '../sql/sqlite.ts'

interface DeskLine extends Omit<Line, 'itemsOf' | 'cancelItem' | 'report' | 'listLine'> {
  list(query: LineQuery): LinePage
  itemsOf(names: string[]): ItemShown[]
  cancel(
    name: string,
    wish?: { token?: string; onEnded?: () => void }
  ): ItemShown | 'late' | undefined
  report(...args: Parameters<Line['report']>): string[]
  accountsChanged(): void
  addClient(waiter: Waiter & Partial<ClientWish>): void
  removeClient(id: string): void
  tellOfSlot(account: string): boolean
  pauses(): readonly Pause[]
  pause(pause: Pause): void
  resume(pause: Pause): void
  runDue(): Promise<void>
  oldSince(): number | undefined
  nextAt(keepMs: number, everyMs: number): number | undefined
  forget(now: number, keepMs: number): void
  forgetAll(): void
  hasWork: boolean
  sharesEnded(tokens: string[]): void
  chosenShares(): string[]
  reseal(resealer: object, after: string): Promise<{ after?: string }>
}
interface Shares {
  take(token: string, limits: object, names: string[]): Promise<unknown>
  end(names: string[], how: string): string[]
}
/** Imported by a name that is no literal: its types are the Worker's, not those of these tests. */
const sharesFile: string = '../../../src/durable/limits/token-shares.ts'
const { TokenShares } = (await import(sharesFile)) as {
  TokenShares: new (storage: object, deps: object) => Shares
}
const file: string = '../../../src/durable/line/desk-line.ts'
const { DeskLine: DeskLineClass } = (await import(file)) as {
  DeskLine: new (storage: object, deps: object) => DeskLine
}

export const START = Date.UTC(2026, 10, 29)
const TENANT = 'tenant-1'

export interface PlayedAccount {
  key: string
  email: string
  createdAt: number
  maxJobs: number
  weight?: number
  priority?: number
}

export interface Wish extends Partial<Omit<ItemSort, 'state'>> {
  sealed?: string
  names?: string[]
  requestId?: string
}

export class PlayedDesk {
  now = START
  storage: DurableObjectStorage = openStorage('SELECT 1')
  accounts: PlayedAccount[] = []
  isClosed = false
  /** By hash. A token without a record was removed. */
  tokens = new Map<string, Partial<TokenRecord>>()
  /** What the KV copy still says. */
  copies = new Map<string, Partial<TokenRecord>>()
  /** Which request holds a key. */
  readonly keys = new Map<string, string>()
  learned: Owner[] = []
  /** Calls of `work`, as `key` and, where something is chosen there, ` owed`. */
  calls: string[] = []
  ends: UnstartedEnd[] = []
  /** Clients that were sent to an account, as `id account`. */
  sent: string[] = []
  alarmAt = Infinity
  /** Limits on answers of accounts are over soon. Otherwise they never are. */
  giveUp = false
  /** What an account's object does when it is told of work. */
  onWork: (key: string, isOwed: boolean) => Promise<unknown> = async () => {}
  onEnds: (key: string, ends: UnstartedEnd[]) => Promise<string[]> = async (_, ends) => {
    this.ends.push(...ends)
    return ends.map(({ item }) => item)
  }
  /** What an account's object knows of a job: its outcome, that it runs, or nothing. */
  onFind: (key: string, jobId: string) => object | undefined = () => undefined
  /** Called for each owner that is written, inside the transaction. */
  onLearn: () => void = () => {}
  shares!: Shares
  balancing: 'random' | 'least-used' | 'priority' = 'random'
  /** By account's key: the names of jobs of limited tokens that it has. */
  leases = new Map<string, string[]>()
  line: DeskLine = this.#open()
  #made = 0
  #work: Promise<unknown>[] = []

  #open(): DeskLine {
    const tokenOf = (hash: string) => this.tokens.get(hash)
    const slots = (key: string) => ({
      work: async (_tenant: string, _until: number, isOwed = false) => {
        this.calls.push(isOwed ? `${key} owed` : key)
        await this.onWork(key, isOwed)
      },
      limitedLeases: async () => this.leases.get(key) ?? [],
      findJob: async (_tenant: string, { jobId }: { jobId: string }) => this.onFind(key, jobId),
      endUnstarted: (_tenant: string, ends: UnstartedEnd[]) => this.onEnds(key, ends),
    })
    const ports = {
      slots,
      tokens: {
        find: async (hash: string) => this.copies.get(hash) ?? tokenOf(hash),
        forget: () => {},
      },
      registrar: {
        findToken: async (hash: string) => tokenOf(hash),
        listTokens: async () => [...this.tokens.values()],
      },
      defer: (work: Promise<unknown>) => this.#work.push(work),
      random: () => 0.5,
      newId: () => crypto.randomUUID(),
      after: async (_: number, signal?: AbortSignal) => {
        const ended = new Promise((resolve) => signal?.addEventListener('abort', resolve))
        // Long after everything that needs no timer.
        await (this.giveUp ? new Promise((resolve) => setTimeout(resolve, 20)) : ended)
      },
      log: () => {},
      now: () => this.now,
      durations: durationsAt(1),
    }
    this.shares = new TokenShares(this.storage, {
      ports: () => ports,
      tenant: TENANT,
      accountKeys: () => this.accounts.map(({ key }) => key),
      chosen: () => this.line.chosenShares(),
    })
    return new DeskLineClass(this.storage, {
      ports: () => ports,
      now: () => this.now,
      provider: 'heygen',
      tenant: TENANT,
      accounts: () => this.accounts,
      balancing: () => this.balancing,
      isClosed: () => this.isClosed,
      learn: (owners: Owner[]) => {
        this.onLearn()
        this.learned.push(...owners)
      },
      learnOwn: (owners: Owner[]) => void this.learned.push(...owners),
      touchAccounts: () => {},
      jobsNamed: (ids: string[]) => this.learned.filter(({ id }) => ids.includes(id)),
      ownersOf: (ids: string[]) => this.learned.filter(({ id }) => ids.includes(id)),
      keys: {
        standsFor: (name: string) => {
          const requestId = this.keys.get(name)
          return requestId === undefined ? undefined : { kind: 'unknown', requestId }
        },
        hold: (name: string, requestId: string) => void this.keys.set(name, requestId),
      },
      sendClient: (id: string, account: string) => {
        this.sent.push(`${id} ${account}`)
      },
      full: () => [],
      shares: this.shares,
      armIn: (ms: number) => {
        this.alarmAt = Math.min(this.alarmAt, this.now + ms)
      },
    })
  }

  /** As an account's object tells of jobs that have ended. */
  async endJobs(...items: string[]): Promise<void> {
    this.line.sharesEnded(this.shares.end(items, 'ended'))
    await this.settle()
  }

  restart(): void {
    this.line = this.#open()
  }

  /** Until nothing is under way in the background. */
  async settle(): Promise<void> {
    while (this.#work.length > 0) await Promise.all(this.#work.splice(0))
  }

  async ring(afterMs = 0): Promise<void> {
    this.now += afterMs
    this.alarmAt = Infinity
    await this.line.runDue()
    await this.settle()
  }

  addAccount(name: string, maxJobs = 3): PlayedAccount {
    const account = {
      key: `heygen:${name}`,
      email: `${name}@example.com`,
      createdAt: START,
      maxJobs,
    }
    this.accounts.push(account)
    return account
  }

  addToken(id: string, more: Partial<TokenRecord> = {}): string {
    const hash = `hash-${id}`
    this.tokens.set(hash, { id, subscription: 'active', expiresAt: null, ...more })
    return id
  }

  newItem({ sealed = 'sealed', names, requestId, ...sort }: Wish = {}): NewItem {
    this.#made += 1
    const at = this.now + this.#made
    const id = requestId ?? newTimedId(at, crypto.randomUUID())
    const item = itemIdOf(id, at)
    const token = sort.token ?? 'token'
    if (!this.tokens.has(`hash-${token}`)) this.addToken(token)
    return {
      item,
      sort: {
        lane: '',
        token,
        priority: 3,
        askedAt: at,
        startBy: this.now + 7 * 86_400_000,
        bytes: sealed.length,
        route: 'POST /v3/videos',
        slots: 1,
        ...sort,
      },
      record: {
        requestId: id,
        tenant: TENANT,
        method: 'POST',
        path: '/v3/videos',
        names: names ?? namesOf(item, 1, { kind: 'hex' }),
        tokenHash: `hash-${token}`,
        origin: 'https://gateway.example',
        tries: [],
      },
      sealed,
    }
  }

  /** A client of the token waits for a slot of any account. */
  addClient(id: string, token: string, more: Partial<ClientWish> = {}): void {
    const accounts = this.accounts.map(({ key }) => key)
    this.line.addClient({ id, since: this.now, accounts, token, ...more })
  }

  newItems(count: number, wish: Wish = {}): NewItem[] {
    return Array.from({ length: count }, () => this.newItem(wish))
  }

  /** What the desk answers for one item. */
  async put(item: NewItem): Promise<EnqueueAnswer | undefined> {
    const [answer] = await this.line.enqueue([item])
    await this.settle()
    return answer
  }

  async enqueue(...items: NewItem[]): Promise<string[]> {
    await this.line.enqueue(items)
    await this.settle()
    return items.map(({ item }) => item)
  }

  ask({ key }: PlayedAccount, free = 1, more: Partial<WorkAsk> = {}): Promise<WorkAnswer> {
    const ask = { account: key, tenant: TENANT, free, held: 0, underWay: [], parkings: [], ...more }
    return this.line.takeWork(ask)
  }

  begun(item: string, leaseId: string, { email }: PlayedAccount) {
    const jobId = `job-of-${item}`
    const start = { jobId, watch: [`video:${jobId}`], ask: `/v3/videos/${jobId}` }
    const owner = {
      id: jobId,
      email,
      source: 'created',
      mayBeShared: false,
      lease: leaseId,
    } as const
    return { kind: 'begun' as const, item, leaseId, owners: [{ ...owner, start }], starts: [start] }
  }

  stateOf(item: string): string | undefined {
    return this.line.itemsOf([item])[0]?.state
  }

  rows(): { is_gone: number; item: string; sealed: string | null }[] {
    const sql = 'SELECT is_gone, item, sealed FROM queued'
    return this.storage.sql
      .exec<{ is_gone: number; item: string; sealed: string | null }>(sql)
      .toArray()
  }
}
