/** What `npm run assets` makes. One part for each page; scripts/assets.ts lists the parts. */

export interface AssetPart {
  /** Name below `assets/` → content. */
  files: Record<string, string | Uint8Array>
  /** Headers by path, as `_headers` has them. A part names only what its own pages need beyond HEADERS_OF_ALL. */
  headers?: Record<string, Record<string, string>>
  /** The packages whose code is in the files: THIRD-PARTY-NOTICES names them. */
  packages: string[]
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS_OF_ALL: Record<string, string> = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'public, max-age=0, must-revalidate',
}

/**
 * The file `_headers`. A path that two rules match gets both values of a header, joined by a comma. Two policies joined so
 * both hold, which is how a page adds to the policy of all.
 */
export function headersFile(parts: AssetPart[]): string {
  const rules = parts.flatMap(({ headers = {} }) => Object.entries(headers))
  return [['/*', HEADERS_OF_ALL] as const, ...rules]
    .map(([path, headers]) =>
      [path, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join('\n')
    )
    .join('\n')
    .concat('\n')
}
