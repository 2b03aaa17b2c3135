/** `/v1/{provider}/queue`: queues many creations at once, and lists what waits. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { KEY_FORM, KEY_RULE } from '#domain/creations/idempotency.ts'
import { BULK_BYTES_MAX, splitBulk } from '#domain/line/bulk-body.ts'
import { inPortions, readBulkItems } from '#domain/line/bulk-items.ts'
import { hushed } from '#domain/line/waits-for.ts'
import { WAITS_FOR, type WaitsFor } from '#domain/queue/item.ts'
import type { LinePage } from '#domain/ports/line.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { lacksMethod } from '#domain/runtime/older-object.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import { bulk } from '#flows/queue/bulk.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { callLimitsOf } from '#http/calls/caller-limits.ts'
import { ownCallOf } from '#http/calls/drop-in.ts'
import { makeReply } from '#http/calls/reply-url.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { notForOperator } from '#http/request/authenticate.ts'
import { readQuery } from '#http/request/read-body.ts'
import { ownError, route, type App } from '#http/request/route.ts'
import { pausedShape, showPause } from './pause.ts'

const PAGE = 100

/** Written here for the OpenAPI document. domain/line/bulk-items.ts reads an item, and says in words what is wrong. */
const creation = z
  .object({
    path: z.string(),
    body: z.looseObject({}),
    headers: z.optional(
      z.object({
        'Idempotency-Key': z.optional(z.string()),
        'X-Gateway-Priority': z.optional(z.int().check(z.gte(1), z.lte(5))),
        'X-Gateway-Start-Within': z.optional(z.int().check(z.gte(1), z.lte(604_800))),
        'X-Gateway-Reply-Url': z.optional(z.string()),
        'X-Gateway-Account': z.optional(z.string()),
      })
    ),
  })
  .register(z.globalRegistry, { id: 'QueuedCreation' })
const queued = z
  .object({
    items: z.array(
      z.object({
        id: z.optional(z.string()),
        error: z.optional(z.string()),
        code: z.optional(z.string()),
      })
    ),
  })
  .register(z.globalRegistry, { id: 'QueuedItems' })
const waiting = z.object({
  id: z.string(),
  requestId: z.nullable(z.string()),
  token: z.string(),
  type: z.string(),
  place: z.nullable(z.int()),
  startsAround: z.nullable(z.string()),
  waitsFor: z.nullable(z.enum(WAITS_FOR)),
  priority: z.int(),
  account: z.nullable(z.string()),
  asked: z.string(),
  startBy: z.string(),
})
const page = z
  .object({
    waiting: z.int(),
    starting: z.int(),
    startsAMinute: z.number(),
    paused: pausedShape,
    tokens: z.array(
      z.object({ token: z.string(), waiting: z.int(), weight: z.int(), oldest: z.string() })
    ),
    items: z.array(waiting),
    next: z.nullable(z.string()),
  })
  .register(z.globalRegistry, { id: 'Queue' })
const listing = z.strictObject({
  token: z.optional(z.string().check(z.maxLength(64))),
  limit: z.optional(z.int().check(z.gte(1), z.lte(PAGE))),
  cursor: z.optional(z.string().check(z.maxLength(200))),
})

export function addLine(app: App, provider: Provider): void {
  route(
    app,
    {
      method: 'post',
      needs: 'use',
      kind: 'jobs',
      path: '/',
      summary:
        'Queue up to 1,000 creations: a JSON array of {path, body, headers}, or one on each line. Answered in their order',
      eachOf: creation,
      answers: { 200: queued, 400: ownError, 413: ownError },
    },
    async (c) => c.json({ items: await queueAll(c, provider) })
  )

  route(
    app,
    {
      method: 'get',
      path: '/',
      summary: 'What waits for a slot, by token, oldest first',
      query: listing,
      answers: { 200: page, 401: ownError, 503: ownError },
    },
    async (c) => {
      const { token: asked, cursor, limit = PAGE } = readQuery(c, listing)
      // The token, its time and the item of the last one, as `next` says them.
      if (cursor !== undefined && !/^[^.]+\.\d+\.[^.]+$/.test(cursor))
        throw new AppError('bad_request', 'cursor: is not a cursor of this list')
      const { tenant, id, sees } = c.get('caller')
      const token = sees === 'own' ? id : asked
      const query = {
        limit,
        ...(token === undefined ? {} : { token }),
        ...(sees === 'own' ? { isOwn: true as const } : {}),
        ...(cursor === undefined ? {} : { after: cursor.replaceAll('.', ' ') }),
      }
      const found = await c.get('ports').desk(tenant, provider.name).listLine(query).catch(older)
      return c.json(toPage(found, sees === 'own'))
    }
  )
}

async function queueAll(c: Context<AppEnv>, provider: Provider) {
  const { tenant, id: tokenId, hash, scope, isOperator } = c.get('caller')
  if (isOperator) throw notForOperator()
  const ports = c.get('ports')
  if (!ports.isLineOpen) throw new AppError('not_implemented', 'This gateway queues nothing yet.')
  const bytes = await readAll(c)
  const body = splitBulk(bytes)
  if (!body.ok) throw new AppError(body.code, body.message)
  const call = {
    requestId: c.get('requestId'),
    key: keyOf(c.req.header('idempotency-key')),
    tenant,
    provider,
    origin: new URL(c.req.url).origin,
    tokenId,
    tokenHash: hash,
    by: actorOf(c),
    mayChange: scope === 'full',
    ...callLimitsOf(c.get('caller')),
    ...ownCallOf(c.get('caller'), undefined),
    replyOf: (url: string | undefined) => {
      const names = { urlName: 'headers.X-Gateway-Reply-Url', refName: '' }
      return makeReply(c, { url, ref: undefined, ...names })
    },
  }
  const work = bulk(ports, call, inPortions(readBulkItems(bytes, body.items)), dispatchRequest)
  // It goes on if the client disconnects. What is queued then is known by its keys.
  ports.defer(work.catch(() => {}))
  return work
}

/** With or without quotes, as for a creation. */
function keyOf(header: string | undefined): string | undefined {
  const key = header?.replace(/^"(.*)"$/, '$1')
  if (key === undefined || KEY_FORM.test(key)) return key
  throw new AppError('bad_request', KEY_RULE)
}

async function readAll(c: Context<AppEnv>): Promise<Uint8Array<ArrayBuffer>> {
  const said = c.req.header('content-length') ?? ''
  const length = /^\d{1,15}$/.test(said) ? Number(said) : Infinity
  const isLarger = length !== Infinity && length > BULK_BYTES_MAX
  const { body } = c.req.raw
  const bytes = isLarger
    ? undefined
    : await readBytes(body, BULK_BYTES_MAX, length).catch(() => {
        throw new AppError('bad_request', 'The body ended before it was complete.')
      })
  if (bytes) return bytes
  throw new AppError('too_large', 'The body may have up to 16 MiB. Send it in several calls.')
}

function older(error: unknown): never {
  if (!lacksMethod(error)) throw error
  throw new AppError('account_unavailable', 'The line cannot be listed just now.', {
    retryAfterSeconds: 30,
  })
}

/** `isNameless`: for a token that sees only its own. It hears of no account. */
function toPage(found: LinePage, isNameless: boolean) {
  const { waiting: count, starting, startsAMinute, pauses = [], tokens, items, next } = found
  return {
    waiting: count,
    starting,
    startsAMinute,
    paused: isNameless ? [] : pauses.map(showPause),
    tokens: tokens.map(({ oldestAt, ...of }) => ({ ...of, oldest: toTime(oldestAt) })),
    items: items.map((one) => ({
      id: one.names[0] ?? one.item,
      requestId: one.requestId ?? null,
      token: one.token,
      type: one.route,
      place: one.place ?? null,
      startsAround: one.startsAt === undefined ? null : toTime(one.startsAt),
      waitsFor: reasonOf(one.waitsFor, isNameless),
      priority: one.priority,
      account: one.lane === '' || isNameless ? null : one.lane,
      asked: toTime(one.askedAt),
      startBy: toTime(one.startBy),
    })),
    // Nobody has to escape it in an address.
    next: next?.replaceAll(' ', '.') ?? null,
  }
}

function reasonOf(why: WaitsFor | undefined, isNameless: boolean): WaitsFor | null {
  if (why === undefined) return null
  return isNameless ? hushed(why) : why
}

function toTime(at: number): string {
  return new Date(at).toISOString()
}
