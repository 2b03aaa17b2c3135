/** Makes the calls of Kling's catalogue: every row with its own example. Long numbers keep all their digits. */
import { readFileSync } from 'node:fs'
import type { CatalogueRow } from './catalogue.ts'

export type KlingRow = CatalogueRow & { keys: 'api' | 'both' | 'none' }

const TEXT = readFileSync(
  new URL('../../../simulator/kling/catalogue.json', import.meta.url),
  'utf8'
)
export const KLING_ROWS = JSON.parse(TEXT) as KlingRow[]
/** The bodies as text, because JSON.parse would round the ids in them. */
const BODIES = TEXT.split('\n').flatMap((line) => {
  const [, body] = /"requestExample": (\{.*\}), "resp/.exec(line) ?? []
  return body === undefined ? [] : [body]
})

/** Calls that remove something come last, so that the other rows find the things that they name. */
export const KLING_IN_ORDER = [
  ...KLING_ROWS.filter((row) => !row.path.includes('/delete-')),
  ...KLING_ROWS.filter((row) => row.path.includes('/delete-')),
]

export function klingBody(row: KlingRow): string | undefined {
  if (!row.requestContentType) return undefined
  const text = JSON.stringify(row.requestExample)
  return BODIES.find((each) => JSON.stringify(JSON.parse(each)) === text) ?? text
}
