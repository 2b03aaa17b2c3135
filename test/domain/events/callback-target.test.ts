/** Where callbacks may go. Every row is a test of its own, named by what it tries. */
import { describe, expect, test } from 'vitest'
import { readTarget, type TargetPolicy } from '../../../src/domain/events/callback-target.ts'

const POLICY: TargetPolicy = { allowLoopback: false, ownOrigins: ['https://gw.example.com'] }
const LOCAL: TargetPolicy = { allowLoopback: true, ownOrigins: ['http://127.0.0.1:8787'] }

const CREDENTIALS = 'must not contain credentials'
const FORM = 'must start with https:// and a host'
const HTTPS = 'must start with https://.'
const LONG = 'longer than 2048'
const ODD = 'a space, a backslash, a control or an invisible'
const OWN = 'the gateway itself'
const INVALID = 'not a valid URL'
const ADDRESS = 'an address that is not public'
const DOT = 'a full name with a dot'
const LABEL = 'not a valid name'
const SUFFIX = 'not a public name'
const WILDCARD = 'leads to an address written in it'

const long = (length: number): string => {
  const start = 'https://example.com/'
  return start + 'a'.repeat(length - start.length)
}

/** [what, text, the url that comes out where it differs] */
const ACCEPTED: [string, string, string?][] = [
  ['a plain https URL', 'https://example.com/hook'],
  ['no path', 'https://example.com', 'https://example.com/'],
  ['a port', 'https://example.com:8443/hook'],
  ['the default port', 'https://example.com:443/hook', 'https://example.com/hook'],
  ['a query', 'https://example.com/hook?a=1&b=%20x&c=@d'],
  ['a fragment, dropped', 'https://example.com/hook?a=1#part', 'https://example.com/hook?a=1'],
  ['an empty fragment, dropped', 'https://example.com/#', 'https://example.com/'],
  ['an @ in the path', 'https://example.com/@ann/hook'],
  ['a colon and slashes in the query', 'https://example.com/?to=http://127.0.0.1/'],
  ['an upper-case scheme and host', 'HTTPS://EXAMPLE.com/Hook', 'https://example.com/Hook'],
  ['dots in the path', 'https://example.com/a/../b', 'https://example.com/b'],
  ['an international name', 'https://müller.de/', 'https://xn--mller-kva.de/'],
  ['punycode', 'https://xn--mller-kva.de/'],
  ['a non-ASCII path', 'https://example.com/ü', 'https://example.com/%C3%BC'],
  ['an emoji in the path', 'https://example.com/😀', 'https://example.com/%F0%9F%98%80'],
  ['an escaped newline in the path', 'https://example.com/a%0d%0ab'],
  ['an underscore in a name', 'https://my_hook.example.com/'],
  ['hyphens in a name', 'https://a-b--c.example.com/'],
  ['a deep name', 'https://a.b.c.d.e.f.example.co.uk/'],
  ['a label of 63', `https://${'a'.repeat(63)}.example.com/`],
  ['exactly 2048 characters', long(2048)],
  ['a name that contains localhost', 'https://localhost.example.com/'],
  ['a name that ends like localhost', 'https://notlocalhost.com/'],
  ['a name that ends like a suffix', 'https://mylocal.dev/'],
  ['a private suffix inside a name', 'https://local.internal.example.com/'],
  ['a name that ends like a wildcard', 'https://notnip.io/'],
  ['a name that begins like our own', 'https://gw.example.com.evil.net/'],
  ['a name below our own', 'https://hooks.gw.example.com/'],
  ['a name above our own', 'https://example.com/'],
  ['metadata as a subdomain', 'https://metadata.example.com/'],
  ['a public address in a name', 'https://ec2-54-12-3-4.compute-1.amazonaws.com/'],
  ['a version number in a name', 'https://app-0-1-2-3.example.com/'],
  ['four large numbers in a name', 'https://a-1000-0-0-1.example.com/'],
  ['a public IPv4', 'https://1.1.1.1/'],
  ['a public IPv4 in hex', 'https://0x08080808/', 'https://8.8.8.8/'],
  ['just below 10/8', 'https://9.255.255.255/'],
  ['just above 10/8', 'https://11.0.0.0/'],
  ['just below 100.64/10', 'https://100.63.255.255/'],
  ['just above 100.64/10', 'https://100.128.0.0/'],
  ['just below 172.16/12', 'https://172.15.255.255/'],
  ['just above 172.16/12', 'https://172.32.0.0/'],
  ['just above 198.18/15', 'https://198.20.0.0/'],
  ['just below multicast', 'https://223.255.255.255/'],
  ['beside the Azure address', 'https://168.63.129.17/'],
  ['a public IPv6', 'https://[2606:4700:4700::1111]/'],
  ['a public IPv6 with a port', 'https://[2a00:1450:4001:81b::200e]:8443/x'],
  ['a public IPv6 in full', 'https://[2a00:1450:4001:81b:1:2:3:4]/'],
  ['just above the IETF block', 'https://[2001:200::1]/'],
  ['just above the documentation block', 'https://[2001:db9::1]/'],
]

const REFUSED: [string, string, string][] = [
  // Form.
  ['nothing', '', FORM],
  ['a path', '/hook', FORM],
  ['a name only', 'example.com/hook', FORM],
  ['no scheme', '//example.com/hook', FORM],
  ['no slashes', 'https:example.com', FORM],
  ['one slash', 'https:/example.com', FORM],
  ['three slashes', 'https:///example.com', FORM],
  ['no host', 'https://', FORM],
  ['a query for a host', 'https://?a', FORM],
  ['a fragment for a host', 'https://#a', FORM],
  ['http', 'http://example.com/', HTTPS],
  ['http in upper case', 'HTTP://example.com/', HTTPS],
  ['ftp', 'ftp://example.com/', FORM],
  ['file', 'file:///etc/passwd', FORM],
  ['javascript', 'javascript:alert(1)', FORM],
  ['data', 'data:text/plain,x', FORM],
  ['wss', 'wss://example.com/', FORM],
  ['gopher', 'gopher://example.com/', FORM],
  ['blob', 'blob:https://example.com/x', FORM],
  ['view-source', 'view-source:https://example.com/', FORM],
  ['a full-width colon', 'https：//example.com/', FORM],
  ['2049 characters', long(2049), LONG],
  ['a megabyte', long(1_000_000), LONG],
  ['2048 after escaping only', `https://example.com/${'ü'.repeat(1000)}`, LONG],
  ['a port out of range', 'https://example.com:65536/', INVALID],
  ['a port of letters', 'https://example.com:x/', INVALID],
  ['an open bracket', 'https://[::1/', INVALID],
  ['an IPv6 zone', 'https://[fe80::1%25eth0]/', INVALID],
  ['a bad escape in the host', 'https://exa%zzmple.com/', INVALID],
  ['an escaped NUL in the host', 'https://example.com%00.evil.net/', INVALID],
  ['an escaped newline in the host', 'https://example%0a.com/', INVALID],
  ['an escaped slash in the host', 'https://example.com%2f.evil.net/', INVALID],
  ['an escaped @ in the host', 'https://user%40127.0.0.1/', INVALID],
  ['a full-width @', 'https://user＠example.com/', INVALID],
  ['a full-width slash in the host', 'https://example.com／.evil.net/', INVALID],
  ['a character that becomes a/c', 'https://example℀.com/', INVALID],
  ['a pipe in the host', 'https://exa|mple.com/', INVALID],
  ['angle brackets in the host', 'https://<host>.com/', INVALID],
  // Credentials.
  ['user and password', 'https://user:pass@example.com/', CREDENTIALS],
  ['a user', 'https://user@example.com/', CREDENTIALS],
  ['a password', 'https://:pass@example.com/', CREDENTIALS],
  ['empty credentials', 'https://@example.com/', CREDENTIALS],
  ['an empty user and password', 'https://:@example.com/', CREDENTIALS],
  ['a host as the user', 'https://example.com@127.0.0.1/', CREDENTIALS],
  ['a host and port as credentials', 'https://example.com:443@evil.net/', CREDENTIALS],
  ['two @', 'https://a@b@example.com/', CREDENTIALS],
  // Characters.
  ['a space before', ' https://example.com/', ODD],
  ['a space after', 'https://example.com/ ', ODD],
  ['a space in the path', 'https://example.com/a b', ODD],
  ['a tab in the scheme', 'ht\ttps://example.com/', ODD],
  ['a newline in the host', 'https://exam\nple.com/', ODD],
  ['a carriage return in the path', 'https://example.com/\r\nX-A: b', ODD],
  ['a newline at the end', 'https://example.com/\n', ODD],
  ['a NUL', 'https://example.com/\0', ODD],
  ['a DEL', 'https://example.com/\u007F', ODD],
  ['a C1 control', 'https://example.com/\u0085', ODD],
  ['a backslash for the slashes', 'https:\\\\example.com/', ODD],
  ['a backslash after the host', 'https://example.com\\@127.0.0.1/', ODD],
  ['a backslash in the query', 'https://example.com/?a=\\', ODD],
  ['a no-break space', 'https://example.com/\u00A0', ODD],
  ['an ideographic space', 'https://example.com/\u3000', ODD],
  ['a line separator', 'https://example.com/\u2028', ODD],
  ['a zero-width space', 'https://local\u200Bhost/', ODD],
  ['a zero-width joiner', 'https://exam\u200Dple.com/', ODD],
  ['a soft hyphen', 'https://local\u00ADhost/', ODD],
  ['a byte order mark', '\uFEFFhttps://example.com/', ODD],
  ['text turned right to left', 'https://example.com/\u202Egpj', ODD],
  ['half a surrogate pair', 'https://example.com/\uD800', ODD],
  // IPv4.
  ['loopback', 'https://127.0.0.1/', ADDRESS],
  ['loopback with a port', 'https://127.0.0.1:8443/', ADDRESS],
  ['another loopback', 'https://127.255.255.254/', ADDRESS],
  ['loopback, short', 'https://127.1/', ADDRESS],
  ['loopback, three parts', 'https://127.0.1/', ADDRESS],
  ['loopback, decimal', 'https://2130706433/', ADDRESS],
  ['loopback, hex', 'https://0x7f000001/', ADDRESS],
  ['loopback, upper-case hex', 'https://0X7F000001/', ADDRESS],
  ['loopback, hex parts', 'https://0x7f.0x0.0x0.0x1/', ADDRESS],
  ['loopback, octal', 'https://017700000001/', ADDRESS],
  ['loopback, octal parts', 'https://0177.0.0.01/', ADDRESS],
  ['loopback, many zeros', 'https://0000000177.0.0.1/', ADDRESS],
  ['loopback, mixed', 'https://0x7f.1/', ADDRESS],
  ['loopback, empty hex parts', 'https://127.0x.0x.1/', ADDRESS],
  ['loopback, a dot behind', 'https://127.0.0.1./', ADDRESS],
  ['loopback, short, a dot behind', 'https://127.1./', ADDRESS],
  ['loopback, two dots behind', 'https://127.0.0.1../', LABEL],
  ['loopback, escaped', 'https://%31%32%37.0.0.1/', ADDRESS],
  ['loopback, escaped dots', 'https://127%2e0%2e0%2e1/', ADDRESS],
  ['loopback, full-width digits', 'https://１２７.０.０.１/', ADDRESS],
  ['loopback, full-width dots', 'https://127．0．0．1/', ADDRESS],
  ['loopback, ideographic dots', 'https://127。0。0。1/', ADDRESS],
  ['loopback, circled digits', 'https://①②⑦.⓪.⓪.①/', ADDRESS],
  ['loopback, superscript digits', 'https://¹²⁷.⁰.⁰.¹/', ADDRESS],
  ['loopback, mathematical digits', 'https://𝟏𝟐𝟕.𝟎.𝟎.𝟏/', ADDRESS],
  ['loopback, escaped full-width digits', 'https://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/', ADDRESS],
  ['unspecified', 'https://0.0.0.0/', ADDRESS],
  ['unspecified, one digit', 'https://0/', ADDRESS],
  ['unspecified, hex', 'https://0x0/', ADDRESS],
  ['this network', 'https://0.1.2.3/', ADDRESS],
  ['10/8', 'https://10.0.0.1/', ADDRESS],
  ['the end of 10/8', 'https://10.255.255.255/', ADDRESS],
  ['10/8, decimal', 'https://167772161/', ADDRESS],
  ['10/8, short', 'https://10.1/', ADDRESS],
  ['CGNAT', 'https://100.64.0.1/', ADDRESS],
  ['the end of CGNAT', 'https://100.127.255.255/', ADDRESS],
  ['metadata of Alibaba', 'https://100.100.100.200/', ADDRESS],
  ['metadata', 'https://169.254.169.254/latest/meta-data/', ADDRESS],
  ['metadata, decimal', 'https://2852039166/', ADDRESS],
  ['metadata, hex', 'https://0xa9fea9fe/', ADDRESS],
  ['metadata, octal', 'https://0251.0376.0251.0376/', ADDRESS],
  ['metadata, three parts', 'https://169.254.43518/', ADDRESS],
  ['metadata of AWS ECS', 'https://169.254.170.2/', ADDRESS],
  ['metadata of Oracle', 'https://192.0.0.192/', ADDRESS],
  ['the Azure wire server', 'https://168.63.129.16/', ADDRESS],
  ['172.16/12', 'https://172.16.0.1/', ADDRESS],
  ['the end of 172.16/12', 'https://172.31.255.255/', ADDRESS],
  ['192.168/16', 'https://192.168.1.1/', ADDRESS],
  ['192.168/16, three parts', 'https://192.168.257/', ADDRESS],
  ['documentation 1', 'https://192.0.2.1/', ADDRESS],
  ['documentation 2', 'https://198.51.100.7/', ADDRESS],
  ['documentation 3', 'https://203.0.113.9/', ADDRESS],
  ['benchmarks', 'https://198.19.255.255/', ADDRESS],
  ['the 6to4 relay', 'https://192.88.99.1/', ADDRESS],
  ['AS112', 'https://192.175.48.1/', ADDRESS],
  ['multicast', 'https://224.0.0.1/', ADDRESS],
  ['the end of multicast', 'https://239.255.255.255/', ADDRESS],
  ['reserved', 'https://240.0.0.1/', ADDRESS],
  ['broadcast', 'https://255.255.255.255/', ADDRESS],
  ['broadcast, decimal', 'https://4294967295/', ADDRESS],
  ['too large a number', 'https://4294967296/', INVALID],
  ['five parts', 'https://1.2.3.4.5/', INVALID],
  ['a part too large', 'https://256.0.0.1/', INVALID],
  ['not octal', 'https://08.0.0.1/', INVALID],
  ['a name that ends in a number', 'https://example.127/', INVALID],
  ['a name that ends in hex', 'https://example.0x7f/', INVALID],
  // IPv6.
  ['IPv6 loopback', 'https://[::1]/', ADDRESS],
  ['IPv6 loopback in full', 'https://[0:0:0:0:0:0:0:1]/', ADDRESS],
  ['IPv6 loopback with zeros', 'https://[0000:0000:0000:0000:0000:0000:0000:0001]/', ADDRESS],
  ['IPv6 loopback, dotted', 'https://[::0.0.0.1]/', ADDRESS],
  ['IPv6 loopback, escaped', 'https://[%3A%3A1]/', INVALID],
  ['IPv6 unspecified', 'https://[::]/', ADDRESS],
  ['mapped', 'https://[::ffff:127.0.0.1]/', ADDRESS],
  ['mapped in hex', 'https://[::ffff:7f00:1]/', ADDRESS],
  ['mapped in full', 'https://[0:0:0:0:0:FFFF:7F00:0001]/', ADDRESS],
  ['mapped metadata', 'https://[::ffff:169.254.169.254]/', ADDRESS],
  ['mapped public', 'https://[::ffff:8.8.8.8]/', ADDRESS],
  ['compatible', 'https://[::127.0.0.1]/', ADDRESS],
  ['compatible metadata in hex', 'https://[::a9fe:a9fe]/', ADDRESS],
  ['translated', 'https://[::ffff:0:127.0.0.1]/', ADDRESS],
  ['NAT64', 'https://[64:ff9b::127.0.0.1]/', ADDRESS],
  ['NAT64 in hex', 'https://[64:ff9b::a9fe:a9fe]/', ADDRESS],
  ['local NAT64', 'https://[64:ff9b:1::10.0.0.1]/', ADDRESS],
  ['local NAT64, deep', 'https://[64:ff9b:1:ffff::a00:1]/', ADDRESS],
  ['6to4 of loopback', 'https://[2002:7f00:1::]/', ADDRESS],
  ['6to4 of metadata', 'https://[2002:a9fe:a9fe::1]/', ADDRESS],
  ['Teredo', 'https://[2001::1]/', ADDRESS],
  ['Teredo with an address', 'https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/', ADDRESS],
  ['IPv6 benchmarks', 'https://[2001:2::1]/', ADDRESS],
  ['ORCHID', 'https://[2001:10::1]/', ADDRESS],
  ['ORCHID 2', 'https://[2001:2f:ffff::1]/', ADDRESS],
  ['the end of the IETF block', 'https://[2001:1ff::1]/', ADDRESS],
  ['IPv6 documentation', 'https://[2001:db8::1]/', ADDRESS],
  ['IPv6 documentation, upper case', 'https://[2001:DB8:FFFF::1]/', ADDRESS],
  ['the newer IPv6 documentation', 'https://[3fff::1]/', ADDRESS],
  ['6bone', 'https://[3ffe::1]/', ADDRESS],
  ['IPv6 AS112', 'https://[2620:4f:8000::1]/', ADDRESS],
  ['ISATAP', 'https://[2a00:1450::5efe:10.0.0.1]/', ADDRESS],
  ['ISATAP of a public address', 'https://[2a00:1450::200:5efe:808:808]/', ADDRESS],
  ['ULA', 'https://[fc00::1]/', ADDRESS],
  ['ULA fd', 'https://[fd12:3456:789a::1]/', ADDRESS],
  ['IPv6 metadata of AWS', 'https://[fd00:ec2::254]/', ADDRESS],
  ['IPv6 metadata of Google', 'https://[fd20:ce::254]/', ADDRESS],
  ['IPv6 link-local', 'https://[fe80::1]/', ADDRESS],
  ['the end of link-local', 'https://[febf::1]/', ADDRESS],
  ['site-local', 'https://[fec0::1]/', ADDRESS],
  ['IPv6 multicast', 'https://[ff02::1]/', ADDRESS],
  ['discard only', 'https://[100::1]/', ADDRESS],
  ['segment routing', 'https://[5f00::1]/', ADDRESS],
  ['not yet given out', 'https://[4000::1]/', ADDRESS],
  ['below what is given out', 'https://[1fff::1]/', ADDRESS],
  ['IPv6 without brackets', 'https://::1/', INVALID],
  ['an IPv6 zone, bare', 'https://[fe80::1%eth0]/', INVALID],
  // Names.
  ['localhost', 'https://localhost/', DOT],
  ['localhost with a port', 'https://localhost:8443/', DOT],
  ['localhost, upper case', 'https://LOCALHOST/', DOT],
  ['localhost, a dot behind', 'https://localhost./', LABEL],
  ['localhost, escaped', 'https://%6cocalhost/', DOT],
  ['localhost, full-width', 'https://ｌｏｃａｌｈｏｓｔ/', DOT],
  ['localhost, circled', 'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/', DOT],
  ['localhost, mathematical', 'https://𝐥𝐨𝐜𝐚𝐥𝐡𝐨𝐬𝐭/', DOT],
  ['localhost, a long s', 'https://localhoſt/', DOT],
  ['localhost, an escaped zero-width space', 'https://local%E2%80%8Bhost/', DOT],
  ['localhost, an escaped soft hyphen', 'https://local%C2%ADhost/', DOT],
  ['below localhost', 'https://app.localhost/', SUFFIX],
  ['below localhost, a full-width dot', 'https://app．localhost/', SUFFIX],
  ['below localhost, an ideographic dot', 'https://app。LOCALHOST/', SUFFIX],
  ['below localhost, a dot behind', 'https://app.localhost./', LABEL],
  ['localhost.localdomain', 'https://localhost.localdomain/', SUFFIX],
  ['localhost6.localdomain6', 'https://localhost6.localdomain6/', SUFFIX],
  ['.local', 'https://printer.local/', SUFFIX],
  ['.local, escaped', 'https://printer%2elocal/', SUFFIX],
  ['a service of Kubernetes', 'https://kubernetes.default.svc/', SUFFIX],
  ['a service of a cluster', 'https://api.default.svc.cluster.local/', SUFFIX],
  ['.internal', 'https://db.internal/', SUFFIX],
  ['the host of Docker', 'https://host.docker.internal/', SUFFIX],
  ['.home.arpa', 'https://nas.home.arpa/', SUFFIX],
  ['home.arpa itself', 'https://home.arpa/', SUFFIX],
  ['a reverse name', 'https://1.0.0.127.in-addr.arpa/', SUFFIX],
  ['.lan', 'https://router.lan/', SUFFIX],
  ['.intranet', 'https://wiki.intranet/', SUFFIX],
  ['.corp', 'https://mail.corp/', SUFFIX],
  ['.home', 'https://nas.home/', SUFFIX],
  ['.private', 'https://db.private/', SUFFIX],
  ['.test', 'https://app.test/', SUFFIX],
  ['.invalid', 'https://app.invalid/', SUFFIX],
  ['.consul', 'https://web.service.consul/', SUFFIX],
  ['.onion', 'https://abcdefghij.onion/', SUFFIX],
  ['.onion, upper case', 'https://abcdefghij.ONION/', SUFFIX],
  ['a router', 'https://fritz.box/', SUFFIX],
  ['a bare name', 'https://intranet/', DOT],
  ['a bare name of a metadata service', 'https://instance-data/', DOT],
  ['a public name, a dot behind', 'https://example.com./', LABEL],
  ['a public name, a full-width dot behind', 'https://example.com．/', LABEL],
  ['a public name, an escaped dot behind', 'https://example.com%2E/', LABEL],
  ['two dots', 'https://example..com/', LABEL],
  ['a dot in front', 'https://.example.com/', LABEL],
  ['only a dot', 'https://./', LABEL],
  ['a hyphen in front', 'https://-example.com/', LABEL],
  ['a hyphen behind', 'https://example-.com/', LABEL],
  ['a star', 'https://*.example.com/', LABEL],
  ['a dollar sign', 'https://$HOST.example.com/', LABEL],
  ['a comma', 'https://a.com,b.com/', LABEL],
  ['a label of 64', `https://${'a'.repeat(64)}.example.com/`, LABEL],
  ['a name of 254', `https://${'a.'.repeat(125)}info/`, LABEL],
  ['metadata of Google', 'https://metadata.google.internal/', SUFFIX],
  ['metadata of Google, a dot behind', 'https://metadata.google.internal./', LABEL],
  ['metadata of Google, short', 'https://metadata.goog/', SUFFIX],
  ['metadata of AWS', 'https://instance-data.ec2.internal/', SUFFIX],
  ['metadata of Tencent', 'https://metadata.tencentyun.com/', SUFFIX],
  ['metadata of Equinix', 'https://metadata.platformequinix.com/', SUFFIX],
  // Names that lead to addresses.
  ['nip.io', 'https://127.0.0.1.nip.io/', WILDCARD],
  ['nip.io, hex', 'https://7f000001.nip.io/', WILDCARD],
  ['nip.io, dashes', 'https://app-10-0-0-1.nip.io/', WILDCARD],
  ['nip.io of a public address', 'https://8.8.8.8.nip.io/', WILDCARD],
  ['nip.io, upper case', 'https://127.0.0.1.NIP.IO/', WILDCARD],
  ['nip.io, circled', 'https://127.0.0.1.ⓝⓘⓟ.io/', WILDCARD],
  ['sslip.io', 'https://169-254-169-254.sslip.io/', WILDCARD],
  ['sslip.io, IPv6', 'https://--1.sslip.io/', LABEL],
  ['xip.io', 'https://foo.10.0.0.1.xip.io/', WILDCARD],
  ['localtest.me', 'https://localtest.me/', WILDCARD],
  ['below localtest.me', 'https://app.localtest.me/', WILDCARD],
  ['lvh.me', 'https://lvh.me/', WILDCARD],
  ['vcap.me', 'https://app.vcap.me/', WILDCARD],
  ['lacolhost.com', 'https://lacolhost.com/', WILDCARD],
  ['localho.st', 'https://localho.st/', WILDCARD],
  ['traefik.me', 'https://10.0.0.1.traefik.me/', WILDCARD],
  ['plex.direct', 'https://192-168-1-2.abc.plex.direct/', WILDCARD],
  ['a name that rebinds', 'https://7f000001.c0a80001.rbndr.us/', WILDCARD],
  ['a rebinding service', 'https://make-1-2-3-4-rebind-127-0-0-1-rr.1u.ms/', WILDCARD],
  ['Burp, spoofed', 'https://spoofed.burpcollaborator.net/', WILDCARD],
  ['an unlisted wildcard, dots', 'https://10.0.0.1.dyn.example.net/', WILDCARD],
  ['an unlisted wildcard, dashes', 'https://app-192-168-0-1.example.net/', WILDCARD],
  ['an unlisted wildcard, unspecified', 'https://0.0.0.0.example.net/', WILDCARD],
  ['an unlisted wildcard, more numbers', 'https://1-127-0-0-1.example.net/', WILDCARD],
  ['an unlisted wildcard, zeros', 'https://010.000.000.001.example.net/', WILDCARD],
  ['AWS, private', 'https://ip-172-31-0-9.eu-west-1.compute.amazonaws.com/', WILDCARD],
  // Ourselves.
  ['our own', 'https://gw.example.com/callbacks/x', OWN],
  ['our own, another port', 'https://gw.example.com:8443/', OWN],
  ['our own, http', 'http://gw.example.com/', OWN],
  ['our own, upper case', 'https://GW.Example.COM/', OWN],
  ['our own, a dot behind', 'https://gw.example.com./', OWN],
  ['our own, full-width', 'https://ｇｗ.example.com/', OWN],
  ['our own, escaped', 'https://%67w.example.com/', OWN],
]

describe('a callback may go to', () => {
  test.each(ACCEPTED)('%s', (_, text, url = text) => {
    expect(readTarget(text, POLICY)).toEqual({ ok: true, url })
  })
})

describe('a callback never goes to', () => {
  test.each(REFUSED)('%s', (_, text, reason) => {
    const target = readTarget(text, POLICY)
    expect(target).toEqual({ ok: false, message: expect.stringContaining(reason) })
    // What comes out of the parser goes in again the next time.
    const href = URL.parse(text)?.href
    if (href !== undefined && ![FORM, ODD, CREDENTIALS].includes(reason)) {
      expect(readTarget(href, POLICY).ok).toBe(false)
    }
    // Beyond loopback, development is no less strict.
    if (!/[/@](localhost|127|\[(::1|0:|0000:|::0\.))/i.test(href ?? '') && reason !== OWN) {
      expect(readTarget(text, LOCAL).ok).toBe(false)
    }
  })
})

describe('in development a callback', () => {
  const allowed: [string, string][] = [
    ['goes to loopback over http', 'http://127.0.0.1:9000/hook'],
    ['goes to loopback over https', 'https://127.0.0.1:9000/hook'],
    ['goes to another loopback', 'http://127.1.2.3/'],
    ['goes to localhost', 'http://localhost:9000/'],
    ['goes to IPv6 loopback', 'http://[::1]:9000/'],
    ['goes to a public name', 'https://example.com/'],
    ['goes to our port of a public name', 'https://example.com:8787/'],
  ]
  test.each(allowed)('%s', (_, text) => {
    expect(readTarget(text, LOCAL)).toEqual({ ok: true, url: text })
  })

  const refused: [string, string, string][] = [
    ['does not come to ourselves', 'http://127.0.0.1:8787/', OWN],
    ['does not come to ourselves, decimal', 'http://2130706433:8787/', OWN],
    ['does not come to ourselves as localhost', 'http://localhost:8787/', OWN],
    ['does not come to ourselves over IPv6', 'http://[::1]:8787/', OWN],
    ['does not come to ourselves over https', 'https://127.0.0.1:8787/', OWN],
    ['does not go to mapped loopback', 'http://[::ffff:127.0.0.1]:9000/', HTTPS],
    ['does not go below localhost', 'https://app.localhost:9000/', SUFFIX],
    ['does not go to localhost with a dot behind', 'http://localhost.:9000/', HTTPS],
    ['does not go to a public name over http', 'http://example.com/', HTTPS],
    ['does not go to a private network', 'https://10.0.0.1/', ADDRESS],
    ['carries no credentials', 'http://user:pass@127.0.0.1:9000/', CREDENTIALS],
  ]
  test.each(refused)('%s', (_, text, reason) => {
    const message = expect.stringContaining(reason)
    expect(readTarget(text, LOCAL)).toEqual({ ok: false, message })
  })

  test('does not come to ourselves on a default port', () => {
    const policy = { allowLoopback: true, ownOrigins: ['http://localhost'] }
    expect(readTarget('http://127.0.0.1/', policy).ok).toBe(false)
    expect(readTarget('http://127.0.0.1:80/', policy).ok).toBe(false)
    expect(readTarget('https://127.0.0.1/', policy).ok).toBe(true)
  })
})

test('each of our own hosts is known, however its origin is written', () => {
  const ownOrigins = ['', 'https://A.example.com.:8443/path', 'b.example.com:80', 'http://8.8.8.8']
  for (const host of ['a.example.com', 'b.example.com', '8.8.8.8', '134744072', 'b.example.com:1'])
    expect(readTarget(`https://${host}/`, { allowLoopback: false, ownOrigins }).ok, host).toBe(
      false
    )
  expect(readTarget('https://c.example.com/', { allowLoopback: false, ownOrigins }).ok).toBe(true)
})

test('a refusal is one sentence and does not repeat the URL', () => {
  for (const [what, text] of REFUSED) {
    const target = readTarget(text, POLICY)
    const message = target.ok ? '' : target.message
    expect(message, what).toMatch(/^The [^.]+(?<!\s)\.$|^The [^\n]+\/\/\.$/)
    if (text.length > 9) expect(message, what).not.toContain(text)
  }
})
