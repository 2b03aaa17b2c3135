/**
 * A hostile HeyGen for tests: v3 as the reference describes it (reference/heygen.md), in the process of the test that controls it.
 * It records what it accepted and for which account, how many jobs of an account are in flight now and at most, which events it
 * sent and how they were answered. It limits nothing, it only counts. It imports nothing from `src` or `simulator`.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  data,
  faultOf,
  parse,
  refusal,
  textOf,
  urlOf,
  wordOf,
  type Answer,
} from './witness-answers.ts'
import { WitnessClock } from './witness-clock.ts'
import { endpointsAnswer } from './witness-endpoints.ts'
import { emailOf, Faults } from './witness-faults.ts'
import { Hooks } from './witness-hooks.ts'
import { kindAt, kindNamed, markIn, type WitnessKind } from './witness-kinds.ts'
import { Chance } from './witness-random.ts'
import { listAnswer, rowOf } from './witness-rows.ts'
import type {
  Call,
  Creation,
  Effect,
  KeyMode,
  Match,
  TimeForm,
  WitnessAccount,
  WitnessJob,
  WitnessOptions,
} from './witness-types.ts'

const EDGE_404 =
  '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n'

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
  /** The share of creations whose job ends, and whose event is sent, before the answer. */
  earlyRate = 0
  failRate = 0
  /** The share of events that have the id of the event before. */
  sameIdRate = 0
  /** The size of a page if the call names no limit. */
  pageSize = 10
  readonly #faults: Faults
  readonly #defaults: { keys: KeyMode; times: TimeForm }
  readonly #byKey = new Map<string, string>()
  readonly #kept = new Map<string, { status: number; body: string } | 'running'>()
  readonly #server: Server
  readonly #clock = new WitnessClock()
  #seq = 0
  #lastEventId = ''

  private constructor(url: string, server: Server, options: WitnessOptions) {
    this.url = url
    this.#server = server
    this.chance = new Chance(options.seed ?? 1)
    this.#faults = new Faults(this.chance)
    this.jobMs = options.jobMs === undefined ? null : options.jobMs
    this.hasLegacy = options.hasLegacy ?? false
    this.#defaults = { keys: options.keys ?? 'first', times: options.times ?? 'seconds' }
    this.hooks = new Hooks(this.#clock, this.chance)
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
    this.#clock.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  now(): number {
    return this.#clock.now()
  }

  /** Stops the clock. From now on time passes only by `advance`. */
  stopAt(now: number): void {
    this.#clock.stopAt(now)
  }

  /** When it resolves, everything that became due has been done. */
  async advance(ms: number): Promise<void> {
    await this.#clock.advance(ms)
  }

  at(when: number, run: () => Promise<void>): void {
    this.#clock.at(when, run)
  }

  // Methods for tests.

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
    const found = this.accounts.get(emailOf(name))
    if (!found) throw new Error(`the witness has no account ${name}`)
    return found
  }

  /** Sets a fault for the next such calls: `times` of them, or the share `rate`. */
  fault(match: Match, effect: Effect, { times = 1, rate = 1 } = {}): void {
    this.#faults.add({ match, effect, times, rate })
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  job(id: string): WitnessJob {
    const found = this.jobs.get(id)
    if (!found) throw new Error(`the witness has no job ${id}`)
    return found
  }

  /** The jobs of accepted creations with this mark. */
  marked(mark: string): WitnessJob[] {
    return this.creations
      .filter((one) => one.mark === mark)
      .flatMap(({ jobs }) => jobs.map((id) => this.job(id)))
  }

  get running(): WitnessJob[] {
    return [...this.jobs.values()].filter((job) => !job.isForeign && !job.isOver)
  }

  /** Ends a job, and sends its event. `word`: the provider's word for the status. */
  end(job: WitnessJob, word: string = job.kind.done, { isTold = true } = {}): void {
    if (job.isOver) return
    Object.assign(job, { isOver: true, word, endedAt: this.now() })
    this.account(job.account).inFlight.delete(job.id)
    if (isTold) this.tell(job)
  }

  /** Makes a job wait for a human. It takes no capacity then. */
  wait(job: WitnessJob, word: string): void {
    job.word = word
    this.account(job.account).inFlight.delete(job.id)
  }

  /** Makes HeyGen say that it does not know the job any more. */
  forget(job: WitnessJob): void {
    this.end(job, job.kind.done, { isTold: false })
    job.isHidden = true
  }

  /** Sends the event of a job's end to every address that gets it. */
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

  /** Adds rows that somebody else made in the account, each newer than all rows before. */
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

  /** The marks of intentions that were accepted more than once. */
  get doubled(): string[] {
    const seen = new Set<string>()
    return this.creations.flatMap(({ mark = '' }) => {
      const isAgain = seen.has(mark)
      seen.add(mark)
      return isAgain ? [mark] : []
    })
  }

  // Answers.

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
    const effect = this.#faults.take(call) ?? {}
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

  /** Answers the control calls that test/support/simulator.ts makes when an account is added or the clock is moved. */
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
    if (path.startsWith('/v3/webhooks/endpoints')) return endpointsAnswer(call, account)
    if (path.startsWith('/v1/')) return this.#legacy(call, account, query)
    const kind = kindAt(path)
    if (kind && method === 'POST') return this.#create(call, account, kind)
    if (kind && method === 'GET')
      return listAnswer(this.#ownJobs(account, kind), account, query, this.pageSize)
    const parent = path.slice(0, path.lastIndexOf('/'))
    const one = kindAt(parent)
    const id = decodeURIComponent(path.slice(parent.length + 1))
    if (one && (method === 'GET' || method === 'DELETE'))
      return this.#one(account, one, id, method === 'DELETE')
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

  #one(account: WitnessAccount, kind: WitnessKind, id: string, isRemoved: boolean): Answer {
    const job = this.jobs.get(id)
    if (!job || job.account !== account.email || job.kind !== kind || job.isHidden)
      return refusal(404, `${kind.name}_not_found`, 'Not found')
    if (!isRemoved) return data(rowOf(account, job))
    this.forget(job)
    return data({ id })
  }

  /** The calls of v1 that show a video's callback id. The witness has no others of v1. */
  #legacy(call: Call, account: WitnessAccount, query: URLSearchParams): Answer {
    if (!this.hasLegacy)
      return { status: 404, body: JSON.stringify({ code: 101, message: 'not found' }) }
    if (call.path !== '/v1/video_status.get')
      return { status: 404, body: JSON.stringify({ code: 101, message: 'not found' }) }
    const job = this.jobs.get(query.get('video_id') ?? '')
    if (!job || job.account !== account.email || job.isHidden)
      return { status: 404, body: JSON.stringify({ code: 40104, message: 'Video not found' }) }
    const row = { ...rowOf(account, job), callback_id: job.callbackId }
    return { status: 200, body: JSON.stringify({ code: 100, data: row, message: 'Success' }) }
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
