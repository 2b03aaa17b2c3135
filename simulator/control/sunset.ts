/** `sunset` as the control API takes it: a word for all families, or a manner for each family. */
import type { Sunset, SunsetFamily, SunsetManner } from '../state/types.ts'

const FAMILIES: readonly SunsetFamily[] = ['v1', 'v2', 'templates']
const MANNERS: readonly SunsetManner[] = ['404-json', '404-html', '410']

/** undefined: not understood. */
export function readSunset(given: unknown): Sunset | undefined {
  if (given === false) return {}
  const all = given === true ? '404-json' : mannerOf(given)
  if (all) return Object.fromEntries(FAMILIES.map((family) => [family, all]))
  if (given === null || typeof given !== 'object') return undefined
  const sunset: Sunset = {}
  for (const [name, value] of Object.entries(given)) {
    const family = FAMILIES.find((each) => each === name)
    if (family === undefined) return undefined
    if (value === false || value === null) continue
    const manner = value === true ? '404-json' : mannerOf(value)
    if (manner === undefined) return undefined
    sunset[family] = manner
  }
  return sunset
}

function mannerOf(given: unknown): SunsetManner | undefined {
  return MANNERS.find((manner) => manner === given)
}
