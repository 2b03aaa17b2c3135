/** Bytes as base64 text, in the usual alphabet and in that of URLs (RFC 4648), and back. */

/** Bytes. The types of Workers and of Node name their buffer differently. */
export type Bytes = ReturnType<TextEncoder['encode']>

export function toBase64(bytes: Uint8Array): string {
  // In pieces, because a function takes a limited number of arguments.
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return btoa(text)
}

/** Throws if the text is not base64. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

/** Without the `=` at the end. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
