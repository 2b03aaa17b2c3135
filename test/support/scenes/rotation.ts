/** Opens a gateway that has every kind of sealed record, and opens it again with other master keys. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import { makeCallbackSecret } from '../callback-secret.ts'
import { advance, CLOCKED } from '../clock/clock.ts'
import { openGateway, until, type Gateway } from '../gateway.ts'
import { addEndpoint, callNaming, hookOf, LOOPBACK, type SimEndpoint } from './hooked.ts'
import { addAlert, addOperatorAlert } from './alerts.ts'
import { begin, CLIENT, type Begun } from './sign-in.ts'
import { addKling, sign, TEXT2VIDEO } from './kling.ts'
import type { Receiver } from '../receiver.ts'
import { Simulator } from '../simulator.ts'

export const K1 = `k1:${btoa('0123456789abcdef0123456789abcdef')}`
export const K2 = `k2:${btoa('fedcba9876543210fedcba9876543210')}`

export interface Pass {
  status: 'none' | 'running' | 'waiting' | 'aging' | 'removable'
  done: boolean
  removable: boolean
  removableFrom: string | null
  key: string
  others: { id: string; removable: boolean }[]
  pass: number
  nextPassAt: string | null
  tenants: { passed: number; all: number }
  resealed: Record<string, number>
  byKey: Record<string, number>
  waitsFor: { hooks: number; copies: number; workers: number }
  hangs: { what: string; until: string | null }[]
  hooksNotRegistered: { account: string; message: string }[]
  unreadable: { byKey: Record<string, number>; examples: { what: string; name?: string }[] }
  error?: string
}

/** A gateway that keeps its data folder and its port when it is opened again. */
export class Rotating {
  readonly simulator: Simulator
  readonly receiver: Receiver
  readonly #entry: string
  gateway!: Gateway
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-test-'))
  #port: number | undefined
  #aheadMs = 0
  #token = ''

  constructor(simulator: Simulator, receiver: Receiver, entry: string) {
    this.simulator = simulator
    this.receiver = receiver
    this.#entry = entry
  }

  /** `entry`: a Worker whose clock can be moved. */
  static async open(receiver: Receiver, keys = K1, entry = CLOCKED): Promise<Rotating> {
    const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
    const rotating = new Rotating(simulator, receiver, entry)
    await rotating.openWith(keys)
    return rotating
  }

  /** Ends the running gateway and starts it again with these keys. Its clock does not change. */
  async openWith(keys: string): Promise<Gateway> {
    await this.gateway?.dispose()
    const gateway = await openGateway({
      simulator: this.simulator,
      persist: this.#folder,
      entry: this.#entry,
      vars: { ...LOOPBACK, ...CLIENT, MASTER_KEYS: keys },
      ...(this.#port === undefined ? {} : { port: this.#port }),
    })
    this.#port = Number(new URL(gateway.url).port)
    if (this.#token === '') this.#token = gateway.token
    gateway.token = this.#token
    gateway.secrets.push(K1.slice(3), K2.slice(3))
    this.gateway = gateway
    // Meanwhile the simulator's clock went on.
    await fetch(`${gateway.url}/__clock`, {
      method: 'POST',
      body: JSON.stringify({ advanceMs: this.#aheadMs }),
    })
    return gateway
  }

  async advance(ms: number): Promise<void> {
    this.#aheadMs += ms
    await advance(this.gateway, ms)
  }

  /** Repeats the call until a pass is over, as docs/rotate-keys.md says. */
  async reseal(): Promise<Pass> {
    for (let calls = 0; calls < 200; calls += 1) {
      const answer = await this.gateway.admin('POST', '/reseal')
      expect(answer.status, await answer.clone().text()).toBe(200)
      const pass = (await answer.json()) as Pass
      if (pass.done) return pass
    }
    throw new Error('the pass does not end')
  }

  async shown(): Promise<Pass> {
    return (await (await this.gateway.admin('GET', '/reseal')).json()) as Pass
  }

  async dispose(): Promise<void> {
    await this.gateway.dispose()
    await this.simulator.dispose()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

interface KnownAlert {
  id: string
  secret: string
}

export interface EveryKind {
  hook: SimEndpoint
  keyedAnswer: string
  keyedJob: string
  jobs: { ticketed: string; hooked: string; former: string; kling: string }
  callbackSecret: string
  endpointSecret: string
  /** The tenant's, and the operator's. */
  alerts: { own: KnownAlert; operators: KnownAlert }
  pair: { token: string; accessKey: string; secretKey: string }
  /** A page token that is short, and a long one, which the desk keeps. */
  pages: { short: string; long: string }
  browserToken: string
  /** Waits for a person. */
  signIn: Begun
}

const LONG_NAMES = Array.from({ length: 6 }, (_, at) => `${'a-very-long-name-'.repeat(14)}${at}`)

export async function createOn(
  gateway: Gateway,
  name: string,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {}
): Promise<Response> {
  return gateway.createVideo(more, { 'x-gateway-account': `${name}@example.com`, ...headers })
}

async function jobOf(answer: Response): Promise<string> {
  expect(answer.status, await answer.clone().text()).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}

async function pageToken(gateway: Gateway, limit: number): Promise<string> {
  const answer = await gateway.fetch(`/heygen/v3/templates?limit=${limit}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as { next_token: string }).next_token
}

async function addTemplates(gateway: Gateway, name: string): Promise<void> {
  for (const row of [1, 2, 3]) {
    const resource = {
      account: `${name}@example.com`,
      resource: 'template',
      id: `${name.slice(-9)}-${row}`,
    }
    await gateway.sim.control('POST', '/resources', resource)
  }
}

export const KEYED = { 'idempotency-key': 'kept-before-the-rotation' }

/** Makes one record of every kind, sealed with the present first key. */
export async function everyKind({ gateway, receiver }: Rotating): Promise<EveryKind> {
  await gateway.addAccount('a', 9, { examples: false })
  await gateway.addAccount('former', 2, { examples: false })
  const hook = await hookOf(gateway, 'a')
  await gateway.sim.control('POST', '/accounts', {
    email: 'web@example.com',
    password: 'p',
    concurrency: null,
  })
  const web = { email: 'web@example.com', password: 'p', maxJobs: 3 }
  expect((await gateway.post('/v1/heygen/accounts', web)).status).toBe(201)
  await addKling(gateway, 'k', { maxJobs: 5 })
  const callbackSecret = await makeCallbackSecret(gateway)
  await addEndpoint(gateway, `${receiver.url}/endpoint`)
  const events = { events: ['pool_full'] }
  const alerts = {
    own: await addAlert(gateway, `${receiver.url}/own-alert`, events),
    operators: await addOperatorAlert(gateway, `${receiver.url}/operators-alert`, events),
  }
  const shown = await gateway.fetch('/heygen/v1/webhook/endpoint.list')
  const { data } = (await shown.json()) as { data: { secret: string }[] }
  const keyed = await createOn(gateway, 'a', {}, KEYED)
  const keyedJob = keyed.headers.get('x-gateway-job') ?? ''
  const keyedAnswer = await keyed.text()
  const withCallback = await callNaming(() =>
    createOn(gateway, 'a', { callback_url: `${receiver.url}/ticketed` })
  )
  const former = await jobOf(await createOn(gateway, 'former'))
  expect(
    (await gateway.fetch('/v1/heygen/accounts/former@example.com', { method: 'DELETE' })).status
  ).toBe(204)
  const kling = await gateway.post('/kling/v1/videos/text2video', TEXT2VIDEO)
  const pair = (await gateway.newToken({ tenant: 'pairs' })) as unknown as EveryKind['pair']
  gateway.secrets.push(pair.secretKey)
  await addTemplates(gateway, 'a')
  await addTemplates(gateway, 'web')
  const short = await pageToken(gateway, 2)
  for (const name of LONG_NAMES) {
    await gateway.addAccount(name, 1, { examples: false })
    await addTemplates(gateway, name)
  }
  const long = await pageToken(gateway, 3)
  const made = await gateway.fetch('/v1/streaming.create_token', {
    method: 'POST',
    headers: { 'x-gateway-account': 'a@example.com' },
  })
  expect(made.status, await made.clone().text()).toBe(200)
  const browser = (await made.json()) as { data: { token: string } }
  return {
    hook,
    keyedAnswer,
    keyedJob,
    jobs: {
      ticketed: await jobOf(withCallback),
      hooked: await jobOf(await createOn(gateway, 'a')),
      former,
      kling: kling.headers.get('x-gateway-job') ?? '',
    },
    callbackSecret,
    endpointSecret: data[0]?.secret ?? '',
    alerts,
    pair,
    pages: { short, long },
    browserToken: browser.data.token,
    signIn: await begin(gateway),
  }
}

export async function stateOf(gateway: Gateway, job: string): Promise<string> {
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  return ((await answer.json()) as { status?: string }).status ?? `${answer.status}`
}

export async function callSigned(
  gateway: Gateway,
  { accessKey, secretKey }: EveryKind['pair']
): Promise<Response> {
  const authorization = `Bearer ${await sign(accessKey, secretKey)}`
  return fetch(`${gateway.url}/kling/v1/videos/text2video`, { headers: { authorization } })
}

export async function nextPage(gateway: Gateway, token: string): Promise<Response> {
  return gateway.fetch(`/heygen/v3/templates?limit=3&token=${encodeURIComponent(token)}`)
}

export async function openSession(gateway: Gateway, token: string): Promise<Response> {
  return fetch(`${gateway.url}/v1/streaming.new`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ avatar_name: 'Wayne_20240711', quality: 'low', version: 'v2' }),
  })
}

export async function finish(gateway: Gateway, job: string): Promise<void> {
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
}

export { until }
