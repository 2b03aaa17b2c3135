/** Whether a browser's page may use `/mcp`: only a page of the gateway itself. */

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/

/**
 * `url`: the request's. A name that leads to this machine only in one browser (DNS rebinding) is the request's own host too, but
 * has no certificate. So a host without https must be loopback.
 */
export function isOwnOrigin(origin: string, url: string): boolean {
  const here = new URL(url)
  const isOwn = origin === here.origin || origin === `https://${here.host}`
  const isSafe = origin.startsWith('https:') || LOOPBACK.test(here.hostname)
  return isOwn && isSafe
}
