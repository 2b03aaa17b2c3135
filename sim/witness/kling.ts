/**
 * Kling in the world (reference/kling.md): tasks of both designs, their queries and lists, callbacks, what an account has left, and
 * the log-in of its website. It limits nothing; it counts what was started, for which account, and how much was in flight.
 */
import { parse, textOf } from '../../test/support/witness/witness-answers.ts'
import { markIn } from '../../test/support/witness/witness-kinds.ts'
import type { ClientAnswer, ClientCall } from '../platform/isolates.ts'
import type { NetworkCall, NetworkReply, Served, Server } from '../platform/network.ts'
import { Party } from '../world/party.ts'
import type { World } from '../world/world.ts'
import { CALM_HEYGEN, type HeygenRates } from './books.ts'

type Answer = Pick<NetworkReply, 'status' | 'body'>

export interface KlingAccount {
  email: string
  allowed: number
  inFlight: number
  /** Of an account with a password: the token of its session, and when it ends, epoch ms. */
  session?: { token: string; endsAt: number }
  logIns: number
}

export interface KlingTask {
  id: string
  account: string
  mark: string
  /** The path of its creation. */
  path: string
  slots: number
  name: string | undefined
  callback: string | undefined
  madeAt: number
  state: 'submitted' | 'succeed' | 'failed'
  videoId: string
}

const SESSION_MS = 1_200_000
const TRIES_MAX = 6

export class Kling implements Server {
  rates: HeygenRates = CALM_HEYGEN
  readonly accounts = new Map<string, KlingAccount>()
  readonly tasks = new Map<string, KlingTask>()
  readonly breaches: string[] = []
  /** Tokens that log-ins gave, which nobody may see. */
  readonly secrets: string[] = []
  /** Callbacks under way. */
  open = 0
  readonly #world: World
  readonly #send: (call: ClientCall) => Promise<ClientAnswer>
  readonly #byKey = new Map<string, KlingAccount>()
  readonly #byPassword = new Map<string, KlingAccount>()
  readonly #party = new Party('kling')

  constructor(world: World, send: (call: ClientCall) => Promise<ClientAnswer>) {
    this.#world = world
    this.#send = send
  }

  add(email: string, allowed: number, secret: { apiKey: string } | { password: string }): void {
    const account = { email, allowed, inFlight: 0, logIns: 0 }
    this.accounts.set(email, account)
    if ('apiKey' in secret) this.#byKey.set(secret.apiKey, account)
    else this.#byPassword.set(`${email} ${secret.password}`, account)
  }

  get running(): KlingTask[] {
    return [...this.tasks.values()].filter(({ state }) => state === 'submitted')
  }

  serve(call: NetworkCall): { reply: Served; afterMs: number } {
    const { chance } = this.#world
    if (chance.isHit('kling fails before', this.rates.failBefore))
      return { reply: chance.pick('kling fault', FAULTS), afterMs: 0 }
    const reply = this.#answer(call)
    if (chance.isHit('kling fails after', this.rates.failAfter))
      return { reply: chance.pick('kling fault', FAULTS), afterMs: 0 }
    const isCut = chance.isHit('kling cuts', this.rates.cut)
    return { reply: { ...reply, isCut }, afterMs: 0 }
  }

  /** The website, where an account with a password logs in. */
  readonly website: Server = {
    serve: ({ body }: NetworkCall) => {
      const form = new URLSearchParams(body)
      const account = this.#byPassword.get(`${form.get('email')} ${form.get('password')}`)
      if (!account) return { reply: { status: 200, body: '{"error_msg":"wrong"}' }, afterMs: 0 }
      const token = `kling_session_${this.#world.chance.hex('kling sessions', 24)}`
      account.logIns += 1
      account.session = { token, endsAt: this.#world.now + SESSION_MS }
      this.secrets.push(token)
      const said = { result: 1, userId: account.email, 'ksi18n.ai.portal_st': token }
      return { reply: { status: 200, body: JSON.stringify(said) }, afterMs: 0 }
    },
  }

  #accountOf({ headers }: NetworkCall): KlingAccount | undefined {
    const token = headers.get('authorization')?.replace('Bearer ', '') ?? ''
    const isOf = ({ session }: KlingAccount) =>
      session?.token === token && session.endsAt > this.#world.now
    return this.#byKey.get(token) ?? [...this.accounts.values()].find(isOf)
  }

  #answer(call: NetworkCall): Answer {
    const account = this.#accountOf(call)
    if (!account) return refused(401, 1002, 'Authorization invalid')
    const { method, url, body } = call
    const path = url.pathname
    if (path === '/account/costs') return good({ code: 0, resource_pack_subscribe_infos: [PACK] })
    if (path === '/tasks') return this.#newTasks(call, account)
    if (method === 'POST' && path === '/v1/audio/tts') return good(SPEECH)
    if (method === 'POST' && CREATES.test(path)) return this.#create(path, body, account)
    if (method !== 'GET') return refused(404, 1202, 'wrong method')
    const own = this.#of(account)
    if (CREATES.test(path)) return good(pageOf(own, path, url.searchParams).map(oldForm))
    const at = path.lastIndexOf('/')
    const id = decodeURIComponent(path.slice(at + 1))
    const task = own.find((one) => one.path === path.slice(0, at) && isNamed(one, id))
    return task
      ? good(oldForm(task))
      : refused(400, 1201, `Task not found by id/external id: ${id}`)
  }

  #of({ email }: KlingAccount): KlingTask[] {
    return [...this.tasks.values()].filter(({ account }) => account === email).toReversed()
  }

  #newTasks({ method, url, body }: NetworkCall, account: KlingAccount): Answer {
    const own = this.#of(account)
    if (method === 'POST') {
      const { limit = 30, cursor } = (parse(body) ?? {}) as { limit?: number; cursor?: string }
      const from = Number(cursor ?? 0)
      const rows = own.slice(from, from + Number(limit))
      const end = from + rows.length
      const isMore = end < own.length
      return good({
        ...{ result: rows.map(newForm), count: rows.length, has_more: isMore },
        next_cursor: isMore ? String(end) : null,
      })
    }
    const asked = (name: string) => url.searchParams.get(name)?.split(',') ?? []
    const [ids, names] = [asked('task_ids'), asked('external_task_ids')]
    return good(
      own
        .filter(({ id, name }) => ids.includes(id) || (name !== undefined && names.includes(name)))
        .map(newForm)
    )
  }

  #create(path: string, body: string, account: KlingAccount): Answer {
    const given = (parse(body) ?? {}) as Record<string, unknown>
    const options = path.startsWith('/v1/') ? given : (given['options'] as typeof given | undefined)
    const name = textOf(options?.['external_task_id'])
    if (name !== undefined && this.#of(account).some((one) => one.name === name))
      return refused(400, 1201, `External_task_id ${name} already exists`)
    const { chance } = this.#world
    const task: KlingTask = {
      ...{ id: this.#newId(), account: account.email, path, name, state: 'submitted' },
      mark: markIn(body) ?? '',
      slots: path === '/v1/images/generations' ? Number(given['n'] ?? 1) : 1,
      callback: textOf(options?.['callback_url']),
      madeAt: this.#world.now,
      videoId: this.#newId(),
    }
    this.tasks.set(task.id, task)
    account.inFlight += task.slots
    if (account.inFlight > account.allowed)
      this.breaches.push(
        `I1 kling ${account.email}: ${account.inFlight} in flight of ${account.allowed}: ${task.mark}`
      )
    const { jobMs, jobFails } = this.rates
    const ms = chance.between('kling ms', jobMs.least, jobMs.most)
    const state = chance.isHit('kling task fails', jobFails) ? 'failed' : 'succeed'
    this.#world.after(ms, `task ends ${task.id}`, undefined, () => this.#end(task, state))
    return good(path.startsWith('/v1/') ? oldForm(task) : newForm(task))
  }

  #newId(): string {
    return `8${String(this.#world.chance.index('kling ids', 1e9)).padStart(9, '0')}${String(this.#world.chance.index('kling ids', 1e8)).padStart(8, '0')}`
  }

  #end(task: KlingTask, state: KlingTask['state']): void {
    task.state = state
    const account = this.accounts.get(task.account)
    if (account) account.inFlight -= task.slots
    const { callback } = task
    if (
      callback === undefined ||
      this.#world.chance.isHit('kling event lost', this.rates.eventLost)
    )
      return
    this.open += 1
    const body = JSON.stringify(task.path.startsWith('/v1/') ? oldForm(task) : newForm(task))
    this.#world.after(0, 'task event', this.#party, () => void this.#tell(callback, body, 1))
  }

  async #tell(url: string, body: string, n: number): Promise<void> {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const { status } = await this.#send({ method: 'POST', url, headers, body })
    if ((status !== 'cut' && status < 300) || n >= TRIES_MAX) return void (this.open -= 1)
    const ms = 30_000 * 2 ** n
    this.#world.after(ms, 'task event', this.#party, () => void this.#tell(url, body, n + 1))
  }
}

const CREATES = /^\/v1\/(?:videos|images)\/[\w-]+$|^\/(?:text|image)-to-video\/[\w.-]+$/

const FAULTS: Served[] = [
  'reset',
  'hang',
  { status: 502, body: '<html>Bad Gateway</html>', headers: { 'content-type': 'text/html' } },
  { status: 500, body: '{"code":5000,"message":"internal error","request_id":"r"}' },
  { status: 504, body: '{"code":5002,"message":"internal timeout","request_id":"r"}' },
]

const PACK = {
  ...{ resource_pack_name: 'Video-1000Units', resource_pack_id: 'pack-1', status: 'online' },
  ...{ resource_pack_type: 'decreasing_total', total_quantity: 1000, remaining_quantity: 900 },
  ...{ purchase_time: 1_790_000_000_000, effective_time: 1_790_000_000_000 },
  invalid_time: 1_890_000_000_000,
}

const SPEECH = {
  ...{ task_id: '800000000000000001', task_status: 'succeed', task_status_msg: '' },
  task_result: { audios: [{ id: 'a1', url: 'https://files.example.com/a.mp3', duration: '2.1' }] },
}

function good(data: unknown): Answer {
  const said = { code: 0, message: 'SUCCEED', request_id: 'r', data }
  return { status: 200, body: JSON.stringify(said) }
}

function refused(status: number, code: number, message: string): Answer {
  return { status, body: JSON.stringify({ code, message, request_id: 'r' }) }
}

function isNamed({ id, name }: KlingTask, asked: string): boolean {
  return id === asked || name === asked
}

/** Newest first. */
function pageOf(own: KlingTask[], path: string, query: URLSearchParams): KlingTask[] {
  const size = Number(query.get('pageSize') ?? 30)
  const from = (Number(query.get('pageNum') ?? 1) - 1) * size
  return own.filter((one) => one.path === path).slice(from, from + size)
}

function oldForm({ id, name, madeAt, state, videoId }: KlingTask): Record<string, unknown> {
  const video = { id: videoId, url: `https://files.example.com/${id}.mp4`, duration: '5.1' }
  return {
    ...{ task_id: id, task_status: state, task_status_msg: state === 'failed' ? 'Refused' : '' },
    task_info: name === undefined ? {} : { external_task_id: name },
    ...{ created_at: madeAt, updated_at: madeAt },
    ...(state === 'succeed' ? { task_result: { videos: [video] } } : {}),
  }
}

function newForm({ id, name, madeAt, state, videoId }: KlingTask): Record<string, unknown> {
  const isDone = state === 'succeed'
  return {
    ...{ id, status: isDone ? 'succeeded' : state, message: state === 'failed' ? 'Refused' : '' },
    ...{ create_time: madeAt, update_time: madeAt, billing: [] },
    ...(name === undefined ? {} : { external_id: name }),
    outputs: isDone
      ? [{ type: 'video', id: videoId, url: `https://files.example.com/${id}.mp4` }]
      : [],
  }
}
