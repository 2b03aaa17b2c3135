/**
 * Decides which URLs the gateway may deliver to. It checks the text, and also the parsed URL, since that is what will be
 * fetched: the parser gives decimal, octal and hex addresses, full-width and percent-encoded names one spelling.
 *
 * Not promised: which address a name has. A Worker cannot resolve names, so a name whose DNS record points into a private
 * network is accepted (known wildcard names are not). `global_fetch_strictly_public` guards against that, and the edge has no
 * private network. The sender must not follow redirects. Every port is allowed. A fragment is dropped.
 */
export interface TargetPolicy {
  /** For development: also http and https to 127.0.0.0/8, [::1] and localhost. */
  allowLoopback: boolean
  /** The gateway's own origins, e.g. https://gw.example.com */
  ownOrigins: readonly string[]
}

export type ReadTarget = { ok: true; url: string } | { ok: false; message: string }

const MAX_LENGTH = 2048

/** Controls, white space, invisible characters and lone surrogates. The parser drops some of them silently. */
const ODD_CHARACTER = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u
/** The parser also accepts `https:host` and `https:///host`. */
const FORM = /^https?:\/\/([^/?#]+)/i
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/** Suffixes of private networks, then of metadata services. Every name below one is refused. */
const NO_SUFFIXES = words(`
  alt arpa consul corp home i2p internal intranet invalid lan local localdomain localdomain6 localhost onion private svc
  test fritz.box
  api.service.softlayer.com metadata.goog metadata.packet.net metadata.platformequinix.com metadata.tencentyun.com`)

/** Public names that resolve to the address written in them, to loopback, or to changing addresses. */
const NO_WILDCARDS = words(`
  127-0-0-1.org.uk 1u.ms backname.io ddev.site docksal.site fuf.me lacolhost.com lcl.host lndo.site
  local-ip.co local-ip.dev local-ip.sh local.gd localdev.me localdomain.pw localho.st localhost.direct
  localtest.me lvh.me nip.io plex.direct rbndr.us rebind.it rebind.network smackaho.st spoofed.burpcollaborator.net
  sslip.io traefik.me vcap.me xip.io xip.name`)

/** IANA's special purpose blocks, and 168.63.129.16, where Azure answers its own machines. */
const NO_IPV4 = words(`
  0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
  192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24
  203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`).map((block) => {
  const [base = '', length] = block.split('/')
  return { base: toNumber(base.split('.')), size: 2 ** (32 - Number(length)) }
})

export function readTarget(text: string, policy: TargetPolicy): ReadTarget {
  if (text.length > MAX_LENGTH) return no('The callback URL is longer than 2048 characters.')
  if (ODD_CHARACTER.test(text)) {
    return no(
      'The callback URL contains a space, a backslash, a control or an invisible character.'
    )
  }
  const authority = FORM.exec(text)?.[1]
  if (authority === undefined) return no('The callback URL must start with https:// and a host.')
  if (authority.includes('@')) return no('The callback URL must not contain credentials.')
  const url = URL.parse(text)
  if (!url) return no('The callback URL is not a valid URL.')
  url.hash = ''
  // Escaping may have made it longer.
  if (url.href.length > MAX_LENGTH) return no('The callback URL is longer than 2048 characters.')
  const message = faultOf(url, policy)
  return message === undefined ? { ok: true, url: url.href } : no(message)
}

function no(message: string): ReadTarget {
  return { ok: false, message }
}

function faultOf(url: URL, { allowLoopback, ownOrigins }: TargetPolicy): string | undefined {
  const isDevelopment = allowLoopback && isLoopback(url.hostname)
  if (ownOrigins.some((origin) => isOwn(url, origin, isDevelopment))) {
    return 'The callback URL points to the gateway itself.'
  }
  if (isDevelopment) return undefined
  if (url.protocol !== 'https:') return 'The callback URL must start with https://.'
  return hostFault(url.hostname)
}

/** Whether the URL is the gateway's own. On loopback many programs share one host, so the port counts too. */
function isOwn(url: URL, origin: string, isDevelopment: boolean): boolean {
  const own = URL.parse(origin.includes('://') ? origin : `https://${origin}`)
  if (!own) return false
  if (isDevelopment) return isLoopback(bare(own.hostname)) && portOf(own) === portOf(url)
  return bare(own.hostname) === bare(url.hostname)
}

function bare(hostname: string): string {
  return hostname.replace(/\.+$/, '')
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)
}

function hostFault(hostname: string): string | undefined {
  const isPublic = hostname.startsWith('[')
    ? isPublicIpv6(hostname.slice(1, -1))
    : !/^\d+(\.\d+){3}$/.test(hostname) || isPublicIpv4(hostname.split('.'))
  if (!isPublic) return 'The callback URL points to an address that is not public.'
  return hostname.startsWith('[') || /\.\d+$/.test(hostname) ? undefined : nameFault(hostname)
}

function nameFault(name: string): string | undefined {
  const labels = name.split('.')
  if (labels.length < 2) return 'The host of the callback URL must be a full name with a dot.'
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) {
    return 'The host of the callback URL is not a valid name, or ends with a dot.'
  }
  const isBelow = (suffix: string): boolean => name === suffix || name.endsWith(`.${suffix}`)
  if (NO_SUFFIXES.some(isBelow)) return 'The host of the callback URL is not a public name.'
  if (NO_WILDCARDS.some(isBelow) || spellsPrivate(name)) {
    return 'The host of the callback URL is a name that leads to an address written in it.'
  }
  return undefined
}

/** Wildcard names that no list knows, such as 10.0.0.1.any.example and app-10-0-0-1.any.example. */
function spellsPrivate(name: string): boolean {
  const parts = name.split(/[.-]/)
  return parts.some((_, at) => {
    const four = parts.slice(at, at + 4)
    const isAddress =
      four.length === 4 && four.every((part) => /^\d{1,3}$/.test(part) && +part < 256)
    // 0-1-2-3 is more likely a version number.
    return isAddress && !isPublicIpv4(four) && (four[0] !== '0' || toNumber(four) === 0)
  })
}

function isPublicIpv4(parts: string[]): boolean {
  const address = toNumber(parts)
  return !NO_IPV4.some(({ base, size }) => address >= base && address < base + size)
}

function toNumber(parts: string[]): number {
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** Only 2000::/3, without its special blocks. That range has no addresses that start with an IPv4 address. */
function isPublicIpv6(text: string): boolean {
  // The parser writes the longest run of zeros as `::`.
  const given = text.split(':').filter((group) => group !== '').length
  const full = text.replace('::', `:${'0:'.repeat(8 - given)}`)
  const groups = full
    .split(':')
    .filter((group) => group !== '')
    .map((group) => parseInt(group, 16))
  const [first = 0, second = 0, third = 0, , fifth = 0, sixth] = groups
  if (first < 0x2000 || first > 0x3fff) return false
  // Teredo, ORCHID, benchmarks; documentation.
  if (first === 0x2001 && (second < 0x200 || second === 0xdb8)) return false
  // 6to4, 6bone.
  if (first === 0x2002 || first === 0x3ffe) return false
  if (first === 0x3fff && second < 0x1000) return false
  if (first === 0x2620 && second === 0x4f && third === 0x8000) return false
  // ISATAP: an IPv4 address at the end.
  return !((fifth & 0xfdff) === 0 && sixth === 0x5efe)
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
