/** `/v1/{provider}/settings`: how the tenant's calls choose an account. */
import * as z from 'zod/mini'
import { BALANCES } from '#domain/accounts/balancing.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import { readBody } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'

const form = z.strictObject({ balance: z.enum(BALANCES) })
const view = z.object({ balance: z.enum(BALANCES) })
const errors = { 401: ownError, 402: ownError }

export function settings(provider: Provider): App {
  const app = newApp()
  const { name } = provider

  route(
    app,
    {
      method: 'get',
      path: '/',
      summary: `How calls that take a slot choose a ${name} account`,
      answers: { 200: view, ...errors },
    },
    async (c) => {
      const { balance } = await c.get('ports').accounts.fresh(c.get('caller').tenant, name)
      return c.json({ balance: balance ?? 'random' })
    }
  )

  route(
    app,
    {
      method: 'patch',
      needs: 'full',
      path: '/',
      summary: `Change how calls that take a slot choose a ${name} account`,
      body: form,
      answers: { 200: view, 400: ownError, ...errors, 403: ownError },
    },
    async (c) => {
      const { balance } = await readBody(c, form)
      const ports = c.get('ports')
      const { tenant } = c.get('caller')
      const snapshot = await ports.desk(tenant, name).changeSettings({ balance }, actorOf(c))
      if (!snapshot) throw new AppError('unauthorized', 'Unauthorized')
      ports.accounts.remember(tenant, name, snapshot)
      return c.json({ balance: snapshot.balance ?? 'random' })
    }
  )
  return app
}
