/** Makes Kling accounts in the simulator and adds them to a gateway. */
import { SignJWT } from 'jose'
import { expect } from 'vitest'
import type { Gateway, openGateway } from '../gateway.ts'
import type { SimRequest } from '../simulator.ts'

export const TEXT2VIDEO = { model_name: 'kling-v3', prompt: 'A calm sunrise', duration: '5' }

export const T2V = '/kling/v1/videos/text2video'
export const TURBO = '/kling/text-to-video/kling-3.0-turbo'
export const IMAGES = '/kling/v1/images/generations'

export function keysOf(name: string) {
  return {
    apiKey: `kling_key_${name}`,
    accessKey: `kling_ak_${name}`,
    secretKey: `kling_secret_${name}`,
  }
}

type Kind = 'apiKey' | 'pair' | 'both'

/** Makes `name@example.com` at the simulator's Kling, without a limit there unless `more` sets one. */
export async function makeKling(
  gateway: Gateway,
  name: string,
  more: Record<string, unknown> = {}
): Promise<string> {
  const email = `${name}@example.com`
  const { apiKey, accessKey, secretKey } = keysOf(name)
  await gateway.sim.control('POST', '/accounts', {
    provider: 'kling',
    email,
    apiKeys: [apiKey],
    accessKey,
    secretKey,
    concurrency: null,
    ...more,
  })
  return email
}

export async function addKling(
  gateway: Gateway,
  name: string,
  { maxJobs = 5, kind = 'both', sim = {} }: { maxJobs?: number; kind?: Kind; sim?: object } = {}
): Promise<string> {
  const email = await makeKling(gateway, name, { ...sim })
  const { apiKey, accessKey, secretKey } = keysOf(name)
  const added = await gateway.post('/v1/kling/accounts', {
    email,
    maxJobs,
    ...(kind === 'pair' ? {} : { apiKey }),
    ...(kind === 'apiKey' ? {} : { accessKey, secretKey }),
  })
  if (added.status !== 201) throw new Error(`${name}: ${added.status} ${await added.text()}`)
  return email
}

/** The calls to Kling that the simulator has seen since its log was cleared. */
export async function klingRequests(gateway: Gateway): Promise<SimRequest[]> {
  return (await gateway.sim.requests()).filter((one) => one.host.startsWith('kling'))
}

/** Makes a creation that starts a task and whose answer is lost. */
export async function loseAnswer(gateway: Gateway, path: string, body: object): Promise<Response> {
  const match = { method: 'POST', path: path.slice('/kling'.length) }
  await gateway.sim.fault({ match, effect: { reset: 'after' } })
  const lost = await gateway.post(path, body)
  await gateway.sim.clearFaults()
  return lost
}

/** Signs a token as Kling's own sample code does. */
export function sign(accessKey: string, secretKey: string, exp = 1800, nbf = -5): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ iss: accessKey, exp: now + exp, nbf: now + nbf })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secretKey))
}

/** Tasks end only by the simulator's remote control, so that none ends during a test's checks. */
export function withLongTasks(open: typeof openGateway): typeof openGateway {
  return (options) => open({ simVars: { JOB_MS: '600000' }, ...options })
}

export interface Task {
  code: number
  message: string
  data: {
    task_id: string
    id: string
    task_status: string
    status: string
    external_id?: string
    task_info: { external_task_id?: string }
    task_result: { videos: { id: string }[]; elements: unknown[] }
  }
}

export async function create(gateway: Gateway, path = T2V, more: object = {}): Promise<Task> {
  const answer = await gateway.post(path, { ...TEXT2VIDEO, ...more })
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return JSON.parse(text) as Task
}

export async function read(gateway: Gateway, path: string): Promise<Task> {
  const answer = await gateway.fetch(`/kling${path}`)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return JSON.parse(text) as Task
}

export function held(gateway: Gateway): Promise<number> {
  return gateway.heldSlots('kling')
}

/** The bodies of the creations of videos from text that the provider received. */
export async function creationsOf(gateway: Gateway): Promise<(string | null | undefined)[]> {
  const requests = await klingRequests(gateway)
  return requests
    .filter((one) => one.method === 'POST' && /text2video|text-to-video/.test(one.path))
    .map((one) => one.body)
}
