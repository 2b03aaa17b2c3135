/** `/v1/deliveries`: deliveries to clients' own URLs, sent and pending. `/v1/callback-secret`: the secret that signs them. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { shownUrl } from '#domain/alerts/alert.ts'
import { isOfToken, type Attempt, type Delivery } from '#domain/events/delivery.ts'
import { secretIdentity, tokenSecretName } from '#domain/events/endpoint.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { newSigningSecret } from '#domain/events/signatures.ts'
import type { DeliveryQuery } from '#domain/ports/slots.ts'
import {
  type DeliveryPage,
  findDelivery,
  listDeliveries,
  placesAt,
} from '#flows/events/find-deliveries.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { itsTenant, notePartial } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'

const time = z.iso.datetime({ offset: true })
const state = z.enum(['pending', 'delivered', 'dead'])
export const deliveryListing = z.strictObject({
  state: z.optional(state),
  job: z.optional(z.string().check(z.maxLength(256))),
  since: z.optional(time),
  until: z.optional(time),
  limit: z.optional(z.int().check(z.gte(1), z.lte(100))),
  cursor: z.optional(z.string().check(z.maxLength(400))),
})
const attempt = z.object({
  at: z.string(),
  ms: z.number(),
  status: z.nullable(z.number()),
  error: z.nullable(z.string()),
})
export const delivery = z
  .object({
    id: z.string(),
    state,
    reason: z.nullable(z.string()),
    provider: z.string(),
    tenant: itsTenant.tenant,
    job: z.nullable(z.string()),
    /** Of a queued job: the provider's id, beside the name that its client knows. */
    providerJob: z.optional(z.string()),
    requestId: z.nullable(z.string()),
    event: z.object({ id: z.string(), type: z.string() }),
    endpoint: z.nullable(z.string()),
    url: z.nullable(z.string()),
    ref: z.nullable(z.string()),
    created: z.string(),
    nextAttempt: z.nullable(z.string()),
    attempts: z.number(),
    lastStatus: z.nullable(z.number()),
    lastError: z.nullable(z.string()),
  })
  .register(z.globalRegistry, { id: 'Delivery' })
const deliveryInFull = z
  .extend(delivery, { attempts: z.array(attempt), body: z.string() })
  .register(z.globalRegistry, { id: 'DeliveryInFull' })
const page = z.object({ deliveries: z.array(delivery), next: z.nullable(z.string()) })
const secret = z.object({ secret: z.string() })
const errors = { 401: ownError, 402: ownError }

export const deliveries = newApp()

route(
  deliveries,
  {
    method: 'get',
    path: '/',
    summary: 'Calls to your own URLs, sent or still to be sent, newest first. Kept for 7 days',
    query: deliveryListing,
    answers: { 200: page, ...errors },
  },
  async (c) => {
    const query = { ...toDeliveryQuery(readQuery(c, deliveryListing)), ...ofOwn(c) }
    const found = await listDeliveries(c.get('ports'), await placesHere(c), query)
    notePartial(c, found.missing)
    return c.json({ deliveries: found.deliveries.map(toDeliveryView), next: toNext(found) })
  }
)

route(
  deliveries,
  {
    method: 'get',
    path: '/{id}',
    summary: 'One delivery with its attempts and its body',
    answers: { 200: deliveryInFull, ...errors, 404: ownError },
  },
  async (c) => c.json(toFullView((await find(c)).delivery))
)

route(
  deliveries,
  {
    method: 'post',
    needs: 'use',
    path: '/{id}/retry',
    summary: 'Send it again now, also when it was delivered or given up. Its schedule starts again',
    answers: { 202: deliveryInFull, ...errors, 404: ownError },
  },
  async (c) => {
    const { object, delivery: found } = await find(c)
    const { tenant } = c.get('caller')
    const again = await c.get('ports').slots(object).retryDelivery(tenant, found.id)
    if (!again) throw unknown()
    return c.json(toFullView(again), 202)
  }
)

export const callbackSecret = newApp()

route(
  callbackSecret,
  {
    method: 'post',
    needs: 'full',
    path: '/',
    summary:
      'Make or replace the secret that signs callbacks. It is shown once. The old one also signs for 24 h',
    answers: { 201: secret, ...errors, 403: ownError },
  },
  async (c) => {
    const { vault, desk, now, randomBytes } = c.get('ports')
    const { tenant } = c.get('caller')
    const { ownToken } = ofOwn(c)
    const made = newSigningSecret(randomBytes)
    const what = ownToken === undefined ? 'callback' : tokenSecretName(ownToken)
    for (const { name } of PROVIDERS) {
      const sealed = await vault.seal(secretIdentity(name, tenant, what), made)
      if (ownToken === undefined)
        await desk(tenant, name).saveCallbackSecret(sealed, now(), actorOf(c))
      else await desk(tenant, name).saveTokenSecret(ownToken, sealed, now(), actorOf(c))
    }
    return c.json({ secret: made }, 201)
  }
)

function placesHere(c: Context<AppEnv>) {
  const names = PROVIDERS.map(({ name }) => name)
  return placesAt(c.get('ports'), c.get('caller').tenant, names)
}

async function find(c: Context<AppEnv>) {
  const found = await findDelivery(c.get('ports'), await placesHere(c), c.req.param('id') ?? '')
  const { ownToken } = ofOwn(c)
  if (!found || (ownToken !== undefined && !isOfToken(found.delivery, ownToken))) throw unknown()
  return found
}

/** For a token that sees only its own. */
function ofOwn(c: Context<AppEnv>): { ownToken?: string } {
  const own = ownScopeOf(c.get('caller'))
  return own ? { ownToken: own.token } : {}
}

function unknown(): AppError {
  return new AppError('not_found', 'There is no such delivery.')
}

export function toDeliveryQuery({
  limit = 20,
  since,
  until,
  cursor,
  state: word,
  job,
}: z.infer<typeof deliveryListing>): Omit<DeliveryQuery, 'tenant'> {
  return {
    limit,
    ...(word === undefined ? {} : { state: word }),
    ...(job === undefined ? {} : { job }),
    ...(since === undefined ? {} : { since: Date.parse(since) }),
    ...(until === undefined ? {} : { until: Date.parse(until) }),
    ...(cursor === undefined ? {} : { before: readCursor(cursor) }),
  }
}

/** The cursor of the next page. */
export function toNext({ next }: DeliveryPage): string | null {
  return next ? toCursor(next) : null
}

function toCursor({ createdAt, id }: { createdAt: number; id: string }): string {
  return btoa(`${createdAt} ${id}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function readCursor(text: string): { createdAt: number; id: string } {
  try {
    const [, at, id] =
      /^(\d+) (.+)$/.exec(atob(text.replaceAll('-', '+').replaceAll('_', '/'))) ?? []
    if (at !== undefined && id !== undefined) return { createdAt: Number(at), id }
  } catch {
    // Text that cannot be decoded gets the error below.
  }
  throw new AppError('bad_request', 'cursor: is not a cursor of this list')
}

export function toDeliveryView(one: Delivery) {
  const { id, state: word, reason, provider, jobId, providerJobId, requestId, event, target } = one
  return {
    id,
    state: word,
    reason: reason ?? null,
    provider,
    job: jobId ?? null,
    ...(providerJobId === undefined ? {} : { providerJob: providerJobId }),
    requestId: requestId ?? null,
    event: { id: event.id, type: event.type },
    endpoint: target.kind === 'endpoint' ? target.endpointId : null,
    url: urlOf(target),
    ref: target.kind === 'callback' ? (target.ref ?? null) : null,
    created: toTime(one.createdAt),
    nextAttempt: word === 'pending' ? toTime(one.nextAt) : null,
    attempts: one.attempts.length,
    lastStatus: one.attempts.at(-1)?.status ?? null,
    lastError: one.attempts.at(-1)?.error ?? null,
  }
}

function urlOf(target: Delivery['target']): string | null {
  if (target.kind === 'endpoints') return null
  return target.kind === 'alert' ? shownUrl(target.url) : target.url
}

function toFullView(one: Delivery) {
  return { ...toDeliveryView(one), attempts: one.attempts.map(toAttempt), body: one.event.body }
}

function toAttempt({ at, ms, status, error }: Attempt) {
  return { at: toTime(at), ms, status: status ?? null, error: error ?? null }
}

function toTime(at: number): string {
  return new Date(at).toISOString()
}
