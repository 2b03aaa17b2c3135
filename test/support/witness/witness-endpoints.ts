/** Makes, lists and removes webhook endpoints of an account, and rotates their secrets. */
import { randomBytes } from 'node:crypto'
import { data, newSecret, parse, refusal, viewOf, type Answer } from './witness-answers.ts'
import type { Call, WitnessAccount } from './witness-types.ts'

export function endpointsAnswer({ method, path, body }: Call, account: WitnessAccount): Answer {
  const [id = '', verb] = path.split('/').slice(4)
  if (method === 'GET') {
    const rows = account.endpoints.map((one) => ({ ...viewOf(one), secret: null }))
    return {
      status: 200,
      body: JSON.stringify({ data: rows, has_more: false, next_token: null }),
    }
  }
  if (method === 'POST' && id === '') {
    const { url, events } = parse(body) as { url?: string; events?: string[] }
    if (typeof url !== 'string') return refusal(400, 'invalid_parameter', 'url is invalid', 'url')
    const endpoint = {
      id: randomBytes(16).toString('hex'),
      url,
      secret: newSecret(),
      events: events ?? null,
    }
    account.endpoints.push(endpoint)
    return data({ ...viewOf(endpoint), secret: endpoint.secret })
  }
  const known = account.endpoints.find((one) => one.id === id)
  if (!known) return refusal(404, 'webhook_not_found', 'Webhook endpoint not found')
  if (method === 'POST' && verb === 'rotate-secret') {
    known.secret = newSecret()
    return data({ endpoint_id: id, secret: known.secret })
  }
  if (method !== 'DELETE') return refusal(404, 'not_found', 'Not found')
  account.endpoints = account.endpoints.filter((one) => one !== known)
  return { status: 200, body: JSON.stringify({ data: {}, error: null }) }
}
