/**
 * Receives events from providers: `/webhooks/{provider}/{hookId}` for an account, `/callbacks/{provider}/{ticket}` for one
 * creation. These calls have no token: their secret URL proves them, and for webhooks also the signature. A call without
 * proof counts as a failed authentication of its IP address. A proved call is accepted from any address.
 */
import type { Context } from 'hono'
import { AppError } from '#domain/runtime/errors.ts'
import { receiveEvent } from '#flows/events/receive-event.ts'
import { findProvider } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { newApp, type App } from '#http/request/route.ts'
import { refusal } from '#http/request/authenticate.ts'

export function receivers(kind: 'webhook' | 'ticket'): App {
  const app = newApp()
  const path = '/:provider/:address'
  // Providers test a URL before they accept it.
  app.on(['GET', 'OPTIONS'], path, (c) => c.body(null, 204, { Allow: 'POST, OPTIONS, GET' }))
  app.post(path, (c) => receive(c, kind))
  app.all('*', () => {
    throw new AppError('not_found', 'There is no such path.')
  })
  return app
}

async function receive(c: Context<AppEnv>, kind: 'webhook' | 'ticket'): Promise<Response> {
  const provider = findProvider(c.req.param('provider') ?? '')
  const address = c.req.param('address') ?? ''
  if (!provider) throw await refusal(c)
  try {
    await receiveEvent(c.get('ports'), provider, kind, address, c.req.raw)
  } catch (error) {
    const isRefused = error instanceof AppError && error.code === 'unauthorized'
    throw isRefused ? await refusal(c) : error
  }
  return c.body(null, 204)
}
