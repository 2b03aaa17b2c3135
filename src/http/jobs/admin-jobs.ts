/** `/admin/jobs`: the jobs of all tenants, for the operator. */
import * as z from 'zod/mini'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { sameEmail } from '#domain/accounts/account.ts'
import { placesOfAll } from '#flows/accounts/places.ts'
import { listJobsAt } from '#flows/jobs/list-jobs.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { ofTenants, toWholeness, wholeness } from '#http/request/partial.ts'
import { readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import { job, jobListing, toJobQuery, toJobView } from './job-view.ts'

const query = z.extend(jobListing, ofTenants)
const page = z.object({
  jobs: z.array(job),
  next: z.nullable(z.string()),
  ...wholeness,
})

export function adminJobs(providers: readonly string[]): App {
  const app = newApp()
  app.use(authenticateAdmin)

  route(
    app,
    {
      isAdmin: true,
      method: 'get',
      path: '/',
      summary: 'The jobs of all tenants, running and ended, newest first. Kept for 30 days',
      query,
      answers: { 200: page, 400: ownError, 404: ownError },
    },
    async (c) => {
      const { tenant, provider, account, ...asked } = readQuery(c, query)
      const ports = c.get('ports')
      const names = providers.filter((name) => provider === undefined || name === provider)
      const withRemoved = account === undefined
      const found = await placesOfAll(ports, names, { tenant, withRemoved })
      const places = found.places.filter(
        (place) => withRemoved || (place.account && sameEmail(place.account.email, account))
      )
      const { jobs, stoppedAt, missing } = await listJobsAt(ports, places, toJobQuery(asked), true)
      return c.json({
        jobs: jobs.map(({ at, ...record }) => ({
          tenant: tenantNameOf(at.tenant),
          provider: at.provider,
          ...toJobView(at.account?.email ?? null, record),
        })),
        next: stoppedAt ?? null,
        ...toWholeness(found, missing),
      })
    }
  )
  return app
}
