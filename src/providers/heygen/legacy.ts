/**
 * HeyGen's v1 and v2, carried by v3 (reference/heygen-legacy-bridge.md, corrected by news-2026-11.md; docs/legacy.md). HeyGen has
 * announced their end for 2026-11-01, templates apart.
 */
import type { LegacyRow, ProviderLegacy, Route } from '#providers/contract/provider.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { answers } from './answers.ts'
import { refusal } from './legacy/shared/refusals.ts'
import { LEGACY_ROWS } from './legacy/table.ts'

export const legacy: ProviderLegacy = {
  rowOf,
  probes: {
    v1: '/v1/user/me',
    v2: '/v2/user/remaining_quota',
    templates: '/v2/templates?limit=1',
  },
  saysGone: ({ status, body }) =>
    status === 410 ? hasCode(body) : answers.saysUnknown?.({ status, body }) === true,
  refusal,
}

function rowOf({ method, path }: Route): LegacyRow | undefined {
  const row = LEGACY_ROWS[`${method} ${path}`]
  return row && { family: familyOf(path), ...row }
}

/** HeyGen keeps templates longer than the rest of v2. */
function familyOf(path: string): string {
  if (/^\/v[23]\/templates?(\/|$)/.test(path)) return 'templates'
  return path.startsWith('/v1/') ? 'v1' : 'v2'
}

/** HeyGen's own refusals have one, in every version. An edge's JSON has none. */
function hasCode(body: unknown): boolean {
  return (textAt(body, '/error/code') ?? textAt(body, '/code')) !== undefined
}
