import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 of bytes, or of a text's UTF-8, as 64 hex digits. */
export async function hexHash(what: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof what === 'string' ? new TextEncoder().encode(what) : what
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The hash of a text without a promise. For short texts in an object, which must not await between reading and writing. */
export function hexHashNow(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)))
}

/** FNV-1a, 32 bits, as 8 hex digits: tells short texts apart and finds typing errors. It is no proof of anything. */
export function fnv(text: string, seed = 0x811c9dc5): string {
  let sum = seed
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  }
  return (sum >>> 0).toString(16).padStart(8, '0')
}
