/** Accounts at Kling, made in the simulator and added to a gateway. */
import { SignJWT } from 'jose'
import { until, type Gateway } from '../gateway.ts'
import type { SimRequest } from '../simulator.ts'

export const TEXT2VIDEO = { model_name: 'kling-v3', prompt: 'A calm sunrise', duration: '5' }

export function keysOf(name: string) {
  return {
    apiKey: `kling_key_${name}`,
    accessKey: `kling_ak_${name}`,
    secretKey: `kling_secret_${name}`,
  }
}

type Kind = 'apiKey' | 'pair' | 'both'

/** `name@example.com` at the simulator's Kling, unlimited there unless told otherwise. */
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

/** What the simulator saw of Kling since it was last told to forget. */
export async function klingRequests(gateway: Gateway): Promise<SimRequest[]> {
  return (await gateway.sim.requests()).filter((one) => one.host.startsWith('kling'))
}

/**
 * A creation that started a task and whose answer was lost. In scaled time one may be given up before it has arrived,
 * which starts nothing; then another is made.
 */
export async function loseAnswer(gateway: Gateway, path: string, body: object): Promise<Response> {
  const match = { method: 'POST', path: path.slice('/kling'.length) }
  await gateway.sim.fault({ match, effect: { reset: 'after' } })
  const lost = await until(async () => {
    const answer = await gateway.post(path, body)
    const { jobs } = await gateway.sim.state()
    const request = answer.headers.get('x-request-id') ?? 'none'
    // The gateway's own names end with their request.
    return jobs.some((job) => job.callbackId?.endsWith(request)) && answer
  }, 40_000)
  await gateway.sim.clearFaults()
  return lost
}

/** As Kling's own sample code signs. */
export function sign(accessKey: string, secretKey: string, exp = 1800, nbf = -5): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ iss: accessKey, exp: now + exp, nbf: now + nbf })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secretKey))
}
