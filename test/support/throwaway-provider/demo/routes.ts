/** The paths of the provider. A real provider has a setting for its host. Here the test uses the setting of another provider. */
import { matcher } from '#domain/routing/match-route.ts'
import type { ProviderRoutes, Route } from '#providers/contract/provider.ts'
import { searchFor } from '#providers/shared/id-searches.ts'
import { get, post } from '#providers/shared/row.ts'

export const ROUTES: readonly Route[] = [
  get('/me', 'read-account'),
  post('/jobs', 'creates-job', {
    creates: ['/job/id'],
    job: { watch: 'job', id: '/job/id', ask: '/jobs/{id}' },
  }),
  get('/jobs/{id}', 'job-status', {
    pool: 'owner',
    ids: ['job! path:id'],
    reports: {
      watch: 'job',
      id: 'path:id',
      status: '/job/state',
      done: ['finished'],
      failed: ['broken'],
    },
  }),
  get('/jobs', 'read-account', { pool: 'merge', lists: ['/jobs/*/id'] }),
]
const match = matcher(ROUTES)

export const routes: ProviderRoutes = {
  table: ROUTES,
  match,
  origin: (_match, settings) => settings.heygenOrigin,
  takesIdempotencyKey: () => false,
  searchFor: (call, ref, id) => searchFor(match, {}, call, ref, id),
}
