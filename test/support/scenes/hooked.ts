/** A gateway whose accounts have registered webhooks, and the endpoints as HeyGen has them. */
import { createHmac } from 'node:crypto'
import { until, type Gateway, type GatewayOptions } from '../gateway.ts'

/** The setting with which a gateway can be called by a simulator on loopback. */
export const LOOPBACK = { ALLOW_LOOPBACK_CALLBACKS: 'true' }

export interface SimEndpoint {
  id: string
  url: string
  secret: string
}

/** The gateway's webhooks at an account, which may also have others. */
export async function endpointsOf(
  { sim }: Pick<Gateway, 'sim'>,
  name: string
): Promise<SimEndpoint[]> {
  const answer = await fetch(`${sim.url}/api.heygen.com/v1/webhook/endpoint.list`, {
    headers: { 'x-api-key': `sk_test_${name}` },
  })
  const { data } = (await answer.json()) as {
    data: { endpoint_id: string; url: string; secret: string }[]
  }
  return data
    .filter(({ url }) => url.includes('/webhooks/heygen/'))
    .map(({ endpoint_id: id, url, secret }) => ({ id, url, secret }))
}

/**
 * Waits until the gateway accepts events that the webhook signs. HeyGen has the webhook a moment before the gateway has its
 * secret.
 */
export async function hookOf(gateway: Gateway, name: string): Promise<SimEndpoint> {
  return until(async () => {
    const [endpoint] = await endpointsOf(gateway, name)
    return endpoint && (await isTaken(endpoint, '{}')) && endpoint
  })
}

async function isTaken({ url, secret }: SimEndpoint, body: string): Promise<boolean> {
  const answer = await fetch(url, { method: 'POST', body, headers: signed(secret, body) })
  return answer.status === 204
}

export async function openHooked(
  open: (options: GatewayOptions) => Promise<Gateway>,
  options: GatewayOptions
): Promise<Gateway> {
  const gateway = await open({
    simVars: { JOB_MS: '600000' },
    ...options,
    vars: { ...LOOPBACK, ...options.vars },
  })
  for (const name of Object.keys(options.accounts ?? {})) await hookOf(gateway, name)
  return gateway
}

const UNANSWERED = 'it did not answer OPTIONS within a second'

/**
 * Makes a call that names a URL of the test. The gateway refuses the call if the URL does not answer within a second, which may
 * happen on a busy machine. Then nothing was changed, and the call is repeated.
 */
export async function callNaming(call: () => Promise<Response>): Promise<Response> {
  for (let n = 0; n < 20; n += 1) {
    const answer = await call()
    const isMissed = answer.status === 400 && (await answer.clone().text()).includes(UNANSWERED)
    if (!isMissed) return answer
  }
  return call()
}

/** Adds an endpoint of the tenant, with HeyGen's v3 call. */
export async function addEndpoint(
  gateway: Gateway,
  url: string,
  events?: string[]
): Promise<{ endpoint_id: string }> {
  const added = await callNaming(() =>
    gateway.post('/heygen/v3/webhooks/endpoints', { url, events })
  )
  if (added.status !== 200) throw new Error(`no endpoint: ${added.status} ${await added.text()}`)
  return ((await added.json()) as { data: { endpoint_id: string } }).data
}

export function signed(secret: string, body: string): Record<string, string> {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return { 'content-type': 'application/json', signature }
}

export function eventOf(id: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    event_id: `evt_${id}`,
    event_type: 'avatar_video.success',
    event_data: { video_id: id, url: 'https://files.example.com/v.mp4', callback_id: null },
    created_at: new Date().toISOString(),
    ...more,
  })
}
