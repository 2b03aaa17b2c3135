/**
 * Where providers call us: `/webhooks/{provider}/{hookId}` for an account's events, `/callbacks/{provider}/{ticket}`
 * for one creation's. They have no token; what stands in the address and, for webhooks, the signature prove them. What
 * neither proves counts as a failed authentication of its address; what is proved is heard all the same.
 */
import { Hono, type Context } from 'hono'
import { AppError } from '#domain/runtime/errors.ts'
import { receiveEvent } from '#flows/events/receive-event.ts'
import { findProvider } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { refusal } from '#http/request/authenticate.ts'

export function receivers(kind: 'webhook' | 'ticket'): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  const path = '/:provider/:address'
  // Providers look whether anybody is there before they accept an address; nobody is asked for that.
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
