/** `/admin/deliveries`: deliveries to the URLs of all tenants, for the operator. */
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { placesOfAll } from '#flows/accounts/places.ts'
import { listDeliveries } from '#flows/events/find-deliveries.ts'
import { PROVIDERS } from '#providers/index.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { ofTenants, toWholeness, wholeness } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { delivery, deliveryListing, toDeliveryQuery, toDeliveryView, toNext } from './deliveries.ts'

const query = z.extend(deliveryListing, ofTenants)
const page = z.object({
  deliveries: z.array(delivery),
  next: z.nullable(z.string()),
  ...wholeness,
})

export const adminDeliveries = newApp()

adminDeliveries.use(authenticateAdmin)

route(
  adminDeliveries,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'Deliveries to the URLs of all tenants, newest first. Kept for 7 days',
    query,
    answers: { 200: page, 400: ownError, 404: ownError },
  },
  async (c) => {
    const { tenant, provider, ...asked } = readQuery(c, query)
    const ports = c.get('ports')
    const all = PROVIDERS.map(({ name }) => name)
    const names = all.filter((name) => provider === undefined || name === provider)
    const found = await placesOfAll(ports, names, { tenant, withRemoved: true })
    const listed = await listDeliveries(ports, found.places, toDeliveryQuery(asked), true)
    return c.json({
      deliveries: listed.deliveries.map((one) => ({
        tenant: tenantNameOf(one.tenant),
        ...toDeliveryView(one),
      })),
      next: toNext(listed),
      ...toWholeness(found, listed.missing),
    })
  }
)
