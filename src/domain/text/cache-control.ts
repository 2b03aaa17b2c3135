/**
 * Who may keep a provider's answer on its way. It belongs to one token: a shared cache that took `public` at its word
 * would show it to others. So of the provider's words only those pass that tell a private cache what to do; an answer of
 * which it says nothing may be kept, and is asked about again before each use.
 */

/** What a token may name by itself; no cache tells answers apart by these unless it is told. */
const VARY = ['Authorization', 'X-Api-Key', 'X-Gateway-Account']

const PASSING = /^(max-age=\d+|must-revalidate|no-cache|no-transform)$/

export function privately(cacheControl: string | null): string {
  const words = (cacheControl ?? '')
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
  const names = (vary ?? '').split(',').map((name) => name.trim())
  if (names.includes('*')) return '*'
  const ours = VARY.map((name) => name.toLowerCase())
  const theirs = names.filter((name) => name !== '' && !ours.includes(name.toLowerCase()))
  return [...theirs, ...VARY].join(', ')
}
