/**
 * A HeyGen of the tests' own, and hostile: v3 as the papers have it (reference/heygen.md), in the process of the test
 * that drives it. It keeps its own books: what it accepted and for whom, how many jobs of an account are in flight at
 * any moment and the most ever, which events it sent and how they were answered. It limits nothing, it counts.
 * Nothing is imported from `src` or `simulator`.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Hooks, type WitnessEndpoint } from './witness-hooks.ts'
import { kindAt, KINDS, kindNamed, markIn, type WitnessKind } from './witness-kinds.ts'
import { Chance } from './witness-random.ts'

/**
 * What it does with an `Idempotency-Key`. `first`: looks at it before it looks at the body. `validates`: the reverse.
 * `stores`: as `first`, and keeps refusals under the key as well. `ignores`: never heard of keys.
 */
export type KeyMode = 'first' | 'validates' | 'stores' | 'ignores'

/** How its lists and answers tell when something was made. `local`: 7 h behind, without a zone. */
export type TimeForm = 'seconds' | 'millis' | 'missing' | 'zero' | 'local'

export interface WitnessAccount {
  email: string
  keys: KeyMode
  times: TimeForm
  /** How far the clock that it tells is ahead of the true one. */
  skewMs: number
  /** HeyGen's edge answers all its calls with a page of its own. */
  isEdgeLost: boolean
  endpoints: WitnessEndpoint[]
  /** In flight now, the most ever, and when that was. */
  inFlight: Set<string>
  maxInFlight: number
  most: string[]
}

/** An accepted creation. */
export interface Creation {
  n: number
  at: number
  account: string
  kind: string
  mark: string | undefined
  key: string | undefined
  body: string
  jobs: string[]
}

export interface WitnessJob {
  id: string
  kind: WitnessKind
  account: string
  mark: string | undefined
  createdAt: number
  title: string | null
  callbackId: string | null
  callbackUrl: string | undefined
  /** Lists are sorted by it. */
  seq: number
  /** The provider's own word. */
  word: string
  isOver: boolean
  endedAt: number | undefined
  /** Not ours: made in HeyGen's own editor. Counts nowhere. */
  isForeign: boolean
  /** Members of its status answer beside the usual ones. */
  more: Record<string, unknown>
  /** HeyGen says that it does not know it; whether it runs all the same is another matter. */
  isHidden: boolean
}

export interface Call {
  n: number
  at: number
  method: string
  path: string
  query: string
  account: string | undefined
  key: string | undefined
  body: string
  /** 0: it was never answered. */
  status: number
}

export interface Match {
  method?: string
  /** The path, or how it begins when it ends with `*`. */
  path?: string
  account?: string
  mark?: string
  /** Creations whose body may be accepted, and no others. */
  isCreation?: boolean
}

/** `after`: what was asked for has been done by then. */
export interface Effect {
  reset?: 'before' | 'after'
  hang?: 'before' | 'after'
  slowMs?: number
  /** Nothing goes on before this. */
  held?: Promise<unknown>
  /** The thing is done, and nothing is answered before this. */
  heldAnswer?: Promise<unknown>
  /** Half of the answer, then the connection breaks. */
  cut?: boolean
  status?: number
  /** With `status`. Without it HeyGen's envelope. */
  body?: string
  type?: string
  headers?: Record<string, string>
  /** With `status`: whether it is said before or after the thing was done. */
  when?: 'before' | 'after'
  nonsense?: boolean
}

interface Fault {
  match: Match
  times: number
  rate: number
  effect: Effect
}

export interface WitnessOptions {
  seed?: number
  /** How long jobs take; null: until the test ends them. */
  jobMs?: number | null
  keys?: KeyMode
  times?: TimeForm
  /** Whether v1's status and list of videos still answer. */
  hasLegacy?: boolean
}

export const EDGE_404 =
  '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'

const LOCAL_BEHIND_MS = 7 * 3_600_000

export class Witness {
  readonly url: string
  readonly chance: Chance
  readonly hooks: Hooks
  readonly accounts = new Map<string, WitnessAccount>()
  readonly creations: Creation[] = []
  readonly jobs = new Map<string, WitnessJob>()
  readonly calls: Call[] = []
  jobMs: number | null
  hasLegacy: boolean
  /** That share of creations has ended, and told so, before it is answered. */
  earlyRate = 0
  failRate = 0
  /** That share of events has the id of the one before. */
  sameIdRate = 0
  /** Where a list says nothing of a limit. */
  pageSize = 10
  readonly #defaults: { keys: KeyMode; times: TimeForm }
  readonly #byKey = new Map<string, string>()
  readonly #kept = new Map<string, { status: number; body: string } | 'running'>()
  readonly #server: Server
  #faults: Fault[] = []
  #due: { at: number; run: () => Promise<void> }[] = []
  #timer: NodeJS.Timeout | undefined
  #aheadMs = 0
  #stoppedAt: number | undefined
  #seq = 0
  #lastEventId = ''

  private constructor(url: string, server: Server, options: WitnessOptions) {
    this.url = url
    this.#server = server
    this.chance = new Chance(options.seed ?? 1)
    this.jobMs = options.jobMs === undefined ? null : options.jobMs
    this.hasLegacy = options.hasLegacy ?? false
    this.#defaults = { keys: options.keys ?? 'first', times: options.times ?? 'seconds' }
    this.hooks = new Hooks(
      { now: () => this.now(), at: (when, run) => this.at(when, run) },
      this.chance
    )
  }

  static async open(options: WitnessOptions = {}): Promise<Witness> {
    const hold: { witness?: Witness } = {}
    const server = createServer((request, response) => {
      response.sendDate = false
      hold.witness?.serve(request, response).catch(() => response.destroy())
    })
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.witness = new Witness(url, server, options)
    return hold.witness
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#due = []
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  // The clock.

  now(): number {
    return (this.#stoppedAt ?? Date.now()) + this.#aheadMs
  }

  /** From now on time passes by `advance` alone. */
  stopAt(now: number): void {
    this.#stoppedAt = now
    this.#aheadMs = 0
  }

  /** What falls due has been done when it resolves. */
  async advance(ms: number): Promise<void> {
    this.#aheadMs += ms
    await this.#runDue()
  }

  at(when: number, run: () => Promise<void>): void {
    this.#due.push({ at: when, run })
    this.#arm()
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#due.length === 0) return
    const first = Math.min(...this.#due.map(({ at }) => at))
    if (this.#stoppedAt !== undefined && first > this.now()) return
    this.#timer = setTimeout(() => void this.#runDue(), Math.max(0, first - this.now()))
  }

  async #runDue(): Promise<void> {
    for (;;) {
      const now = this.now()
      const due = this.#due.filter(({ at }) => at <= now)
      if (due.length === 0) break
      this.#due = this.#due.filter(({ at }) => at > now)
      await Promise.all(due.map(({ run }) => run()))
    }
    this.#arm()
  }

  // What a test does with it.

  addAccount(email: string, apiKeys: string[]): WitnessAccount {
    const known = this.accounts.get(email)
    for (const key of apiKeys) this.#byKey.set(key, email)
    if (known) return known
    const account: WitnessAccount = {
      email,
      ...this.#defaults,
      skewMs: 0,
      isEdgeLost: false,
      endpoints: [],
      inFlight: new Set(),
      maxInFlight: 0,
      most: [],
    }
    this.accounts.set(email, account)
    return account
  }

  account(name: string): WitnessAccount {
    const found = this.accounts.get(name.includes('@') ? name : `${name}@example.com`)
    if (!found) throw new Error(`the witness has no account ${name}`)
    return found
  }

  /** The next such call, or the next so many, or that share of them. */
  fault(match: Match, effect: Effect, { times = 1, rate = 1 } = {}): void {
    this.#faults.push({ match, effect, times, rate })
  }

  clearFaults(): void {
    this.#faults = []
  }

  job(id: string): WitnessJob {
    const found = this.jobs.get(id)
    if (!found) throw new Error(`the witness has no job ${id}`)
    return found
  }

  /** Jobs of accepted creations with that mark. */
  marked(mark: string): WitnessJob[] {
    return this.creations
      .filter((one) => one.mark === mark)
      .flatMap(({ jobs }) => jobs.map((id) => this.job(id)))
  }

  get running(): WitnessJob[] {
    return [...this.jobs.values()].filter((job) => !job.isForeign && !job.isOver)
  }

  /** It is over, and whoever wants to know is told. `word`: the provider's own. */
  end(job: WitnessJob, word: string = job.kind.done, { isTold = true } = {}): void {
    if (job.isOver) return
    Object.assign(job, { isOver: true, word, endedAt: this.now() })
    this.account(job.account).inFlight.delete(job.id)
    if (isTold) this.tell(job)
  }

  /** It waits for a human, and holds nothing. */
  wait(job: WitnessJob, word: string): void {
    job.word = word
    this.account(job.account).inFlight.delete(job.id)
  }

  /** HeyGen does not know it any more. */
  forget(job: WitnessJob): void {
    this.end(job, job.kind.done, { isTold: false })
    job.isHidden = true
  }

  /** The event of its end, to everyone who is to hear it. */
  tell(job: WitnessJob, more: { eventId?: string; createdAt?: string } = {}): void {
    const { event } = job.kind
    const account = this.account(job.account)
    if (!event) return
    const isDone = job.word === job.kind.done
    const type = `${event.name}.${isDone ? 'success' : 'fail'}`
    const isRepeat = this.#lastEventId !== '' && this.chance.isHit(this.sameIdRate)
    const eventId =
      more.eventId ?? (isRepeat ? this.#lastEventId : `evt_${randomBytes(8).toString('hex')}`)
    this.#lastEventId = eventId
    const data = {
      [event.id]: job.id,
      ...(isDone ? { url: urlOf(job) } : { [event.why]: 'Generation failed' }),
      callback_id: job.callbackId,
    }
    const created = more.createdAt ?? new Date(this.now() + account.skewMs).toISOString()
    const body = JSON.stringify({
      event_id: eventId,
      event_type: type,
      event_data: data,
      created_at: created,
    })
    for (const { url, secret, events } of account.endpoints) {
      if (events === null || events.includes(type))
        this.hooks.enqueue({ url, secret, eventId, body, jobId: job.id })
    }
    if (job.callbackUrl !== undefined)
      this.hooks.enqueue({ url: job.callbackUrl, eventId, body, jobId: job.id })
  }

  /** Rows that somebody else made in that account, each newer than all before. */
  addForeign(
    name: string,
    kind: string,
    count: number,
    { title = 'By hand', isRunning = false } = {}
  ): WitnessJob[] {
    const account = this.account(name)
    return Array.from({ length: count }, () => {
      const job = this.#newJob(account, kindNamed(kind), { title })
      job.isForeign = true
      if (!isRunning) Object.assign(job, { isOver: true, word: job.kind.done, endedAt: this.now() })
      return job
    })
  }

  /** Creations of which the same intention was accepted more than once, by their marks. */
  get doubled(): string[] {
    const seen = new Set<string>()
    return this.creations.flatMap(({ mark = '' }) => {
      const isAgain = seen.has(mark)
      seen.add(mark)
      return isAgain ? [mark] : []
    })
  }

  // What it answers.

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    const url = new URL(request.url ?? '/', this.url)
    const path = url.pathname.replace(/^\/[\w.-]+\.heygen\.com(?=\/)/, '')
    if (path.startsWith('/__sim')) return this.#control(path, body, response)
    const account = this.#accountOf(request)
    const key = request.headers['idempotency-key']
    const call: Call = {
      n: this.calls.length,
      at: this.now(),
      method: request.method ?? '',
      path,
      query: url.search.slice(1),
      account: account?.email,
      key: typeof key === 'string' ? key : undefined,
      body,
      status: 0,
    }
    this.calls.push(call)
    if (account?.isEdgeLost)
      return this.#send(response, call, 404, EDGE_404, { 'content-type': 'text/html' })
    const effect = this.#takeFault(call) ?? {}
    if (effect.slowMs !== undefined)
      await new Promise((resolve) => setTimeout(resolve, effect.slowMs))
    await effect.held
    if (effect.reset === 'before') return void response.socket?.destroy()
    if (effect.hang === 'before') return
    if (effect.status !== undefined && effect.when !== 'after')
      return this.#canned(response, call, effect)
    const answer = account
      ? await this.#answer(call, account, url.searchParams)
      : refusal(401, 'unauthorized', 'Unauthorized')
    await effect.heldAnswer
    if (effect.reset === 'after') return void response.socket?.destroy()
    if (effect.hang === 'after') return
    if (effect.status !== undefined) return this.#canned(response, call, effect)
    if (effect.nonsense) return this.#send(response, call, answer.status, '{"data": {"broken')
    if (effect.cut) return this.#cut(response, call, answer)
    this.#send(response, call, answer.status, answer.body)
  }

  #accountOf({ headers }: IncomingMessage): WitnessAccount | undefined {
    const bearer = headers.authorization?.replace(/^Bearer /, '')
    const email = this.#byKey.get(String(headers['x-api-key'] ?? bearer ?? ''))
    return email === undefined ? undefined : this.accounts.get(email)
  }

  /** What test/support/simulator.ts asks of a simulator when an account is added or the clock is moved. */
  async #control(path: string, text: string, response: ServerResponse): Promise<void> {
    const order = JSON.parse(text || '{}') as {
      email?: string
      apiKeys?: string[]
      advanceMs?: number
    }
    if (path === '/__sim/accounts') this.addAccount(order.email ?? '', order.apiKeys ?? [])
    if (path === '/__sim/clock') await this.advance(order.advanceMs ?? 0)
    response.setHeader('content-type', 'application/json')
    response.end('{}')
  }

  #takeFault(call: Call): Effect | undefined {
    const at = this.#faults.findIndex(
      ({ match, rate }) => this.#isMeant(call, match) && this.chance.isHit(rate)
    )
    const fault = this.#faults[at]
    if (!fault) return undefined
    fault.times -= 1
    if (fault.times <= 0) this.#faults.splice(at, 1)
    return fault.effect
  }

  #isMeant(call: Call, match: Match): boolean {
    const { method, path, account, mark, isCreation } = match
    if (method !== undefined && method !== call.method) return false
    if (path?.endsWith('*') && !call.path.startsWith(path.slice(0, -1))) return false
    if (path !== undefined && !path.endsWith('*') && path !== call.path) return false
    if (account !== undefined && this.account(account).email !== call.account) return false
    if (mark !== undefined && markIn(call.body) !== mark) return false
    return isCreation !== true || this.#isCreation(call)
  }

  #isCreation({ method, path, body }: Call): boolean {
    const kind = kindAt(path)
    return method === 'POST' && kind !== undefined && faultOf(kind, parse(body)) === undefined
  }

  async #answer(call: Call, account: WitnessAccount, query: URLSearchParams): Promise<Answer> {
    const { method, path } = call
    if (method === 'GET' && path === '/v3/users/me') {
      const username = `user-${account.email}`
      return data({
        username,
        email: account.email,
        billing_type: 'wallet',
        wallet: { currency: 'usd', remaining_balance: 500 },
      })
    }
    if (path.startsWith('/v3/webhooks/endpoints')) return this.#endpoints(call, account)
    if (path.startsWith('/v1/')) return this.#legacy(call, account, query)
    const kind = kindAt(path)
    if (kind && method === 'POST') return this.#create(call, account, kind)
    if (kind && method === 'GET') return this.#list(account, kind, query)
    const parent = path.slice(0, path.lastIndexOf('/'))
    const one = kindAt(parent)
    const id = decodeURIComponent(path.slice(parent.length + 1))
    if (one && method === 'GET') return this.#status(account, one, id)
    if (one && method === 'DELETE') return this.#delete(account, one, id)
    if (method === 'GET' && path.startsWith('/v3/workflows/')) return data({ id })
    return refusal(404, 'not_found', 'Not found')
  }

  #create(call: Call, account: WitnessAccount, kind: WitnessKind): Answer {
    const isKeyed = call.key !== undefined && kind.takesKey && account.keys !== 'ignores'
    const slot = `${account.email} ${call.path} ${call.key}`
    const body = parse(call.body)
    const fault = faultOf(kind, body)
    const invalid =
      fault === undefined
        ? undefined
        : refusal(400, 'invalid_parameter', `${fault} is invalid`, fault)
    if (isKeyed && account.keys === 'validates' && invalid) return invalid
    const kept = isKeyed ? this.#kept.get(slot) : undefined
    if (kept === 'running')
      return refusal(409, 'request_in_progress', 'A request with this key is in progress')
    if (kept) return kept
    if (invalid) {
      if (isKeyed && account.keys === 'stores') this.#kept.set(slot, invalid)
      return invalid
    }
    const answer = this.#accept(call, account, kind, body as Record<string, unknown>)
    if (isKeyed) this.#kept.set(slot, answer)
    return answer
  }

  #accept(
    call: Call,
    account: WitnessAccount,
    kind: WitnessKind,
    body: Record<string, unknown>
  ): Answer {
    const languages = body['output_languages']
    const count = Array.isArray(languages) ? languages.length : 1
    const mark = markIn(call.body)
    const jobs = Array.from({ length: count }, () => {
      const job = this.#newJob(account, kind, {
        title: textOf(body['title']) ?? null,
        mark,
        callbackId: textOf(body['callback_id']) ?? null,
        callbackUrl: textOf(body['callback_url']),
      })
      account.inFlight.add(job.id)
      return job
    })
    if (account.inFlight.size > account.maxInFlight) {
      account.maxInFlight = account.inFlight.size
      account.most = [...account.inFlight].map((id) => this.job(id).mark ?? id)
    }
    const { key } = call
    const n = this.creations.length
    const ids = jobs.map(({ id }) => id)
    this.creations.push({
      n,
      at: this.now(),
      account: account.email,
      kind: kind.name,
      mark,
      key,
      body: call.body,
      jobs: ids,
    })
    for (const job of jobs) this.#plan(job)
    return { status: kind.status, body: JSON.stringify({ data: kind.created(ids, kind.doing) }) }
  }

  #plan(job: WitnessJob): void {
    const word = this.chance.isHit(this.failRate) ? 'failed' : job.kind.done
    if (this.chance.isHit(this.earlyRate)) return this.end(job, word)
    if (this.jobMs === null) return
    this.at(this.now() + this.jobMs * (0.5 + this.chance.next()), async () => this.end(job, word))
  }

  #newJob(
    account: WitnessAccount,
    kind: WitnessKind,
    more: {
      title?: string | null
      mark?: string | undefined
      callbackId?: string | null
      callbackUrl?: string | undefined
    }
  ): WitnessJob {
    this.#seq += 1
    const job: WitnessJob = {
      id: `${kind.name}-${randomBytes(10).toString('hex')}`,
      kind,
      account: account.email,
      mark: more.mark,
      createdAt: this.now(),
      title: more.title ?? null,
      callbackId: more.callbackId ?? null,
      callbackUrl: more.callbackUrl,
      seq: this.#seq,
      word: kind.doing,
      isOver: false,
      endedAt: undefined,
      isForeign: false,
      more: {},
      isHidden: false,
    }
    this.jobs.set(job.id, job)
    return job
  }

  #ownJobs(account: WitnessAccount, kind: WitnessKind): WitnessJob[] {
    return [...this.jobs.values()].filter(
      (job) => job.kind === kind && job.account === account.email && !job.isHidden
    )
  }

  /** Newest first. */
  #list(account: WitnessAccount, kind: WitnessKind, query: URLSearchParams): Answer {
    const limit = Math.min(100, Math.max(1, Number(query.get('limit')) || this.pageSize))
    const token = query.get('token')
    const before =
      token === null ? Infinity : Number(Buffer.from(token, 'base64url').toString().slice(4))
    if (Number.isNaN(before)) return refusal(400, 'invalid_parameter', 'token is invalid', 'token')
    const rest = this.#ownJobs(account, kind)
      .filter(({ seq }) => seq < before)
      .toSorted((a, b) => b.seq - a.seq)
    const page = rest.slice(0, limit)
    const hasMore = rest.length > page.length
    const next = hasMore ? Buffer.from(`seq ${page.at(-1)?.seq}`).toString('base64url') : null
    const rows = page.map((job) => this.#row(account, job))
    return {
      status: 200,
      body: JSON.stringify({ data: rows, has_more: hasMore, next_token: next }),
    }
  }

  #status(account: WitnessAccount, kind: WitnessKind, id: string): Answer {
    const job = this.jobs.get(id)
    if (!job || job.account !== account.email || job.kind !== kind || job.isHidden)
      return refusal(404, `${kind.name}_not_found`, 'Not found')
    return data(this.#row(account, job))
  }

  #delete(account: WitnessAccount, kind: WitnessKind, id: string): Answer {
    const job = this.jobs.get(id)
    if (!job || job.account !== account.email || job.kind !== kind || job.isHidden)
      return refusal(404, `${kind.name}_not_found`, 'Not found')
    this.forget(job)
    return data({ id })
  }

  #row(account: WitnessAccount, job: WitnessJob): Record<string, unknown> {
    const { kind } = job
    const isDone = job.isOver && job.word === kind.done
    const isFailed = job.isOver && job.word === 'failed'
    return {
      [kind.id]: job.id,
      status: job.word,
      ...(kind.hasTitle ? { title: job.title } : {}),
      ...(kind.showsCallback ? { callback_id: job.callbackId } : {}),
      ...this.#timeOf(account, job),
      ...(isDone ? { video_url: urlOf(job) } : {}),
      ...(isFailed ? { failure_message: 'Generation failed' } : {}),
      ...job.more,
    }
  }

  #timeOf({ times, skewMs }: WitnessAccount, { createdAt }: WitnessJob): Record<string, unknown> {
    const told = createdAt + skewMs
    if (times === 'missing') return {}
    if (times === 'zero') return { created_at: 0 }
    if (times === 'millis') return { created_at: told / 1000 }
    if (times === 'seconds') return { created_at: Math.floor(told / 1000) }
    return { created_at: new Date(told - LOCAL_BEHIND_MS).toISOString().slice(0, 19) }
  }

  /** Of v1 only what tells a video's callback id. */
  #legacy(call: Call, account: WitnessAccount, query: URLSearchParams): Answer {
    if (!this.hasLegacy)
      return { status: 404, body: JSON.stringify({ code: 101, message: 'not found' }) }
    if (call.path !== '/v1/video_status.get')
      return { status: 404, body: JSON.stringify({ code: 101, message: 'not found' }) }
    const job = this.jobs.get(query.get('video_id') ?? '')
    if (!job || job.account !== account.email || job.isHidden)
      return { status: 404, body: JSON.stringify({ code: 40104, message: 'Video not found' }) }
    const row = { ...this.#row(account, job), callback_id: job.callbackId }
    return { status: 200, body: JSON.stringify({ code: 100, data: row, message: 'Success' }) }
  }

  #endpoints({ method, path, body }: Call, account: WitnessAccount): Answer {
    const [id = '', verb] = path.split('/').slice(4)
    if (method === 'GET') {
      const rows = account.endpoints.map((one) => ({ ...viewOf(one), secret: null }))
      return {
        status: 200,
        body: JSON.stringify({ data: rows, has_more: false, next_token: null }),
      }
    }
    if (method === 'POST' && id === '') {
      const { url, events } = parse(body) as { url?: string; events?: string[] }
      if (typeof url !== 'string') return refusal(400, 'invalid_parameter', 'url is invalid', 'url')
      const endpoint = {
        id: randomBytes(16).toString('hex'),
        url,
        secret: newSecret(),
        events: events ?? null,
      }
      account.endpoints.push(endpoint)
      return data({ ...viewOf(endpoint), secret: endpoint.secret })
    }
    const known = account.endpoints.find((one) => one.id === id)
    if (!known) return refusal(404, 'webhook_not_found', 'Webhook endpoint not found')
    if (method === 'POST' && verb === 'rotate-secret') {
      known.secret = newSecret()
      return data({ endpoint_id: id, secret: known.secret })
    }
    if (method !== 'DELETE') return refusal(404, 'not_found', 'Not found')
    account.endpoints = account.endpoints.filter((one) => one !== known)
    return { status: 200, body: JSON.stringify({ data: {}, error: null }) }
  }

  #send(
    response: ServerResponse,
    call: Call,
    status: number,
    body: string,
    headers: Record<string, string> = {}
  ): void {
    call.status = status
    if (response.destroyed) return
    const date = new Date(
      this.now() + (this.accounts.get(call.account ?? '')?.skewMs ?? 0)
    ).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date, ...headers })
    response.end(body)
  }

  #canned(response: ServerResponse, call: Call, effect: Effect): void {
    const { status = 500, headers } = effect
    const body = effect.body ?? refusal(status, wordOf(status), 'Something went wrong').body
    const type = effect.type === undefined ? {} : { 'content-type': effect.type }
    this.#send(response, call, status, body, { ...type, ...headers })
  }

  #cut(response: ServerResponse, call: Call, { status, body }: Answer): void {
    call.status = status
    const bytes = Buffer.from(body)
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
    })
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () =>
      response.socket?.destroy()
    )
  }
}

interface Answer {
  status: number
  body: string
}

function data(value: unknown): Answer {
  return { status: 200, body: JSON.stringify({ data: value }) }
}

function refusal(
  status: number,
  code: string,
  message: string,
  param: string | null = null
): Answer {
  return { status, body: JSON.stringify({ error: { code, message, param, doc_url: null } }) }
}

function wordOf(status: number): string {
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503) return 'service_unavailable'
  return status === 504 ? 'gateway_timeout' : 'internal_error'
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Which member makes that no creation. */
function faultOf(kind: WitnessKind, body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return 'body'
  const given = body as Record<string, unknown>
  const found = Object.entries(kind.needs).find(([name, form]) => {
    const value = given[name]
    if (form === 'list') return !Array.isArray(value) || value.length === 0
    if (form === 'text') return typeof value !== 'string' || value === ''
    return typeof value !== 'object' || value === null
  })
  return found?.[0]
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function urlOf({ id }: WitnessJob): string {
  return `https://files.example.com/${id}.mp4`
}

function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

function viewOf({ id, url, events }: WitnessEndpoint) {
  return { endpoint_id: id, url, events, status: 'enabled', created_at: '2026-11-01T12:00:00Z' }
}

export { KINDS }
