/** Webhook endpoints of an account. */
import { Refusal } from '../../answers/refusal.ts'
import { isLoopback } from '../../events/deliveries.ts'
import { timeLimit } from '../../state/clock.ts'
import { newHex, newSecret } from '../../state/random.ts'
import type { Resource } from '../../state/types.ts'
import type { Doc } from '../../text/json.ts'
import {
  asText,
  type Call,
  findSubject,
  getNamed,
  getSubject,
  type Reply,
  reply,
} from '../answers/call.ts'
import { envelopeOf, invalid } from '../answers/errors.ts'
import { toTime, withData } from '../answers/fill.ts'
import { addResource } from '../resources/resources.ts'
import { EVENT_TYPES } from './event-types.ts'

export async function makeEndpoint(call: Call): Promise<Reply> {
  await assertUrl(call, call.body.url)
  const doc = {
    url: call.body.url,
    events: readEvents(call),
    entity_id: call.body.entity_id ?? null,
    status: 'enabled',
    secret: newSecret(),
  }
  return show(
    call,
    addResource(call.state, call.account.email, { type: 'webhook-endpoint', doc }),
    true
  )
}

/** `events` replaces the whole list. */
export async function changeEndpoint(call: Call): Promise<Reply> {
  const endpoint = findSubject(call) ?? getNamed(call, '/endpoint_id')
  if (call.body.url !== undefined) await assertUrl(call, call.body.url)
  const doc: Doc = {
    ...endpoint.doc,
    ...(call.body.url !== undefined ? { url: call.body.url } : {}),
    ...(call.body.events !== undefined ? { events: readEvents(call) } : {}),
    ...(call.body.status !== undefined ? { status: call.body.status } : {}),
  }
  return show(call, call.state.putResource({ ...endpoint, doc }), call.row.family === 'v1')
}

/** The old secret is no longer used from now on. */
export function rotateSecret(call: Call): Reply {
  const endpoint = getSubject(call)
  const secret = newSecret()
  call.state.putResource({ ...endpoint, doc: { ...endpoint.doc, secret } })
  return reply(call, withData(call.row.responseExample, { endpoint_id: endpoint.id, secret }))
}

/** The list of v1 shows the secrets, the list of v3 does not. */
export function listEndpointRows(call: Call, endpoints: Resource[]): unknown[] {
  return endpoints.map((each) => toView(call, each, call.row.family === 'v1'))
}

function show(call: Call, endpoint: Resource, withSecret: boolean): Reply {
  return reply(call, withData(call.row.responseExample, toView(call, endpoint, withSecret)))
}

function toView(call: Call, endpoint: Resource, withSecret: boolean): Doc {
  const { url, status, events, secret } = endpoint.doc
  const isV1 = call.row.family === 'v1'
  return {
    endpoint_id: endpoint.id,
    ...(isV1 ? { username: call.account.username } : {}),
    url,
    status,
    events,
    secret: withSecret ? secret : null,
    created_at: toTime(isV1 ? 'iso' : 'Z', endpoint.createdAt),
  }
}

export function newEventId(): string {
  return `evt_${newHex(12)}`
}

/** Without a list: every event. */
function readEvents(call: Call): string[] | null {
  const { events } = call.body
  if (events === undefined || events === null) return null
  const known = Array.isArray(events) && events.every((each) => EVENT_TYPES.includes(String(each)))
  if (!known) throw invalid(envelopeOf(call.row), 'events is invalid.', 'events')
  return (events as unknown[]).map(String)
}

async function assertUrl(call: Call, url: unknown): Promise<void> {
  const { validateWebhookUrl, webhooksBeyondLoopback } = call.state.settings
  const isUrl = /^https?:\/\/[^\s/]+/.test(asText(url) ?? '')
  const isChecked = validateWebhookUrl && (webhooksBeyondLoopback || isLoopback(String(url)))
  if (isUrl && (!isChecked || (await answersOptions(String(url))))) return
  if (envelopeOf(call.row) === 'v3')
    throw invalid('v3', 'Url of this webhook endpoint is invalid', 'url')
  throw new Refusal(400, { code: 400542, message: 'Url of this webhook endpoint is invalid' })
}

async function answersOptions(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { method: 'OPTIONS', signal: timeLimit(1000) })
    await answer.body?.cancel()
    return answer.status < 400
  } catch {
    return false
  }
}
