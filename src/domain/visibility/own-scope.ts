/** Own tokens: tokens with `sees: own`, which see only what was made with them (docs/rfc/0010-sees-own.md). */
import type { Caller } from '#domain/access/token.ts'

export const GRANTS_MAX = 200
export const GRANT_CHARS_MAX = 512

/** The own token of a call. */
export interface OwnScope {
  /** The token's id. */
  token: string
  /** Ids of its tenant that it may use too. */
  grants: readonly string[]
  /** All that the call names is the token's own. So is what its answer names as made. */
  isMaking?: boolean
  /** The call is an older one that may only be made of newer calls. */
  isCarriedOnly?: boolean
}

/** Undefined: the caller sees all of its tenant. */
export function ownScopeOf(
  caller: Pick<Caller, 'id' | 'sees' | 'grants' | 'isOperator'> | undefined
): OwnScope | undefined {
  if (caller?.sees !== 'own' || caller.isOperator) return undefined
  return { token: caller.id, grants: caller.grants ?? [] }
}

/** The name under which a text of the token's client is kept at its tenant, so that no other token has the same. */
export function scopedName(own: OwnScope | undefined, name: string): string {
  return own ? `own/${own.token}/${name}` : name
}

/** The name in whose place a provider's mark of the tenant stands, for what an own token's client names. */
export function markedTenant(tenant: string, token: string): string {
  return `${tenant}/${token}`
}
