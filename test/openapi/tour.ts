/**
 * Calls the operations of docs/openapi.json once each, on a gateway with the simulator, and keeps what was sent and answered: the
 * document's examples. What changes from run to run, such as addresses, is replaced; secrets are cut.
 */
import { readFileSync } from 'node:fs'
import { ADMIN_TOKEN, until, VIDEO, type Gateway } from '../support/gateway.ts'
import { CLIENT } from '../support/scenes/sign-in.ts'
import { keysOf, makeKling } from '../support/scenes/kling.ts'
import type { Receiver } from '../support/receiver.ts'

export interface Example {
  request?: unknown
  status: number
  answer?: unknown
}

export const VARS = { ALLOW_LOOPBACK_CALLBACKS: 'true', ...CLIENT }

const PICTURE = 'https://example.com/first.png'
const FILM = 'https://example.com/in.mp4'
const SOUND = 'https://example.com/a.mp3'

/** Kling's creations in the form of useapi.net: the end of the operationId → the body. */
export const KLING_BODIES: Record<string, object> = {
  VideosText2video: { prompt: 'A calm sunrise', model_name: 'kling-v3-0', duration: 5 },
  VideosImage2videoFrames: { image: PICTURE, prompt: 'She smiles' },
  VideosImage2videoElements: { image_0: PICTURE, image_1: PICTURE, prompt: 'They meet' },
  VideosImage2videoEffects: { effect: 'color_mixing', image: PICTURE },
  VideosLipsync: { video: FILM, audio: SOUND },
  VideosMotionCreate: { imageUrl: PICTURE, motionUrl: FILM },
  VideosAddSound: { video: FILM },
  VideosOmni: { prompt: 'Put @image_1 on @video_1', image_1: PICTURE, video_1: FILM },
  AvatarsVideo: { imageUrl: PICTURE, audioUrl: SOUND },
  ImagesKolors: { prompt: 'A calm sunrise', imageCount: 1 },
  ImagesKolorsElements: { prompt: 'A calm sunrise', subjectImage1: PICTURE },
  ImagesOmni: { prompt: 'A calm sunrise', image_1: PICTURE },
  ImagesVirtualTryOn: { humanImage: PICTURE, dressInput: PICTURE },
}

type Operations = Map<string, { method: string; path: string }>

function readOperations(): Operations {
  const { paths } = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as {
    paths: Record<string, Record<string, { operationId?: string }>>
  }
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { operationId }]) =>
        operationId === undefined ? [] : [[operationId, { method, path }] as const]
      )
    )
  )
}

interface Call {
  body?: unknown
  params?: Record<string, string>
  query?: string
  token?: string
  /** The name to keep it under, if it is not the operation's. */
  as?: string
  headers?: Record<string, string>
}

export class Tour {
  readonly examples: Record<string, Example> = {}
  readonly #operations = readOperations()
  readonly #gateway: Gateway
  readonly #receiver: Receiver
  #token = ''

  constructor(gateway: Gateway, receiver: Receiver) {
    this.#gateway = gateway
    this.#receiver = receiver
  }

  async run(): Promise<void> {
    await this.#operator()
    await this.#accounts()
    await this.#videos()
    await this.#speech()
    await this.#kling()
    await this.#tenant()
    await this.#refusals()
  }

  /** Calls an operation and keeps the example. Returns the answer as it was. */
  async #call(id: string, call: Call = {}): Promise<Record<string, unknown>> {
    const at = this.#operations.get(id)
    if (!at) throw new Error(`no operation ${id}`)
    const path = at.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => call.params?.[name] ?? 'x')
    const isText = typeof call.body === 'string'
    const answer = await fetch(`${this.#gateway.url}${path}${call.query ?? ''}`, {
      method: at.method.toUpperCase(),
      headers: {
        authorization: `Bearer ${call.token ?? this.#token}`,
        ...(call.body === undefined || isText ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
      },
      ...(call.body === undefined
        ? {}
        : { body: isText ? (call.body as string) : JSON.stringify(call.body) }),
    })
    const text = await answer.text()
    const isJson = answer.headers.get('content-type')?.includes('json') ?? false
    const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : undefined
    if (answer.status >= 400 && call.as === undefined)
      throw new Error(`${id}: ${String(answer.status)} ${text}`)
    this.#keep(call.as ?? id, {
      ...(call.body === undefined || isText || call.as ? {} : { request: call.body }),
      status: answer.status,
      ...(json === undefined ? {} : { answer: json }),
    })
    return json ?? {}
  }

  #keep(name: string, example: Example): void {
    const text = JSON.stringify(shortened(example))
      .replaceAll(this.#gateway.url, 'https://gateway.example.com')
      .replaceAll(this.#gateway.sim.url, 'https://files.example.com')
      .replaceAll(this.#receiver.url, 'https://app.example.com')
      .replaceAll(/(hgw|hgt)_[\w-]{8,}/g, '$1_…')
      .replaceAll(/(hga|hgk|hgs)_[\w-]{8,}/g, '$1_…')
      .replaceAll(/("secretKey":")[\w-]{30,}/g, '$1…')
      .replaceAll(/("ticket":")[^"]+/g, '$1…')
      .replaceAll(/whsec_[\w+/=-]{8,}/g, 'whsec_…')
    this.examples[name] = JSON.parse(text) as Example
  }

  async #operator(): Promise<void> {
    const token = ADMIN_TOKEN
    const made = await this.#call('postAdminTokens', {
      token,
      body: { name: 'customer 1', tenant: 'customer-1', scope: 'full' },
    })
    this.#token = String(made['token'])
    this.#gateway.secrets.push(this.#token)
    const params = { id: String(made['id']) }
    await this.#call('getAdminTokens', { token })
    await this.#call('getAdminTokensById', { token, params })
    await this.#call('patchAdminTokensById', { token, params, body: { name: 'Customer 1' } })
    await this.#call('getAdminTenants', { token })
    await this.#call('postAdminRoutes', {
      token,
      body: {
        provider: 'heygen',
        method: 'POST',
        path: '/v3/new-things',
        kind: 'creates-job',
        creates: ['/data/id'],
        job: { watch: 'new-thing', id: '/data/id', ask: '/v3/new-things/{id}' },
      },
    })
    await this.#call('getAdminRoutes', { token })
    await this.#call('getAdminReseal', { token })
    await this.#call('postAdminReseal', { token })
  }

  async #accounts(): Promise<void> {
    const email = 'alice@example.com'
    const params = { email }
    await this.#gateway.sim.addAccount(email, 'sk_test_alice')
    const body = { email, apiKey: 'sk_test_alice', maxJobs: 3 }
    await this.#call('postHeygenAccounts', { body })
    await this.#call('getHeygenAccounts')
    await this.#call('getHeygenAccountsByEmail', { params })
    await this.#call('patchHeygenAccountsByEmail', { params, body: { weight: 20, priority: 1 } })
    await this.#call('getHeygenSettings')
    await this.#call('patchHeygenSettings', { body: { balance: 'priority' } })
    await this.#call('postHeygenAccountsByEmailUnpark', { params })
    await this.#call('postHeygenAccountsByEmailTest', { params })
    await this.#call('postHeygenAccountsByEmailDrain', { params })
    await this.#call('postHeygenAccountsByEmailUndrain', { params })
    await this.#call('postHeygenQueuePause', { body: { account: email } })
    await this.#call('postHeygenQueueResume', { body: { account: email } })
    const begun = await this.#call('postHeygenAccountsSignIn', { body: { maxJobs: 3 } })
    await this.#call('getHeygenAccountsSignInById', { params: { id: String(begun['id']) } })
    await makeKling(this.#gateway, 'bob')
    const { apiKey, accessKey, secretKey } = keysOf('bob')
    const kling = 'bob@example.com'
    await this.#call('postKlingAccounts', {
      body: { email: kling, apiKey, accessKey, secretKey, maxJobs: 50 },
    })
    await this.#call('getKlingAccounts')
    await this.#call('getKlingAccountsByEmail', { params: { email: kling } })
    await this.#call('patchKlingAccountsByEmail', {
      params: { email: kling },
      body: { weight: 20 },
    })
    await this.#call('getKlingSettings')
    await this.#call('patchKlingSettings', { body: { balance: 'least-used' } })
    await this.#call('postKlingAccountsByEmailUnpark', { params: { email: kling } })
    await this.#call('postKlingAccountsByEmailTest', { params: { email: kling } })
    await this.#call('postKlingAccountsByEmailDrain', { params: { email: kling } })
    await this.#call('postKlingAccountsByEmailUndrain', { params: { email: kling } })
    await this.#call('postKlingQueuePause', { body: {} })
    await this.#call('postKlingQueueResume', { body: {} })
  }

  async #videos(): Promise<void> {
    await this.#call('postCallbackSecret')
    const url = `${this.#receiver.url}/done`
    await this.#call('addHeygenEndpoint', {
      body: { url: `${this.#receiver.url}/hook`, events: ['avatar_video.success'] },
    })
    await this.#call('listHeygenEndpoints')
    const begun = await this.#call('createHeygenVideo', {
      body: { ...VIDEO, callback_url: url, callback_id: 'order-17' },
    })
    const id = String((begun['data'] as { video_id: string }).video_id)
    await this.#call('getHeygenScheduler')
    await this.#call('getHeygenSchedulerAvailable')
    await this.#call('getPool')
    await this.#call('getAdminPool', { token: ADMIN_TOKEN })
    await this.#gateway.sim.finishJobs()
    const told = await until(async () => this.#receiver.posts('/done')[0])
    this.#keep('heygenEvent', { status: 200, answer: JSON.parse(told.body) as unknown })
    await this.#call('getHeygenVideo', { params: { video_id: id } })
    await this.#call('getHeygenJobsById', { params: { id } })
    await this.#call('getHeygenJobs', { query: '?limit=1' })
    const list = await until(async () => {
      const page = await this.#call('getDeliveries', { query: `?job=${id}&state=delivered` })
      return (page['deliveries'] as { id: string }[])[0]
    })
    await this.#call('getDeliveriesById', { params: { id: list.id } })
    await this.#call('postDeliveriesByIdRetry', { params: { id: list.id } })
  }

  async #speech(): Promise<void> {
    await this.#call('postHeygenTtsCreate', {
      body: { voice_id: VIDEO.voice_id, prompt: 'Hello there.' },
    })
    await this.#call('getHeygenTtsVoices', { query: '?limit=1' })
    await this.#call('getHeygenTtsLanguages')
  }

  async #kling(): Promise<void> {
    const headers = { 'content-type': 'image/png' }
    await this.#call('postKlingAssets', { body: 'not really a picture', headers })
    let first = ''
    for (const [name, body] of Object.entries(KLING_BODIES)) {
      const more = first === '' ? { replyUrl: `${this.#receiver.url}/task`, replyRef: 'mine' } : {}
      const made = await this.#call(`postKling${name}`, { body: { ...body, ...more } })
      first ||= (made['task'] as { id: string }).id
    }
    await this.#call('postKlingTtsCreate', { body: { speakerId: 'v1', text: 'Hello there.' } })
    const begun = await this.#call('createKlingVideo', {
      body: {
        model_name: 'kling-v3',
        prompt: 'A calm sunrise',
        duration: '5',
        callback_url: `${this.#receiver.url}/kling`,
      },
    })
    await this.#call('getKlingScheduler')
    await this.#call('getKlingSchedulerAvailable')
    await this.#gateway.sim.finishJobs()
    const { task_id: id } = begun['data'] as { task_id: string }
    await this.#call('getKlingVideo', { params: { id } })
    const task = await until(async () => this.#receiver.posts('/kling')[0])
    this.#keep('klingTask', { status: 200, answer: JSON.parse(task.body) as unknown })
    const reply = await until(async () => this.#receiver.posts('/task')[0])
    this.#keep('useapiTask', { status: 200, answer: JSON.parse(reply.body) as unknown })
    await this.#call('getKlingTasksByTaskId', { params: { task_id: first } })
    await this.#call('postKlingVideosExtend', { body: { task_id: first, prompt: 'It goes on' } })
    await this.#call('getKlingTasks', { query: '?pageSize=1' })
    await this.#call('getKlingJobs', { query: '?limit=1' })
    await this.#call('getKlingJobsById', { params: { id } })
  }

  async #tenant(): Promise<void> {
    const token = ADMIN_TOKEN
    await this.#call('postAccount', { body: { name: 'Customer 1' } })
    await this.#call('getAccount')
    await this.#call('getAudit', { query: '?limit=1' })
    await this.#call('getAdminAudit', { query: '?limit=1', token })
    await this.#call('getAdminAccounts', { token })
    await this.#call('getAdminJobs', { query: '?limit=1', token })
    await this.#call('getAdminDeliveries', { query: '?limit=1', token })
    await this.#alerts('postAlerts', 'getAlerts', this.#token)
    await this.#alerts('postAdminAlerts', 'getAdminAlerts', token)
    await this.#call('postLive')
    await this.#call('getHeygenThroughput')
    await this.#call('getKlingThroughput')
    await this.#call('getAdminThroughput', { token })
    await this.#call('getUsage')
    await this.#call('getAdminUsage', { token })
    await this.#backup()
    await this.#call('getRoot')
    await this.#call('getHealthz')
  }

  async #alerts(add: string, list: string, token: string): Promise<void> {
    const url = `${this.#receiver.url}/alerts`
    const body = { url, form: 'generic', events: ['account_parked'] }
    const made = await this.#call(add, { token, body })
    const params = { id: String(made['id']) }
    await this.#call(list, { token })
    await this.#call(`${list}ById`, { token, params })
    await this.#call(`${add}ByIdTest`, { token, params })
    const told = await until(async () => this.#receiver.posts('/alerts')[0])
    this.#keep('alert', { status: 200, answer: JSON.parse(told.body) as unknown })
  }

  async #backup(): Promise<void> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const answer = await fetch(`${this.#gateway.url}/admin/export`, { headers })
    await this.#call('postAdminImport', {
      token: ADMIN_TOKEN,
      body: await answer.text(),
      headers: { 'content-type': 'text/plain' },
    })
  }

  async #refusals(): Promise<void> {
    await this.#call('postHeygenAccounts', { body: { maxJobs: 0 }, as: 'error 400' })
    await this.#call('getAudit', { token: 'nobody', as: 'error 401' })
    const params = { id: 'nothing' }
    await this.#call('getDeliveriesById', { params, as: 'error 404' })
  }
}

const TEXT_MAX = 120

/** Of a list the first row, of a map by email the first entry, of a text the beginning. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value
  if (Array.isArray(value)) return value.slice(0, 1).map(shortened)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shortened(one)]))
}
