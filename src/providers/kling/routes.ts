/** Kling's paths and hosts. Its rows are in `routes/table.ts`. Each region is a host. */
import type { ProviderRoutes } from '#providers/contract/provider.ts'
import { originOf, REGIONS } from './accounts/regions.ts'
import { searchFor } from './routes/id-searches.ts'
import { matchRoute, ROUTES } from './routes/table.ts'

export const routes: ProviderRoutes = {
  table: ROUTES,
  match: matchRoute,
  origin: (_match, settings, credential) => originOf(settings, credential),
  allOrigins: (settings, credential) => [
    originOf(settings, credential),
    ...REGIONS.map((region) => originOf(settings, { ...credential, region })),
  ],
  takesIdempotencyKey: () => false,
  searchFor,
  // All ids of Kling's that were seen are numbers. Voices of its own have names, and clients name what stands in a body's `contents`.
  mayBeId: (text) => /^[\da-f-]{15,}$/i.test(text) && /\d/.test(text),
}
