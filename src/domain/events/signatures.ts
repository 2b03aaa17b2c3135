/**
 * Makes and verifies webhook signatures over the raw body (bytes, or text as UTF-8), in two formats:
 * - HeyGen's: hex, keyed by the whole text of the secret.
 * - Standard Webhooks: keyed by the base64 after `whsec_`; id and time are signed too.
 * A further format would be added here. flows/events/sign-delivery.ts writes the headers of deliveries. Each provider's
 * `events.ts` says which format proves its events. An empty secret signs nothing and proves nothing.
 */
import { fromBase64, toBase64, type Bytes } from '#domain/text/base64.ts'

const HMAC = { name: 'HMAC', hash: 'SHA-256' }
const HEX = /^[0-9a-f]{64}$/i
const PREFIX = 'whsec_'
const V1 = /^v1,([A-Za-z0-9+/]{43}=)$/
/** The most signatures that are checked, because each check reads the whole body. No rotation needs more. */
const SIGNATURES_MAX = 16

export interface StandardHeaders {
  /** `webhook-id` */
  id: string | null
  /** `webhook-timestamp` */
  timestamp: string | null
  /** `webhook-signature` */
  signature: string | null
}

export async function signHex(secret: string, body: string): Promise<string> {
  const mac = await sign(toBytes(secret), body)
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export async function isSignedHex(
  secret: string,
  body: string | Bytes,
  hex: string | null
): Promise<boolean> {
  if (hex === null || !HEX.test(hex)) return false
  const pairs = hex.match(/../g) ?? []
  return isSigned(
    toBytes(secret),
    Uint8Array.from(pairs, (pair) => parseInt(pair, 16)),
    body
  )
}

/** The `webhook-signature` header: one signature for each secret. The time is in whole seconds, as in `webhook-timestamp`. */
export async function signStandard(
  secrets: readonly string[],
  id: string,
  timestampSeconds: number,
  body: string
): Promise<string> {
  if (secrets.length === 0) throw new Error('No secret signs nothing')
  const text = `${id}.${timestampSeconds}.${body}`
  const signed = secrets.map(async (secret) => `v1,${toBase64(await sign(toKey(secret), text))}`)
  return (await Promise.all(signed)).join(' ')
}

/** Whether one of the signatures is made with the secret. The caller judges how old the timestamp is. */
export async function isSignedStandard(
  secret: string,
  { id, timestamp, signature }: StandardHeaders,
  body: string | Bytes
): Promise<boolean> {
  if (!id || !timestamp || !signature || !/^\d+$/.test(timestamp)) return false
  const key = readKey(secret)
  if (!key) return false
  const signed = joined(toBytes(`${id}.${timestamp}.`), toBytes(body))
  const claimed = signature.split(' ').flatMap((each) => V1.exec(each)?.[1] ?? [])
  const checks = claimed
    .slice(0, SIGNATURES_MAX)
    .map((base64) => isSigned(key, fromBase64(base64), signed))
  return (await Promise.all(checks)).includes(true)
}

export function newSigningSecret(randomBytes: (count: number) => Bytes): string {
  return PREFIX + toBase64(randomBytes(32))
}

async function sign(key: Bytes, text: string): Promise<Bytes> {
  if (key.length === 0) throw new Error('An empty secret signs nothing')
  const imported = await crypto.subtle.importKey('raw', key, HMAC, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, toBytes(text)))
}

/** Compares in constant time. */
async function isSigned(key: Bytes, mac: Bytes, text: string | Bytes): Promise<boolean> {
  if (key.length === 0) return false
  const imported = await crypto.subtle.importKey('raw', key, HMAC, false, ['verify'])
  return crypto.subtle.verify('HMAC', imported, mac, toBytes(text))
}

function toKey(secret: string): Bytes {
  const key = readKey(secret)
  if (!key) throw new Error('A signing secret must be base64')
  return key
}

function readKey(secret: string): Bytes | undefined {
  try {
    return fromBase64(secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret)
  } catch {
    return undefined
  }
}

function toBytes(text: string | Bytes): Bytes {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text
}

function joined(a: Bytes, b: Bytes): Bytes {
  const whole = new Uint8Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
