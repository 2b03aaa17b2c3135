/**
 * Writes one data point a request to Workers Analytics Engine, if the deployment has the optional binding `ANALYTICS`
 * (docs/metrics.md). The order of the columns never changes, since queries name them by number.
 */
import type { Facts } from '#domain/runtime/log-line.ts'

/** The index is cut by the platform at this many bytes. */
const INDEX_MAX = 96

export function writePoint(env: Env, about: Facts, facts: Facts): void {
  const { ANALYTICS } = env as Env & { ANALYTICS?: AnalyticsEngineDataset }
  if (!ANALYTICS) return
  const text = (value: unknown) => (typeof value === 'string' ? value : '')
  const number = (value: unknown) => (typeof value === 'number' ? value : 0)
  const { method, route, status, code, account, ownMs, upstreamMs } = facts
  const tenant = text(about['tenant'])
  try {
    ANALYTICS.writeDataPoint({
      indexes: [tenant.slice(0, INDEX_MAX)],
      blobs: [tenant, text(method), text(route), text(code), text(account)],
      doubles: [number(status), number(ownMs), number(upstreamMs)],
    })
  } catch {
    // A request is worth more than its data point.
    return
  }
}
