/** `/admin/accounts`: the accounts of all tenants, for the operator. */
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { placesOfAll } from '#flows/accounts/places.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { ofTenants, toWholeness, wholeness } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import { accountView, seeAccounts, shownAs } from './account-view.ts'

const query = z.strictObject(ofTenants)
const list = z.object({
  accounts: z.array(accountView),
  ...wholeness,
})

export function adminAccounts(providers: readonly Provider[]): App {
  const app = newApp()
  app.use(authenticateAdmin)

  route(
    app,
    {
      isAdmin: true,
      method: 'get',
      path: '/',
      summary: 'The accounts of all tenants',
      query,
      answers: { 200: list, 400: ownError, 404: ownError },
    },
    async (c) => {
      const { tenant, provider } = readQuery(c, query)
      const asked = providers.filter(({ name }) => provider === undefined || name === provider)
      const ports = c.get('ports')
      const names = asked.map(({ name }) => name)
      const found = await placesOfAll(ports, names, { tenant })
      const all = found.places.flatMap((place) => (place.account ? [place.account] : []))
      const seen = await seeAccounts(ports, all)
      const accounts = all.flatMap((account) => {
        const of = asked.find(({ name }) => name === account.provider)
        const its = { tenant: tenantNameOf(account.tenant), provider: account.provider }
        return of ? [{ ...its, ...shownAs(ports, of, account, seen.get(account)) }] : []
      })
      const missing = found.places.filter(({ account }) => account && !seen.has(account))
      return c.json({ accounts, ...toWholeness(found, missing) })
    }
  )
  return app
}
