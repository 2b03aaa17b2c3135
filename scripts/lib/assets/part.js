/** What `npm run assets` makes. One part for each page; scripts/assets.ts lists the parts. */
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
].join('; ');
const HEADERS_OF_ALL = {
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'public, max-age=0, must-revalidate',
};
/**
 * The file `_headers`. A path that two rules match gets both values of a header, joined by a comma. Two policies joined so
 * both hold, which is how a page adds to the policy of all.
 */
export function headersFile(parts) {
    const rules = parts.flatMap(({ headers = {} }) => Object.entries(headers));
    return [['/*', HEADERS_OF_ALL], ...rules]
        .map(([path, headers]) => [path, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)].join('\n'))
        .join('\n')
        .concat('\n');
}
