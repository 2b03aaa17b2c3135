/** Makes the secret that signs deliveries, and checks both signatures of a delivery as a client does. */
import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import { Webhook } from 'standardwebhooks'
import type { Gateway } from './gateway.ts'
import type { Received } from './receiver.ts'

export async function makeCallbackSecret(gateway: Gateway): Promise<string> {
  const answer = await gateway.fetch('/v1/callback-secret', { method: 'POST' })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { secret: string }).secret
}

export function expectSigned({ headers, body }: Received, secret: string): void {
  expect(headers['signature']).toBe(createHmac('sha256', secret).update(body).digest('hex'))
  const standard = {
    'webhook-id': String(headers['webhook-id']),
    'webhook-timestamp': String(headers['webhook-timestamp']),
    'webhook-signature': String(headers['webhook-signature']),
  }
  expect(new Webhook(secret).verify(body, standard)).toEqual(JSON.parse(body))
  expect(() => new Webhook(secret).verify(`${body} `, standard)).toThrow()
}
