/** Whether a browser's page may use `/mcp`: only a page of the gateway itself. */
import { isLoopback } from '#domain/runtime/safe-settings.ts'

/**
 * `url`: the request's. A name that leads to this machine only in one browser (DNS rebinding) is the request's own host too, but
 * has no certificate. So a host without https must be loopback.
 */
export function isOwnOrigin(origin: string, url: string): boolean {
  const here = new URL(url)
  // Behind a proxy that ends TLS the request itself may have come by http.
  const isOwn = origin === here.origin || origin === `https://${here.host}`
  return isOwn && (origin.startsWith('https:') || isLoopback(here.origin))
}
