/** The headers that say where in the line a creation waits, and about when it starts. */
import type { ProxyAnswer } from '#flows/upstream/proxy-call.ts'

export function waitHeaders(waits: ProxyAnswer['waits'] = {}): Record<string, string> {
  const { place, startsAt } = waits
  return {
    ...(place === undefined ? {} : { 'X-Gateway-Queue-Place': String(place) }),
    ...(startsAt === undefined
      ? {}
      : { 'X-Gateway-Starts-Around': new Date(startsAt).toISOString() }),
  }
}
