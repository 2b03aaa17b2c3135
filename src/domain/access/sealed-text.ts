/** The form of sealed texts: `kid.nonce.ciphertext`. The vault makes and opens them (storage/vault.ts). */

/** No key opens a sealed text: its key is not in MASTER_KEYS, another key has its id, or the text is damaged. */
export class CannotOpen extends Error {
  override name = 'CannotOpen' as const
  /** From the text, so it may be invented. */
  readonly keyId: string
  /** MASTER_KEYS has a key with this id. */
  readonly isKnownKey: boolean

  constructor(keyId: string, isKnownKey: boolean) {
    super('sealed by an unknown master key')
    this.keyId = keyId
    this.isKnownKey = isKnownKey
  }
}

/** The id of the key that sealed it. */
export function keyIdOf(sealed: string): string {
  return sealed.slice(0, Math.max(0, sealed.indexOf('.')))
}

const KEY_ID = /^[\w-]{1,32}$/
const SEALED = /^[^.]+\.[A-Za-z0-9+/_-]{16}\.[A-Za-z0-9+/_=-]{22,}$/

/** Whether the text has the form of a sealed one. Only then its key id goes into the log. */
export function isSealedForm(text: string): boolean {
  return SEALED.test(text) && KEY_ID.test(keyIdOf(text))
}

/** The sealed text in base64url, for URLs and headers. */
export function toUrlText(sealed: string): string {
  const [kid, ...parts] = sealed.split('.')
  const safe = parts.map((part) =>
    part.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  )
  return [kid, ...safe].join('.')
}

/** The key id itself is not base64. */
export function fromUrlText(text: string): string {
  const [kid, ...parts] = text.split('.')
  return [kid, ...parts.map((part) => part.replaceAll('-', '+').replaceAll('_', '/'))].join('.')
}
