/** What the clients of a plan and the checkers share. */
import type { Intention as CheckedIntention } from '../../test/support/storm/storm-checks.ts'
import type { AlertForm, KlingForm, Plan } from '../plans/plan.ts'
import type { Heygen } from '../witness/heygen.ts'
import type { Receivers } from '../witness/receivers.ts'
import type { ClientAnswer } from '../platform/isolates.ts'
import type { Kling } from '../witness/kling.ts'
import type { Front } from '../platform/front.ts'
import { ADMIN_TOKEN, ORIGIN } from '../platform/universe.ts'

export interface Intention extends CheckedIntention {
  /** The number of its tenant. */
  tenant: number
  /** The client has told the gateway to forget the job, or HeyGen to delete it. */
  isUntracked: boolean
  /** The gateway writes the creation: an agent, or an older call, asked for it. */
  isRewritten?: boolean
  /** The gateway has confirmed that it tells nothing more about this job. */
  untracked?: { id: string; at: number }
  /** What it sent, byte for byte. */
  bodies: string[]
  /** It asked to be queued. */
  item?: QueuedItem
  /** The job of another queued creation that its body names. */
  named?: { mark: string; name: string }
}

export interface QueuedItem {
  /** The token's. */
  tokenId: string
  /** The names of its jobs, as the gateway's answer to it said them. None: the gateway has not taken it, as far as its client knows. */
  names: string[]
  /** The gateway has confirmed that it was cancelled. */
  isCancelled?: boolean
  /** The provider's own delete was asked for, which goes to the job if it has begun meanwhile. */
  isDeleted?: boolean
  /** By when it was to start, from its request on, ms. */
  startWithinMs?: number
  priority?: number
}

/** From when to when the gateway had confirmed that nothing is started: of a token, on an account, or both. Epoch ms. */
export interface HeldUp {
  /** The number of the tenant. */
  tenant: number
  tokenId?: string
  email?: string
  from: number
  to: number
}

/** A secret that signs, and since when. */
export interface Secret {
  secret: string
  at: number
}

export interface ClientEndpoint {
  id: string
  path: string
  secrets: Secret[]
  /** When it was on: it began with the first, and is on now if the last has no end. Epoch ms. */
  on: { from: number; to?: number }[]
  /** A change had no answer, so nobody knows what counts. */
  isUncertain: boolean
  /** It was rotated more than once in one change, and only the last answer was heard. */
  hasUnheardSecret?: boolean
}

/** A tenant of the gateway. One that is made again under the same name is another. */
export interface Tenant {
  /** From 0, in the order in which tenants were made. */
  no: number
  name: string
  token: string
  tokenId: string
  /** The key pair of the token, for clients that sign their own. */
  pair: { accessKey: string; secretKey: string }
  endpoints: ClientEndpoint[]
  callbackSecrets: Secret[]
  /** Another token of the tenant. */
  second?: { token: string; tokenId: string }
  /** A rotation of the callback secret had no answer. */
  isUncertain: boolean
  /** When its removal began, epoch ms. */
  endedAt?: number
}

export interface Upload {
  tenant: number
  content: string
  /** Absent: the upload failed, or nobody knows its id. */
  id?: string
  /** Its deletion was asked for. */
  isDeleted: boolean
}

/** A task that a client wants once. */
export interface KlingIntention {
  mark: string
  tenant: number
  form: KlingForm
  isTold: boolean
  taskIds: string[]
  /** Its own name. */
  name?: string
  answers: string[]
  /** It asked to be queued. */
  item?: QueuedItem
}

/** An own token of a tenant (steps/own.ts). */
export interface OwnToken {
  /** The tenant with this token. */
  as: Tenant
  marks: string[]
  /** Where the ends of its jobs are told. Absent: nowhere. */
  told?: string
}

/** What a plan's players share. */
export interface Scene {
  plan: Plan
  universe: Front
  heygen: Heygen
  receivers: Receivers
  /** The tenants of now, in the order of the plan. */
  tenants: Tenant[]
  /** Those that were removed, too. By `no`. */
  everyTenant: Tenant[]
  intentions: Map<string, Intention>
  /** Each answer that a tenant's client got. */
  answers: { tenant: number; about: string; answer: ClientAnswer; at: number }[]
  /** How many of these came before only the promises were looked at. */
  answersOfSteps: number
  /** Each answer that the operator got. */
  operated: { about: string; answer: ClientAnswer }[]
  /** Accounts that were removed at once, whose jobs may run on: when, epoch ms. */
  drops: { email: string; at: number }[]
  /** Accounts of which that is just asked. */
  dropping: Set<string>
  accounts: Map<string, HeldAccount>
  /** Tokens, keys and signing secrets that a client was given or gave. */
  secrets: Set<string>
  /** Files that clients have uploaded, by their names in the plan. */
  uploads: Map<string, Upload>
  kling: Kling
  /** By mark. */
  klingIntentions: Map<string, KlingIntention>
  /** Kling accounts by email, and the number of the tenant that has it. */
  klingHolders: Map<string, number>
  /** Addresses that are told of faults. */
  alertsMade: number
  alerts: { path: string; form: AlertForm; secret: string }[]
  /** Tenants that were removed and came back by an import: their numbers, and when, epoch ms. */
  comebacks: { from: number; to: number; at: number }[]
  /** The steps that must not overlap come one after the other. */
  structure: Promise<void>
  /** Own tokens, two of one tenant. */
  owned: OwnToken[]
  /** Tokens that were removed, and their tenants. */
  removedTokens: { token: string; tenant: Tenant }[]
  /** Tokens under which nothing may start any more: since when, epoch ms, and until when. */
  deadTokens: { tokenId: string; from: number; to: number }[]
  /** Pauses of HeyGen's line. */
  pauses: HeldUp[]
  /** Accounts that were drained. */
  drains: HeldUp[]
  /** What reached HeyGen and may start a job. */
  sent: { path: string; body: string }[]
  /** By mark: how often a creation was sent that started nothing and had no answer that says so, and whether it was sent afterwards. */
  unheard: Map<string, { times: number; isSentAfter: boolean }>
  /** What HeyGen was asked: method, address, headers without the credential, body. */
  heard: Set<string>
  /** Bodies of HeyGen's answers that arrived whole. */
  replied: Set<string>
  /** When nothing goes wrong any more, epoch ms. */
  calmAt: number
  violations: string[]
}

interface HeldAccount {
  /** By its place in the plan. */
  tenant: number
  key: string
  /** The numbers of all tenants that have had it. */
  holders: Set<number>
  /** The steps about one account come one after the other. */
  turn: Promise<void>
}

export const RECEIVER = 'https://app.example.com'

const JSON_TYPE = { 'content-type': 'application/json' }

export function emptyScene(
  of: Pick<Scene, 'plan' | 'universe' | 'heygen' | 'kling' | 'receivers'>
): Scene {
  return {
    ...of,
    ...{ tenants: [], everyTenant: [], intentions: new Map(), answers: [], operated: [] },
    ...{
      drops: [],
      dropping: new Set(),
      accounts: new Map(),
      secrets: new Set(),
      removedTokens: [],
      sent: [],
    },
    ...{ deadTokens: [], pauses: [], drains: [], unheard: new Map(), owned: [] },
    ...{ alerts: [], alertsMade: 0, comebacks: [], structure: Promise.resolve() },
    ...{ uploads: new Map(), klingIntentions: new Map(), klingHolders: new Map() },
    ...{
      heard: new Set(),
      replied: new Set(),
      calmAt: Infinity,
      violations: [],
      answersOfSteps: 0,
    },
  }
}

/** A call with a tenant's token. Its answer is kept for the checkers. */
export async function ask(
  scene: Scene,
  tenant: Tenant,
  method: string,
  path: string,
  body?: unknown,
  token = tenant.token
): Promise<ClientAnswer> {
  const answer = await scene.universe.call({
    method,
    url: ORIGIN + path,
    headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  keep(scene, tenant, `${method} ${path}`, answer)
  return answer
}

export function keep(scene: Scene, { no }: Tenant, about: string, answer: ClientAnswer): void {
  scene.answers.push({ tenant: no, about, answer, at: scene.universe.world.now })
}

/** A call with a tenant's token, as its client writes it. Its answer is kept for the checkers. */
export async function send(
  scene: Scene,
  tenant: Tenant,
  call: {
    method: string
    path: string
    headers?: Record<string, string>
    body?: string
    token?: string
  }
): Promise<ClientAnswer> {
  const { method, path, headers = JSON_TYPE, body, token = tenant.token } = call
  const answer = await scene.universe.call({
    ...{ method, url: ORIGIN + path, body },
    headers: { authorization: `Bearer ${token}`, ...headers },
  })
  keep(scene, tenant, `${method} ${path}`, answer)
  return answer
}

/** A call of the operator. Its answer is kept for the checkers. */
export async function operate(
  scene: Scene,
  method: string,
  path: string,
  body?: unknown
): Promise<ClientAnswer> {
  const answer = await scene.universe.call({
    method,
    url: ORIGIN + path,
    headers: { ...JSON_TYPE, authorization: `Bearer ${ADMIN_TOKEN}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  scene.operated.push({ about: `${method} ${path}`, answer })
  return answer
}

/** Steps that change what an export holds wait for each other. */
export async function alone(scene: Scene, work: () => Promise<void>): Promise<void> {
  const mine = scene.structure.then(work)
  scene.structure = mine.catch(() => {})
  await mine
}

export function isGood({ status }: ClientAnswer): boolean {
  return status !== 'cut' && status < 300
}

/** The members of a good answer. None if it is no JSON: HeyGen may answer nonsense, and the client gets that. */
export function jsonOf(answer: ClientAnswer): Record<string, unknown> {
  if (!isGood(answer)) return {}
  try {
    return JSON.parse(answer.body) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Repeats until the answer is good, or is one that stays. */
export async function insist(
  scene: Scene,
  call: () => Promise<ClientAnswer>,
  tries = 8
): Promise<ClientAnswer> {
  let answer = await call()
  for (let n = 0; n < tries && isPassing(answer); n += 1) {
    await scene.universe.world.sleep(2000 * 2 ** n, 'before a repeat')
    answer = await call()
  }
  return answer
}

function isPassing({ status }: ClientAnswer): boolean {
  return status === 'cut' || status >= 500 || status === 409 || status === 429
}

export function emailOf(name: string): string {
  return `${name}@example.com`
}

export function keyOf(name: string): string {
  return `sk_sim_${name}_0123456789abcdef`
}
