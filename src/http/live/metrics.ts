/**
 * `GET /metrics`: the pool in the text format of Prometheus, with ADMIN_TOKEN or METRICS_TOKEN. It comes from the operator's hub, which
 * goes on collecting changes for five minutes. So a scrape asks one object, however many accounts there are.
 */
import type { Context } from 'hono'
import { hubName } from '#domain/live/hub.ts'
import { METRICS_TYPE, metricsText } from '#domain/live/metrics.ts'
import { VERSION } from '#domain/runtime/version.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { refusal, refuseTenantHeader } from '#http/request/authenticate.ts'
import { hashIfGiven } from './bearer.ts'

export async function metrics(c: Context<AppEnv>): Promise<Response> {
  const ports = c.get('ports')
  const { adminToken, metricsToken } = ports.settings
  const isKnown = (await hashIfGiven(c, metricsToken)) ?? (await hashIfGiven(c, adminToken))
  if (isKnown === undefined) throw await refusal(c)
  refuseTenantHeader(c)
  const pool = await ports.hub(hubName()).look()
  return c.body(metricsText(pool, VERSION), 200, { 'content-type': METRICS_TYPE })
}
