/**
 * Seals secrets before they are stored: AES-256-GCM, with a random nonce and the record's identity as additional data. The
 * sealed text is `kid.nonce.ciphertext` (base64). The first master key seals; all of them open.
 */
import type { Platform } from '#domain/ports/platform.ts'
import type { Vault } from '#domain/ports/ports.ts'
import { CannotOpen, keyIdOf } from '#domain/access/sealed-text.ts'
import { fromBase64, toBase64 } from '#domain/text/base64.ts'
import { Cached } from './cached.ts'
import { SECRET_CACHE_MS } from './keys.ts'

interface MasterKey {
  kid: string
  raw: string
}

const encoder = new TextEncoder()

export function makeVault(
  masterKeys: readonly MasterKey[],
  { randomBytes, now }: Pick<Platform, 'randomBytes' | 'now'>
): Vault {
  const opened = new Cached<{ identity: string; plain: string }>(
    SECRET_CACHE_MS,
    { entries: 5000, chars: 4_000_000, weigh: ({ plain }) => plain.length },
    now
  )
  let naming: Promise<CryptoKey> | undefined
  const keys = masterKeys.map(({ kid, raw }) => ({ kid, key: importKey(raw) }))
  return {
    firstKey: masterKeys[0]?.kid ?? '',
    otherKeys: masterKeys.slice(1).map(({ kid }) => kid),
    knows: (sealed) => keys.some((one) => one.kid === keyIdOf(sealed)),
    async seal(identity, plain) {
      const [first] = keys
      if (!first) throw new Error('no master key')
      const iv = randomBytes(12)
      const params = { name: 'AES-GCM', iv, additionalData: encoder.encode(identity) }
      const sealed = await crypto.subtle.encrypt(params, await first.key, encoder.encode(plain))
      return [first.kid, toBase64(iv), toBase64(new Uint8Array(sealed))].join('.')
    },
    async open(identity, sealed, isKept = false) {
      opened.dropExpired()
      const known = isKept ? opened.peek(sealed) : undefined
      if (known?.identity === identity) return known.plain
      const [kid = '', iv, text] = sealed.split('.')
      const entry = keys.find((one) => one.kid === kid)
      if (!entry || !iv || !text) throw new CannotOpen(kid, entry !== undefined)
      try {
        const additionalData = encoder.encode(identity)
        const params = { name: 'AES-GCM', iv: fromBase64(iv), additionalData }
        const bytes = await crypto.subtle.decrypt(params, await entry.key, fromBase64(text))
        const plain = new TextDecoder().decode(bytes)
        if (isKept) opened.put(sealed, { identity, plain })
        return plain
      } catch {
        throw new CannotOpen(kid, true)
      }
    },
    async name(text) {
      const [first] = masterKeys
      if (!first) throw new Error('no master key')
      naming ??= importNaming(first.raw)
      const signed = await crypto.subtle.sign('HMAC', await naming, encoder.encode(text))
      return toBase64(new Uint8Array(signed))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replace(/=+$/, '')
    },
  }
}

/** A key for names, derived from the first master key. The sealing key itself signs nothing. */
async function importNaming(raw: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', fromBase64(raw), 'HKDF', false, ['deriveKey'])
  const params = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('names'),
  }
  return crypto.subtle.deriveKey(
    params,
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign']
  )
}

function importKey(raw: string): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', fromBase64(raw), 'AES-GCM', false, ['encrypt', 'decrypt'])
}
