/** All that is drawn at random. */
import { toBase64, toHex } from '../text/bytes.ts'

export function newHex(bytes = 16): string {
  return toHex(randomBytes(bytes))
}

export function newUuid(): string {
  return crypto.randomUUID()
}

/** A Webhook Secret as HeyGen makes them. */
export function newSecret(): string {
  return `whsec_${toBase64(randomBytes(24))}`
}

/** True for that share of the calls, 0 to 1. */
export function happens(share: number): boolean {
  return Math.random() < share
}

/** From 0 up to, but not, `limit`. */
export function randomBelow(limit: number): number {
  return Math.random() * limit
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}
