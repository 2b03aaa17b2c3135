/** A gateway whose accounts' webhooks are registered, and HeyGen's side of them. */
import { createHmac } from 'node:crypto'
import { until, type Gateway, type GatewayOptions } from './gateway.ts'

/** What a local gateway needs to be called by a simulator on loopback. */
export const LOOPBACK = { ALLOW_LOOPBACK_CALLBACKS: 'true' }

export interface SimEndpoint {
  id: string
  url: string
  secret: string
}

/** Our webhooks as an account has them. */
export async function endpointsOf(gateway: Gateway, name: string): Promise<SimEndpoint[]> {
  const answer = await fetch(`${gateway.sim.url}/api.heygen.com/v1/webhook/endpoint.list`, {
    headers: { 'x-api-key': `sk_test_${name}` },
  })
  const { data } = (await answer.json()) as {
    data: { endpoint_id: string; url: string; secret: string }[]
  }
  return data.map(({ endpoint_id: id, url, secret }) => ({ id, url, secret }))
}

export async function hookOf(gateway: Gateway, name: string): Promise<SimEndpoint> {
  return until(async () => (await endpointsOf(gateway, name))[0])
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
