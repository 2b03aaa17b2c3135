/**
 * `/v1/live`: a WebSocket on which a page hears of every change of its accounts. `POST` gives a ticket that opens one socket within a
 * minute, `GET` takes it. With ADMIN_TOKEN: the accounts of all tenants.
 */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { hubName, type Maker } from '#domain/live/hub.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { checkKind } from '#flows/access/call-kinds.ts'
import { makeTicket, openWithTicket } from '#flows/live/live-ticket.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { identify, refusal } from '#http/request/authenticate.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { hashIfGiven } from './bearer.ts'

const ticketView = z
  .object({
    ticket: z.string(),
    expiresAt: z.iso.datetime(),
  })
  .register(z.globalRegistry, { id: 'LiveTicket' })

const RETRY_SECONDS = 30

/** It is mounted before the tenants' authentication, which refuses the operator's token. */
export const live = newApp()

route(
  live,
  {
    method: 'post',
    needs: 'use',
    kind: 'read',
    path: '/',
    summary: 'Make a ticket for a WebSocket of changes at GET /v1/live?ticket=…',
    answers: { 201: ticketView, 401: ownError, 429: ownError },
  },
  async (c) => {
    const { hub, maker } = await findHub(c)
    const made = await makeTicket(c.get('ports'), hub, maker)
    if (!made) throw tooManyPages()
    const { ticket, until } = made
    return c.json({ ticket, expiresAt: new Date(until).toISOString() }, 201)
  }
)

live.get('/', async (c) => {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
    throw new AppError('bad_request', 'This path takes a WebSocket: Upgrade: websocket.')
  const opened = await openWithTicket(c.get('ports'), c.req.query('ticket') ?? '')
  if (opened?.status === 429) throw tooManyPages()
  if (!opened?.webSocket) throw await refusal(c)
  return new Response(null, { status: 101, webSocket: opened.webSocket })
})

/** The operator's hub, or that of the tenant whose token it is or whom the operator names. */
async function findHub(c: Context<AppEnv>): Promise<{ hub: string; maker: Maker }> {
  const adminHash = await hashIfGiven(c, c.get('ports').settings.adminToken)
  const operator: Maker | undefined =
    adminHash === undefined ? undefined : { kind: 'operator', hash: adminHash, expiresAt: null }
  const isNamed = c.req.header('x-gateway-tenant') !== undefined
  if (operator && !isNamed) return { hub: hubName(), maker: operator }
  const caller = await identify(c)
  c.set('caller', caller)
  checkKind('read', caller.routes)
  const { tenant, hash, expiresAt } = caller
  const maker: Maker = operator ?? { kind: 'token', hash, expiresAt }
  return { hub: hubName(tenant), maker }
}

function tooManyPages(): AppError {
  return new AppError('token_limit', 'Too many pages are open. Close one, or wait a minute.', {
    retryAfterSeconds: RETRY_SECONDS,
  })
}
