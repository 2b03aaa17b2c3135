/** Tokens signed with a key pair (JWT, RFC 7519, HS256 only): made for providers, and checked when clients make them. */
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'

/** Clocks differ (RFC 7519 section 4.1.4: a few minutes at most). */
const TOLERANCE_SECONDS = 60
/** Clients sign anew every half hour; what lives for years is as good as a password that cannot be taken back. */
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

/** Whose token it says it is; undefined: it is none, or signed in another way. Proves nothing. */
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

/** `forged`: the secret did not sign it, or it has no end. `early`, `expired`, `long`: it did, but not for now. */
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
    // Only what was signed gets as far as its times.
    if (error instanceof errors.JWTExpired) return 'expired'
    const isEarly = error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf'
    return isEarly && error.reason === 'check_failed' ? 'early' : 'forged'
  }
}

function toKey(secret: string): Uint8Array {
  return new TextEncoder().encode(secret)
}
