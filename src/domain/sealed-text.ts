/** The vault's text `kid.nonce.ciphertext` as it may stand in a URL or a header, and back. */
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
