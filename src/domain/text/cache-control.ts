/**
 * Makes the `Cache-Control` of an answer to a client from the provider's. The answer belongs to one token, and with `public` a
 * shared cache would show it to others. So only directives for a private cache are passed on. Without any, the answer may be
 * stored but must be revalidated before each use.
 */

/** Request headers that change the answer. A cache separates answers by them only if `Vary` names them. */
const VARY = ['Authorization', 'X-Api-Key', 'X-Gateway-Account']

const OURS = VARY.join(', ')

const PASSING = /^(max-age=\d+|must-revalidate|no-cache|no-transform)$/

export function privately(cacheControl: string | null): string {
  if (cacheControl === null) return 'private, no-cache'
  const words = cacheControl
    .replaceAll(/="[^"]*"/g, '')
    .toLowerCase()
    .split(',')
    .map((word) => word.trim())
  if (words.includes('no-store')) return 'no-store'
  const passing = words.filter((word) => PASSING.test(word))
  const isDated = passing.some((word) => word.startsWith('max-age') || word === 'no-cache')
  return ['private', ...passing, ...(isDated ? [] : ['no-cache'])].join(', ')
}

export function varyBeside(vary: string | null): string {
  if (vary === null) return OURS
  const names = vary.split(',').map((name) => name.trim())
  if (names.includes('*')) return '*'
  const ours = VARY.map((name) => name.toLowerCase())
  const theirs = names.filter((name) => name !== '' && !ours.includes(name.toLowerCase()))
  return [...theirs, ...VARY].join(', ')
}
