/** HeyGen's paths and hosts. Its 254 rows are in `routes/v1.ts`, `v2.ts` and `v3.ts`. */
import type { ProviderRoutes } from '#providers/contract/provider.ts'
import { closedToOwn } from './routes/closed-rows.ts'
import { ownListOf, searchFor } from './routes/id-searches.ts'
import { matchRoute, ROUTES } from './routes/table.ts'

export const routes: ProviderRoutes = {
  table: ROUTES,
  match: matchRoute,
  origin: (match, settings) =>
    match?.route.host === 'upload' ? settings.heygenUploadOrigin : settings.heygenOrigin,
  allOrigins: (settings) => [settings.heygenOrigin, settings.heygenUploadOrigin],
  takesIdempotencyKey: (path, match) =>
    match ? match.route.takesKey === true : path.startsWith('/v3/'),
  /** HeyGen announced to retire v1 and v2 on 2026-11-01 (reference/heygen.md section 1). */
  mayBeRetired: (path) => /^\/v[12]\//.test(path),
  searchFor,
  ownListOf,
  closedToOwn,
}
