/** Tokens signed with a key pair (JWT, RFC 7519, HS256 only): made for providers, and checked when clients make them. */
import { decodeJwt, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'

/** Clocks differ; clients date their tokens back by five seconds. */
const TOLERANCE_SECONDS = 10
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
    return decodeProtectedHeader(token).alg === 'HS256' ? decodeJwt(token).iss : undefined
  } catch {
    return undefined
  }
}

/** True when the secret signed it and its time is now. A token without an end is none. */
export async function isSignedBy(token: string, secret: string, now: number): Promise<boolean> {
  try {
    await jwtVerify(token, toKey(secret), {
      algorithms: ['HS256'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'exp'],
    })
    return true
  } catch {
    return false
  }
}

function toKey(secret: string): Uint8Array {
  return new TextEncoder().encode(secret)
}
