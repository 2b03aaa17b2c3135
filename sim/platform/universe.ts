/** Everything of one seed put together: the world, KV, the network, the isolates in their places, the objects. */
import type { Build } from './build.ts'
import { Isolate, type ClientAnswer, type ClientCall } from './isolates.ts'
import { CALM_KV, KvStore } from './kv.ts'
import { CALM_NETWORK, Network } from './network.ts'
import { Namespace } from './namespaces.ts'
import { CALM_OBJECTS, HostedObject } from './objects.ts'
import type { Front, Rates } from './front.ts'
import { enter } from './seams.ts'
import type { Hit } from '../world/chance.ts'
import { World } from '../world/world.ts'

export interface UniversePlan {
  seed: number
  places: readonly string[]
  /** In each place. */
  isolates: number
  /** By how much clocks of isolates differ from the world's, at most. */
  skewMs: number
  /** Whether the world begins with the build before, and gets the present one isolate by isolate. */
  isRenewed?: boolean
  /** Faults that happen whatever the rates are. */
  forced?: readonly Hit[]
  vars?: Readonly<Record<string, string>>
}

export type { Rates }

export const CALM: Rates = { objects: CALM_OBJECTS, network: CALM_NETWORK, kv: CALM_KV }

export const ORIGIN = 'https://gateway.example.com'
export const PLAIN_ORIGIN = 'http://gateway.example.com'
export const ADMIN_TOKEN = 'admin-token-of-the-simulation-0123456789'
/** Not one that `docs` or tests publish. */
export const MASTER_KEY = 'kT0vGm3qZ8yX5bN1cR7wLhJfD2sPaE9uIoQ6tVgYxUk='

/** What replaces it in plans that rotate it. */
export const NEXT_MASTER_KEY = 'QmF1aDd3SzNwVjlzWDJjTjZ0TDRyRzhmSjFkSDVhUzA='

/** The settings of wrangler.toml, with an origin of ours. */
const VARS: Readonly<Record<string, string>> = {
  HEYGEN_ORIGIN: 'https://api.heygen.com',
  HEYGEN_UPLOAD_ORIGIN: 'https://upload.heygen.com',
  HEYGEN_WEB_ORIGIN: 'https://api2.heygen.com',
  HEYGEN_MAX_JOBS: '10',
  HEYGEN_OAUTH_CLIENT_ID: '',
  KLING_ORIGIN: 'https://api-singapore.klingai.com',
  KLING_WEB_ORIGIN: 'https://id.klingai.com',
  PUBLIC_ORIGIN: ORIGIN,
  ALLOW_LOOPBACK_CALLBACKS: 'false',
  TIME_SCALE: '1',
  LEGACY: 'auto',
  LEGACY_ENGINE: 'iii',
  LEGACY_4K: 'clamp',
  LOCATION_HINT: '',
  ADMIN_TOKEN,
  MASTER_KEYS: `k1:${MASTER_KEY}`,
}

/** Bindings that count requests. They refuse nothing here. */
const RATE_LIMITS = ['AUTH_DAMPER', ...[30, 60, 120, 300, 600, 1200].map((n) => `TOKEN_RATE_${n}`)]
const NO_LIMIT = { limit: async () => ({ success: true }) }

/** A job unheard of is given up after 48 h. */
const REST_MS = 60 * 3_600_000

export class Universe implements Front {
  readonly world: World
  readonly network: Network
  readonly kv: KvStore
  readonly objects = new Map<string, HostedObject>()
  rates: Rates = CALM
  /** How often each question of chance was asked between the first rates and the second. */
  asked: Record<string, number> = {}
  /** The Worker that new isolates run. */
  #build: Build
  readonly #present: Build
  readonly #plan: UniversePlan
  #isolates: Isolate[] = []
  #made = 0
  /** Settings that were changed since the world began. */
  #deployed: Readonly<Record<string, string>> = {}
  #isSetUp = false

  constructor(build: Build, plan: UniversePlan) {
    this.#present = build
    this.#build = plan.isRenewed && build.before ? build.before : build
    this.#plan = plan
    this.world = new World(plan.seed)
    this.network = new Network(this.world)
    this.kv = new KvStore(this.world)
    enter(this.world, this.network)
    for (const place of plan.places)
      for (let n = 0; n < plan.isolates; n += 1) this.#isolates.push(this.#newIsolate(place))
  }

  /** The first time, questions of chance are counted from 1: what was set up before counts nowhere. */
  setRates(rates: Rates): void {
    const { chance } = this.world
    if (this.#isSetUp) this.asked = Object.fromEntries(chance.asked)
    else chance.begin(this.#plan.forced ?? [])
    this.#isSetUp = true
    this.rates = rates
    this.network.rates = rates.network
    this.kv.rates = rates.kv
  }

  /** A call of a client that reaches any isolate. */
  call(call: ClientCall): Promise<ClientAnswer> {
    return this.world.chance.pick('isolate of call', this.#isolates).call(call)
  }

  /** One isolate dies, with all that it does. Another takes its place, with the present build. */
  killIsolate(at = this.world.chance.index('isolate killed', this.#isolates.length)): void {
    this.#build = this.#present
    const old = this.#isolates[at]
    if (!old) return
    this.#isolates[at] = this.#newIsolate(old.place)
    old.kill()
  }

  /** Every isolate is replaced, one after the other, by one with other settings. */
  async deploy(vars: Readonly<Record<string, string>>): Promise<void> {
    this.#deployed = { ...this.#deployed, ...vars }
    for (const at of this.#isolates.keys()) {
      await this.world.sleep(2000, 'deploy')
      this.killIsolate(at)
    }
  }

  /** Every isolate is replaced that has the build before. */
  renew(): void {
    for (const [at, { build }] of this.#isolates.entries())
      if (build !== this.#present) this.killIsolate(at)
  }

  objectsOf(label: 'ACCOUNT_SLOTS' | 'TENANT_DESK'): HostedObject[] {
    return [...this.objects.values()].filter(({ name }) => name.startsWith(`${label} `))
  }

  /** Time costs nothing here. */
  rest(): Promise<void> {
    return this.world.sleep(REST_MS, 'rest')
  }

  close(): void {
    for (const { disk } of this.objects.values()) disk.close()
  }

  #newIsolate(place: string): Isolate {
    this.#made += 1
    const { chance } = this.world
    const { skewMs, vars } = this.#plan
    const env = {
      ...VARS,
      ...vars,
      ...this.#deployed,
      REGISTRY: this.kv.at(place),
      ACCOUNT_SLOTS: this.#namespace('ACCOUNT_SLOTS'),
      TENANT_DESK: this.#namespace('TENANT_DESK'),
      ...Object.fromEntries(RATE_LIMITS.map((name) => [name, NO_LIMIT])),
    }
    const isolate = new Isolate(this.world, this.#build, {
      name: `${place}${this.#made}`,
      place,
      env,
      skewMs: Math.round(chance.between('skew', -skewMs, skewMs)),
    })
    isolate.dieRate = () => this.rates.network.requestDies
    return isolate
  }

  #namespace(label: 'ACCOUNT_SLOTS' | 'TENANT_DESK'): Namespace {
    const built = label === 'ACCOUNT_SLOTS' ? 'AccountSlots' : 'TenantDesk'
    return new Namespace(this.world, label, (name) => {
      const full = `${label} ${name}`
      const known = this.objects.get(full)
      if (known) return known
      const pick = () => this.world.chance.pick('isolate of object', this.#isolates)
      const made = new HostedObject(this.world, full, built, pick)
      made.rates = () => this.rates.objects
      made.alarmLateMs = this.#plan.skewMs
      this.objects.set(full, made)
      return made
    })
  }
}
