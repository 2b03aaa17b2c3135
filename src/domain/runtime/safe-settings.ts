/**
 * Refuses settings that are valid but unsafe. Some are refused when they are read. Others are unsafe only at some addresses, and
 * are checked at each request.
 */

interface Guarded {
  publicOrigin: string
  allowLoopbackCallbacks: boolean
  timeScale: number
  masterKeys: readonly { kid: string; raw: string }[]
  adminToken: string | undefined
  metricsToken: string | undefined
}

/** Secrets in this repository's tests and README, which everybody can read. A test compares this list with the files. */
const PUBLISHED = new Set(['MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY='])
const PLACEHOLDER = /^<.*>$/

/** What the values in .dev.vars.example begin with. A deployment that nobody finished must serve nothing, on loopback neither. */
const EXAMPLE = 'replace-me'
export const IS_EXAMPLE =
  'is still the one of .dev.vars.example: put a random value of your own there'

export function isExample(text: string): boolean {
  return text.trim().startsWith(EXAMPLE)
}

/** A sentence that names the first setting that is unsafe at any address; undefined: there is none. */
export function unsafeSetting(s: Guarded): string | undefined {
  const kids = s.masterKeys.map(({ kid }) => kid)
  const twice = kids.find((kid, at) => kids.indexOf(kid) !== at)
  if (twice !== undefined)
    return `MASTER_KEYS has the key id ${twice} twice: the second key would never be used`
  const hollow = s.masterKeys.find(({ raw }) => isRepeated(atob(raw)))
  if (hollow)
    return `MASTER_KEYS has a key, ${hollow.kid}, that is one byte repeated: it must be random`
  if (isExample(s.adminToken ?? '')) return `ADMIN_TOKEN ${IS_EXAMPLE}`
  if (s.adminToken !== undefined && isRepeated(s.adminToken)) {
    return 'ADMIN_TOKEN is one character repeated: it must be random'
  }
  if (s.metricsToken !== undefined && isRepeated(s.metricsToken)) {
    return 'METRICS_TOKEN is one character repeated: it must be random'
  }
  if (s.metricsToken !== undefined && s.metricsToken === s.adminToken) {
    return 'METRICS_TOKEN is the same as ADMIN_TOKEN: whoever reads metrics could do anything'
  }
  return s.publicOrigin === '' ? undefined : unsafeAt(s, s.publicOrigin)
}

/** A sentence that names the first setting that is unsafe at this origin; undefined: there is none. On loopback none is unsafe. */
export function unsafeAt(s: Guarded, origin: string): string | undefined {
  if (isLoopback(origin)) return undefined
  if (s.timeScale !== 1) {
    return 'TIME_SCALE must be 1 where the gateway is reached by others than this machine: it is for development and tests only'
  }
  if (s.allowLoopbackCallbacks && origin.startsWith('https:')) {
    return 'ALLOW_LOOPBACK_CALLBACKS must be false where the gateway is reached over https: it is for development only'
  }
  const published = s.masterKeys.find(({ raw }) => PUBLISHED.has(raw))
  if (published)
    return `MASTER_KEYS has a key, ${published.kid}, that is from a published example: it must be random`
  if (PLACEHOLDER.test(s.adminToken ?? '')) {
    return 'ADMIN_TOKEN is from a published example: it must be random'
  }
  if (PLACEHOLDER.test(s.metricsToken ?? '')) {
    return 'METRICS_TOKEN is from a published example: it must be random'
  }
  return undefined
}

function isRepeated(text: string): boolean {
  return text !== '' && text === text.charAt(0).repeat(text.length)
}

export function isLoopback(origin: string): boolean {
  const host = URL.parse(origin)?.hostname ?? ''
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}
