/**
 * HeyGen in the world: v3 as the reference describes it, with books of its own. It limits nothing; it counts what was started, for
 * which account, and how much was in flight. Kinds, rows and error bodies are those of the tests' witness.
 */
import type { KeyMode, TimeForm } from '../../test/support/witness/witness-types.ts'
import {
  data,
  faultOf,
  parse,
  refusal,
  textOf,
} from '../../test/support/witness/witness-answers.ts'
import {
  kindAt,
  kindNamed,
  markIn,
  type WitnessKind,
} from '../../test/support/witness/witness-kinds.ts'
import { listAnswer, rowOf } from '../../test/support/witness/witness-rows.ts'
import type { NetworkCall, NetworkReply, Served } from '../platform/network.ts'
import type { World } from '../world/world.ts'
import type { Account, BookedCreation, HeygenRates, Job } from './books.ts'
import { CALM_HEYGEN } from './books.ts'
import type { Events } from './events.ts'
import { Files } from './files.ts'
import { Older } from './older.ts'
import { OAuth } from './oauth.ts'
import { Things } from './things.ts'

type Answer = Pick<NetworkReply, 'status' | 'body'>

/** Rows of a page of a list: where none are asked for, and at most. */
const USUAL_ROWS = 10
const ROWS_MAX = 100

/** What a fault answers behind 200, whatever was asked. It shows nothing. */
export const BROKEN = '{"data": {"broken'

const EDGE_PAGE = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>'

export class Heygen {
  rates: HeygenRates = CALM_HEYGEN
  readonly accounts = new Map<string, Account>()
  readonly creations: BookedCreation[] = []
  readonly jobs = new Map<string, Job>()
  readonly events: Events
  /** Sentences about what must not happen, found at once. */
  readonly breaches: string[] = []
  calls = 0
  readonly #world: World
  readonly oauth: OAuth
  readonly files: Files
  /** Whether v1 and v2 answer. */
  hasOlder = false
  readonly older: Older
  readonly #things: Things
  readonly #byKey = new Map<string, Account>()
  readonly #kept = new Map<string, Answer>()
  #seq = 0

  constructor(world: World, events: Events) {
    this.#world = world
    this.oauth = new OAuth(world)
    this.older = new Older(world)
    this.files = new Files(world)
    this.#things = new Things(world)
    this.events = events
  }

  addAccount(
    email: string,
    apiKey: string,
    how: { keys: KeyMode; times: TimeForm; skewMs: number }
  ): Account {
    const account: Account = {
      ...{ email, ...how, isEdgeLost: false, endpoints: [], inFlight: new Set(), maxInFlight: 0 },
      skewMs: this.#world.shownMs(how.skewMs),
      most: [],
      allowed: 0,
      limitsTold: 0,
      isRefused: false,
      username: `user-${this.#world.chance.hex('usernames', 8)}`,
    }
    this.accounts.set(email, account)
    this.#byKey.set(apiKey, account)
    return account
  }

  /** The limit that the gateway was told. A lower one counts only once creations under way are over. */
  allow(email: string, maxJobs: number): void {
    const account = this.accounts.get(email)
    if (!account) return
    account.limitsTold += 1
    const { limitsTold } = account
    if (maxJobs >= account.allowed) account.allowed = maxJobs
    else
      this.#world.after(180_000, 'lower limit counts', undefined, () => {
        if (account.limitsTold === limitsTold) account.allowed = maxJobs
      })
  }

  /** From now on the account has another key, and the old one is refused. */
  changeKey(email: string, apiKey: string): void {
    const account = this.accounts.get(email)
    if (!account) return
    for (const [key, one] of this.#byKey) if (one === account) this.#byKey.delete(key)
    this.#byKey.set(apiKey, account)
  }

  get running(): Job[] {
    return [...this.jobs.values()].filter(({ isOver }) => !isOver)
  }

  serve(call: NetworkCall): { reply: Served; afterMs: number } {
    this.calls += 1
    const key =
      call.headers.get('x-api-key') ?? call.headers.get('authorization')?.replace('Bearer ', '')
    const account =
      this.#byKey.get(key ?? '') ??
      this.oauth.accountOf(key ?? '') ??
      this.older.accountOf(key ?? '')
    const { chance } = this.#world
    const { rates } = this
    if (chance.isHit('heygen fails before', rates.failBefore)) return now(this.#fault('before'))
    const answer =
      account && !account.isRefused
        ? this.#answer(call, account)
        : refusal(401, 'unauthorized', 'Unauthorized')
    if (chance.isHit('heygen fails after', rates.failAfter)) return now(this.#fault('after'))
    if (chance.isHit('heygen cuts', rates.cut)) return now({ ...answer, isCut: true })
    const date = new Date(this.#world.shown(this.#world.now) + (account?.skewMs ?? 0)).toUTCString()
    return now({ ...answer, headers: { date } })
  }

  #fault(when: 'before' | 'after'): Served {
    const { chance } = this.#world
    const html = { 'content-type': 'text/html' }
    const faults: Served[] = [
      'reset',
      'hang',
      { status: 502, body: EDGE_PAGE, headers: html },
      { status: 504, ...bodyOf(504, 'gateway_timeout') },
      { status: 500, ...bodyOf(500, 'internal_error') },
      { status: 200, body: BROKEN },
    ]
    if (when === 'after') return chance.pick('heygen fault after', faults)
    const limited = { status: 429, ...bodyOf(429, 'rate_limit_exceeded') }
    return chance.pick('heygen fault before', [
      ...faults.slice(0, 5),
      { ...limited, headers: { 'retry-after': String(this.#retryAfter()) } },
      { status: 503, ...bodyOf(503, 'service_unavailable') },
      { status: 402, ...bodyOf(402, 'insufficient_credit') },
    ])
  }

  /** Whole seconds. */
  #retryAfter(): number {
    const seconds = 1 + this.#world.chance.index('retry after', 60)
    return Math.ceil(this.#world.shownMs(seconds * 1000) / 1000)
  }

  #answer(call: NetworkCall, account: Account): Answer {
    const { method } = call
    const path = call.url.pathname
    if (method === 'GET' && path === '/v3/users/me') return meOf(account)
    if (path.startsWith('/v3/webhooks/endpoints')) return this.events.endpoints(call, account)
    const kind = kindAt(path)
    if (kind && method === 'POST') return this.#create(call, account, kind)
    if (kind && method === 'GET')
      return listAnswer(
        this.#ownJobs(account, kind),
        account,
        this.#paged(call.url.searchParams),
        USUAL_ROWS
      )
    const at = path.lastIndexOf('/')
    const one = kindAt(path.slice(0, at))
    const id = decodeURIComponent(path.slice(at + 1))
    if (one && (method === 'GET' || method === 'DELETE'))
      return this.#one(account, one, id, method === 'DELETE')
    if (method === 'GET' && path.startsWith('/v3/workflows/')) return data({ id })
    const older = this.hasOlder
      ? this.older.answer(call, account, this.jobs, () => this.#makeOlderVideo(call, account))
      : undefined
    if (older) return older
    const known = this.files.answer(call, account) ?? this.#things.answer(call, account)
    return known ?? refusal(404, 'not_found', 'Not found')
  }

  #makeOlderVideo(call: NetworkCall, account: Account): Job | undefined {
    const body = parse(call.body) as Record<string, unknown>
    return this.#book(call, account, kindNamed('video'), { body, isKeyed: false })[0]
  }

  #paged(query: URLSearchParams): URLSearchParams {
    const paged = new URLSearchParams(query)
    const { rowsMax = ROWS_MAX } = this.rates
    const limit = Number(query.get('limit')) || USUAL_ROWS
    paged.set('limit', String(Math.min(limit, rowsMax)))
    return paged
  }

  #create(call: NetworkCall, account: Account, kind: WitnessKind): Answer {
    const key = call.headers.get('idempotency-key') ?? undefined
    const isKeyed = key !== undefined && kind.takesKey && account.keys !== 'ignores'
    const slot = `${account.email} ${call.url.pathname} ${key}`
    const body = parse(call.body)
    const fault = faultOf(kind, body)
    const invalid =
      fault === undefined
        ? undefined
        : refusal(400, 'invalid_parameter', `${fault} is invalid`, fault)
    if (isKeyed && account.keys === 'validates' && invalid) return invalid
    const kept = isKeyed ? this.#kept.get(slot) : undefined
    if (kept) return kept
    if (invalid) {
      if (isKeyed && account.keys === 'stores') this.#kept.set(slot, invalid)
      return invalid
    }
    const strange = this.files.refusalOf(call.body, account) ?? lookRefusal(call.body, account)
    if (strange) return strange
    const answer = this.#accept(call, account, kind, body as Record<string, unknown>)
    if (isKeyed) this.#kept.set(slot, answer)
    return answer
  }

  #accept(
    call: NetworkCall,
    account: Account,
    kind: WitnessKind,
    body: Record<string, unknown>
  ): Answer {
    const jobs = this.#book(call, account, kind, { body, isKeyed: true })
    const ids = jobs.map(({ id }) => id)
    return { status: kind.status, body: JSON.stringify({ data: kind.created(ids, kind.doing) }) }
  }

  /** `isKeyed`: the call takes a key. */
  #book(
    call: NetworkCall,
    account: Account,
    kind: WitnessKind,
    { body, isKeyed }: { body: Record<string, unknown>; isKeyed: boolean }
  ): Job[] {
    const languages = body['output_languages']
    const count = Array.isArray(languages) ? languages.length : 1
    const mark = markIn(call.body) ?? ''
    const jobs = Array.from({ length: count }, () => this.#newJob(account, kind, mark, body))
    for (const { id } of jobs) account.inFlight.add(id)
    if (account.inFlight.size > account.maxInFlight) {
      account.maxInFlight = account.inFlight.size
      account.most = [...account.inFlight].map((id) => this.jobs.get(id)?.mark ?? id)
    }
    if (account.inFlight.size > account.allowed)
      this.breaches.push(
        `I1 ${account.email}: ${account.inFlight.size} in flight of ${account.allowed}: ${account.most.join(' ')}`
      )
    const hasKey = isKeyed && (account.keys === 'first' || account.keys === 'stores')
    const isTraceable =
      (kind.showsCallback && jobs[0]?.callbackId !== null) || (ASKED.has(kind.name) && hasKey)
    this.creations.push({ mark, account: account.email, kind: kind.name, jobs, isTraceable })
    for (const job of jobs) this.#plan(job)
    return jobs
  }

  #plan(job: Job): void {
    const { chance } = this.#world
    const word = chance.isHit('job fails', this.rates.jobFails) ? 'failed' : job.kind.done
    const isEarly = chance.isHit('job ends early', this.rates.early)
    const ms = isEarly ? 0 : chance.between('job ms', this.rates.jobMs.least, this.rates.jobMs.most)
    this.#world.after(ms, `job ends ${job.id}`, undefined, () => this.end(job, word))
  }

  end(job: Job, word: string): void {
    if (job.isOver) return
    Object.assign(job, { isOver: true, isDone: word === job.kind.done, word })
    Object.assign(job, { endedAt: this.#world.now })
    const account = this.accounts.get(job.account)
    account?.inFlight.delete(job.id)
    if (account) this.events.tell(job, account)
  }

  #newJob(account: Account, kind: WitnessKind, mark: string, body: Record<string, unknown>): Job {
    this.#seq += 1
    const job: Job = {
      id: `${kind.name}-${this.#world.chance.hex('job ids', 20)}`,
      kind: kindNamed(kind.name),
      account: account.email,
      mark,
      createdAt: this.#world.now,
      title: textOf(body['title']) ?? null,
      callbackId: textOf(body['callback_id']) ?? null,
      callbackUrl: textOf(body['callback_url']),
      seq: this.#seq,
      word: kind.doing,
      isOver: false,
      isDone: false,
      endedAt: undefined,
      isForeign: false,
      more: {},
      isHidden: false,
    }
    this.jobs.set(job.id, job)
    return job
  }

  #shown(job: Job): Job {
    return { ...job, createdAt: this.#world.shown(job.createdAt) }
  }

  #ownJobs(account: Account, kind: WitnessKind): Job[] {
    return [...this.jobs.values()]
      .filter((job) => job.kind === kind && job.account === account.email && !job.isHidden)
      .map((job) => this.#shown(job))
  }

  #one(account: Account, kind: WitnessKind, id: string, isRemoved: boolean): Answer {
    const job = this.jobs.get(id)
    if (!job || job.account !== account.email || job.kind !== kind || job.isHidden)
      return refusal(404, `${kind.name}_not_found`, 'Not found')
    if (!isRemoved) return data(rowOf(account, this.#shown(job)))
    this.end(job, kind.done)
    job.isHidden = true
    return data({ id })
  }
}

/** A look or voice of another account is not found. */
function lookRefusal(body: string, { email }: Account): Answer | undefined {
  const [, name] = /"own-([a-z]+)-id"/.exec(body) ?? []
  const isStrange = name !== undefined && !email.startsWith(`${name}@`)
  return isStrange ? refusal(404, 'avatar_not_found', 'Avatar not found') : undefined
}

/** The kinds that the gateway can find by their key: a closed list (contract 14.1). */
const ASKED = new Set(['video', 'translation', 'lipsync', 'clipping'])

function now(reply: Served): { reply: Served; afterMs: number } {
  return { reply, afterMs: 0 }
}

function bodyOf(status: number, code: string): { body: string } {
  return { body: refusal(status, code, 'Something went wrong').body }
}

function meOf({ username, email, balance = 500 }: Account): Answer {
  const wallet = { currency: 'usd', remaining_balance: balance }
  return data({ username, email, billing_type: 'wallet', wallet })
}
