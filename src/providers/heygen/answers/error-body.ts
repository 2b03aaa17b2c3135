/**
 * Writes the gateway's own errors in the envelope of the path's family (contract section 2), so that HeyGen's clients can read
 * them.
 */
import type { ErrorCode } from '#domain/runtime/errors.ts'
import type { OwnError } from '#providers/contract/provider.ts'

/** HeyGen's own numbers, for errors that have one (heygen.md 3.1). */
const V1_NUMBERS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 400112,
  not_found: 400569,
  slots_full: 400123,
  token_limit: 400123,
}

export function errorBody(path: string, error: OwnError): unknown {
  const { code, status, message, providerCode, field } = error
  if (path.startsWith('/v3/')) {
    return { error: { code: providerCode ?? code, message, param: field ?? null, doc_url: null } }
  }
  if (path.startsWith('/v2/')) return { data: null, error: { code: providerCode ?? code, message } }
  return { code: providerCode ?? V1_NUMBERS[code] ?? status, message }
}
