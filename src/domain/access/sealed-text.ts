/** The vault's texts: `kid.nonce.ciphertext`. */

/** A sealed text that no key opens: its key is not in MASTER_KEYS, is another under the same id, or the text is not whole. */
export class CannotOpen extends Error {
  override name = 'CannotOpen' as const
  /** As the text says it; not one of ours when somebody made the text up. */
  readonly keyId: string
  /** A key of this id is there. */
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

/** Whether it may have been sealed here, so that its key id is worth a line in the log. */
export function isSealedForm(text: string): boolean {
  return SEALED.test(text) && KEY_ID.test(keyIdOf(text))
}

/** As it may stand in a URL or a header. */
export function toUrlText(sealed: string): string {
  const [kid, ...parts] = sealed.split('.')
  const safe = parts.map((part) =>
    part.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  )
  return [kid, ...safe].join('.')
}

/** Only what stands behind the key's name is base64. */
export function fromUrlText(text: string): string {
  const [kid, ...parts] = text.split('.')
  return [kid, ...parts.map((part) => part.replaceAll('-', '+').replaceAll('_', '/'))].join('.')
}
