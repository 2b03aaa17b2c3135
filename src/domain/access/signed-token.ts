/**
 * Tokens signed with a key pair (JWT, RFC 7519, HS256 only). The gateway makes them for providers and checks those of
 * clients.
 */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'

/** Allowed difference between clocks (RFC 7519 section 4.1.4). */
const TOLERANCE_SECONDS = 60
/** The longest accepted lifetime. Clients sign a new token every half hour; one that is valid for years could not be revoked. */
const LIFE_SECONDS_MAX = 24 * 3600
const FORM = /^[\w-]{10,1000}\.[\w-]{10,4000}\.[\w-]{43}$/

export interface SignedClaims {
  iss: string
  /** Seconds. */
  exp: number
  nbf: number
}

export function signToken({ iss, exp, nbf }: SignedClaims, secret: string): Promise<string> {
  return new SignJWT({ iss, exp, nbf })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(toKey(secret))
}

/** The issuer that the token names; undefined: not a token of this kind. The signature is not checked. */
export function issuerOf(token: string): string | undefined {
  if (!FORM.test(token)) return undefined
  try {
    const { iss } = decodeJwt(token)
    const isOurs = decodeProtectedHeader(token).alg === 'HS256' && typeof iss === 'string'
    return isOurs ? iss : undefined
  } catch {
    return undefined
  }
}

/** `forged`: not signed with the secret, or without an expiry. `early`, `expired`, `long`: signed, but not valid now. */
export type SignedState = 'good' | 'forged' | 'early' | 'expired' | 'long'

export async function stateOfSigned(
  token: string,
  secret: string,
  now: number
): Promise<SignedState> {
  try {
    const { payload } = await jwtVerify(token, toKey(secret), {
      algorithms: ['HS256'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'exp'],
    })
    const left = (payload.exp ?? Infinity) - now / 1000
    return left > LIFE_SECONDS_MAX + TOLERANCE_SECONDS ? 'long' : 'good'
  } catch (error) {
    // The signature is checked before the times.
    if (error instanceof errors.JWTExpired) return 'expired'
    const isEarly = error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf'
    return isEarly && error.reason === 'check_failed' ? 'early' : 'forged'
  }
}

function toKey(secret: string): Uint8Array {
  return new TextEncoder().encode(secret)
}
