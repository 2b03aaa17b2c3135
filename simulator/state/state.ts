/** Everything that the simulator remembers, and its clock. */
import { Clock } from './clock.ts'
import { Collection } from './collection.ts'
import type {
  Account,
  BadBody,
  Delivery,
  Fault,
  HookEvent,
  Job,
  OauthCode,
  OauthToken,
  Paid,
  Plan,
  Recorded,
  Replay,
  Resource,
  Settings,
  WebSession,
} from './types.ts'

const RECORDED_MAX = 5000
const KEEP_AWAKE_MS = 5000
const FILES_MAX = 1000

export function newBodies(): {
  checked: number
  refused: number
  lastN: number
  bad: BadBody[]
} {
  return { checked: 0, refused: 0, lastN: 0, bad: [] }
}

type Meta = { key: string; value: unknown }

export class State {
  readonly ctx: DurableObjectState
  readonly #clock: Clock
  readonly defaults: Settings
  readonly meta: Collection<Meta>
  readonly accounts: Collection<Account>
  readonly resources: Collection<Resource>
  readonly jobs: Collection<Job>
  readonly webSessions: Collection<WebSession>
  readonly oauthClients: Collection<{ key: string }>
  readonly oauthCodes: Collection<OauthCode>
  readonly oauthTokens: Collection<OauthToken>
  readonly deliveries: Collection<Delivery>
  readonly events: Collection<HookEvent>
  readonly replays: Collection<Replay>
  readonly faults: Collection<Fault>
  readonly plans: Collection<Plan>
  readonly bill: Collection<Paid>

  // Indexes, and what need not survive a restart.
  readonly emailByKey = new Map<string, string>()
  readonly active = new Map<string, Set<Job>>()
  readonly syncCalls = new Map<string, number>()
  /** When each account asked for speech within the last minute. */
  readonly speechAt = new Map<string, number[]>()
  readonly byOwner = new Map<string, Map<string, Resource>>()
  readonly runningReplays = new Set<string>()
  readonly sending = new Set<string>()
  /** Ids of Kling's tasks by account and external id. */
  readonly externalIds = new Map<string, string>()
  /** Bytes of the latest small uploads by asset id. A restart loses them. */
  readonly files = new Map<string, Uint8Array>()
  requests: Recorded[] = []
  requestCount = 0
  /** v3 bodies held against their schemas, and those that differ. A restart forgets them. */
  bodies = newBodies()
  nextDueAt = Infinity
  #alarmAt: number | null = null
  #seq = 0
  #settings: Settings

  constructor(ctx: DurableObjectState, vars: Pick<Settings, 'jobMs' | 'syncMs' | 'sunset'>) {
    const sql = ctx.storage.sql
    sql.exec(
      'CREATE TABLE IF NOT EXISTS entity (kind TEXT, key TEXT, json TEXT, PRIMARY KEY (kind, key))'
    )
    this.ctx = ctx
    this.defaults = {
      ...vars,
      latencyMs: 0,
      webhooks: 'auto',
      validateWebhookUrl: false,
      webhooksBeyondLoopback: false,
      loseRate: 0,
      doubleRate: 0,
      reorderRate: 0,
      lateRate: 0,
      lateMs: 5000,
      earlyRate: 0,
      webhookDelayMs: 0,
      klingCallbacks: 'all',
      webhookRetryMs: 1000,
      strict: false,
      publicLooks: 0,
      publicVoices: 0,
      keyMode: 'key-first',
    }
    this.meta = new Collection(sql, 'meta')
    this.accounts = new Collection(sql, 'account')
    this.resources = new Collection(sql, 'resource')
    this.jobs = new Collection(sql, 'job')
    this.webSessions = new Collection(sql, 'web-session')
    this.oauthClients = new Collection(sql, 'oauth-client')
    this.oauthCodes = new Collection(sql, 'oauth-code')
    this.oauthTokens = new Collection(sql, 'oauth-token')
    this.deliveries = new Collection(sql, 'delivery')
    this.events = new Collection(sql, 'event')
    this.replays = new Collection(sql, 'replay')
    this.faults = new Collection(sql, 'fault')
    this.plans = new Collection(sql, 'plan')
    this.bill = new Collection(sql, 'paid')
    this.#clock = new Clock(Number(this.meta.get('offsetMs')?.value ?? 0))
    this.#settings = {
      ...this.defaults,
      ...(this.meta.get('settings')?.value as Partial<Settings>),
    }
    this.#index()
  }

  now(): number {
    return this.#clock.now()
  }

  advance(ms: number): void {
    this.#clock.advance(ms)
    this.meta.put({ key: 'offsetMs', value: this.#clock.offsetMs })
    this.#alarmAt = null
  }

  get settings(): Settings {
    return this.#settings
  }

  changeSettings(change: Partial<Settings>): Settings {
    const kept = { ...(this.meta.get('settings')?.value as Partial<Settings>), ...change }
    this.meta.put({ key: 'settings', value: kept })
    this.#settings = { ...this.defaults, ...kept }
    return this.#settings
  }

  /** Grows, also across restarts. Lists are in its order. */
  nextSeq(): number {
    this.#seq = Math.max(this.#seq + 1, this.now() * 1000)
    return this.#seq
  }

  putResource(resource: Resource): Resource {
    let own = this.byOwner.get(resource.account)
    if (!own) this.byOwner.set(resource.account, (own = new Map()))
    own.set(resource.key, resource)
    return this.resources.put(resource)
  }

  keepFile(id: string, bytes: Uint8Array | undefined): void {
    if (!bytes) return
    this.files.set(id, bytes)
    const [oldest] = this.files.keys()
    if (this.files.size > FILES_MAX && oldest !== undefined) this.files.delete(oldest)
  }

  deleteResource(resource: Resource): void {
    this.byOwner.get(resource.account)?.delete(resource.key)
    this.resources.delete(resource.key)
  }

  putJob(job: Job): Job {
    let active = this.active.get(job.account)
    if (!active) this.active.set(job.account, (active = new Set()))
    if (job.status === 'ended') active.delete(job)
    else active.add(job)
    return this.jobs.put(job)
  }

  record(entry: Omit<Recorded, 'n'>): Recorded {
    const recorded = { n: ++this.requestCount, ...entry }
    this.requests.push(recorded)
    if (this.requests.length > RECORDED_MAX) this.requests = this.requests.slice(-RECORDED_MAX)
    return recorded
  }

  /**
   * Sets the alarm for a moment of simulated time, unless it rings earlier anyway. Never for this very millisecond:
   * workerd may keep an alarm that is set in the millisecond in which it rings, and not ring it.
   */
  wakeAt(at: number): void {
    if (!Number.isFinite(at)) return
    const real = this.#clock.toAlarmTime(at)
    if (this.#alarmAt !== null && this.#alarmAt <= real) return
    this.#alarmAt = real
    this.ctx.waitUntil(this.ctx.storage.setAlarm(real))
  }

  /** workerd evicts an object that nobody calls for ten seconds, and with it the recorded requests. */
  keepAwake(): void {
    this.wakeAt(this.now() + KEEP_AWAKE_MS)
  }

  alarmRang(): void {
    this.#alarmAt = null
  }

  reset(): void {
    const tables = [
      this.accounts,
      this.resources,
      this.jobs,
      this.webSessions,
      this.oauthClients,
      this.oauthCodes,
      this.oauthTokens,
      this.deliveries,
      this.events,
      this.replays,
      this.faults,
      this.plans,
      this.bill,
      this.meta,
    ]
    for (const table of tables) table.clear()
    this.#clock.reset()
    this.#settings = this.defaults
    this.files.clear()
    this.requests = []
    this.requestCount = 0
    this.bodies = newBodies()
    this.runningReplays.clear()
    this.#index()
  }

  #index(): void {
    for (const map of [this.emailByKey, this.active, this.byOwner, this.externalIds]) map.clear()
    this.nextDueAt = this.jobs.size > 0 ? 0 : Infinity
    for (const account of this.accounts.values()) {
      for (const apiKey of account.apiKeys) this.emailByKey.set(apiKey, account.email)
    }
    for (const resource of this.resources.values()) this.putIndex(resource)
    for (const job of this.jobs.values()) {
      if (job.doc.externalId) this.externalIds.set(`${job.account} ${job.doc.externalId}`, job.id)
      if (job.status === 'ended') continue
      const active = this.active.get(job.account) ?? new Set()
      this.active.set(job.account, active.add(job))
    }
  }

  putIndex(resource: Resource): void {
    const own = this.byOwner.get(resource.account) ?? new Map<string, Resource>()
    this.byOwner.set(resource.account, own.set(resource.key, resource))
    this.#seq = Math.max(this.#seq, resource.seq)
  }
}
