/** The rows of HeyGen's older API, and whether newer calls carry them. */
import { heygen } from '#providers/heygen/index.ts'
import { HTTP_ROWS, type CatalogueRow } from './catalogue.ts'

function legacyOf({ method, path }: CatalogueRow) {
  const match = heygen.routes.match(method, path)
  return match && heygen.legacy?.rowOf(match.route)
}

export const OLDER = HTTP_ROWS.filter((row) => legacyOf(row) !== undefined)

export function isCarried(row: CatalogueRow): boolean {
  const legacy = legacyOf(row)
  return legacy !== undefined && 'carry' in legacy
}

export const CARRIED = OLDER.filter(isCarried)
