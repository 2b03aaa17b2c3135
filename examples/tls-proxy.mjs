// For clients in Python, Go or anything else whose host is fixed: a proxy on this machine that answers for api.heygen.com with a
// certificate of its own and sends what it gets to your gateway. Everything else passes through untouched. Node 20 or newer,
// nothing to install.
//
//   REDIRECT_HOSTS="api.heygen.com=https://gw.example/heygen,upload.heygen.com=https://gw.example/heygen" node tls-proxy.mjs
//
// It prints three variables. Set them for the client, and only for it. Use the gateway's token as the client's API key. Python
// (urllib, requests, httpx, aiohttp with trust_env), Go (net/http), curl, Ruby and Java (with its own settings) obey them.
// The client trusts a certificate authority that is made at each start. Its key is never written to a file, so it ends with this
// program.
// It listens only on loopback. It does not carry WebSockets, because clients that use them have settings of their own.
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream'
import tls from 'node:tls'

const targets = new Map((process.env.REDIRECT_HOSTS ?? '').split(',').map(readTarget))

function readTarget(text) {
  const [, host, origin] = /^\s*([a-z0-9.-]+)=(https?:\/\/[^\s?#@]+)\s*$/i.exec(text) ?? []
  if (!origin || !URL.canParse(origin)) {
    throw new Error(`REDIRECT_HOSTS must be "host=http://gateway,…"; this is not: "${text}"`)
  }
  return [host.toLowerCase(), new URL(origin)]
}

// Certificates (X.509 in DER), with only the parts that TLS clients need.
const der = (tag, ...parts) => {
  const body = Buffer.concat(parts)
  const digits = body.length.toString(16)
  const size = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
  const length = body.length < 128 ? size : Buffer.concat([Buffer.from([0x80 + size.length]), size])
  return Buffer.concat([Buffer.from([tag]), length, body])
}
const seq = (...parts) => der(0x30, ...parts)
const octets = (...parts) => der(0x04, ...parts)
const oid = (hex) => der(0x06, Buffer.from(hex, 'hex'))
const bits = (bytes, unused = 0) => der(0x03, Buffer.from([unused]), bytes)
const YES = Buffer.from([0x01, 0x01, 0xff])
const ECDSA_SHA256 = seq(oid('2a8648ce3d040302'))
const nameOf = (text) => seq(der(0x31, seq(oid('550403'), der(0x0c, Buffer.from(text)))))
const time = (ms) =>
  der(0x17, Buffer.from(new Date(ms).toISOString().replace(/^20|[-:T]|\.\d+/g, '')))
const DAY_MS = 86_400_000

function keyPair() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  // The key itself is the last 65 bytes.
  return { privateKey, spki, id: createHash('sha1').update(spki.subarray(-65)).digest() }
}

function certificate(subject, issuer, hosts) {
  const usage = hosts ? bits(Buffer.from([0x80]), 7) : bits(Buffer.from([0x06]), 1)
  const extensions = [
    seq(oid('551d13'), YES, octets(hosts ? seq() : seq(YES))),
    seq(oid('551d0f'), YES, octets(usage)),
    seq(oid('551d0e'), octets(octets(subject.key.id))),
    seq(oid('551d23'), octets(seq(der(0x80, issuer.key.id)))),
  ]
  if (hosts) {
    const names = hosts.map((host) => der(0x82, Buffer.from(host)))
    extensions.push(seq(oid('551d11'), octets(seq(...names))))
    extensions.push(seq(oid('551d25'), octets(seq(oid('2b06010505070301')))))
  }
  const now = Date.now()
  const body = seq(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([0x01]), randomBytes(15)),
    ECDSA_SHA256,
    nameOf(issuer.name),
    seq(time(now - DAY_MS), time(now + 365 * DAY_MS)),
    nameOf(subject.name),
    subject.key.spki,
    der(0xa3, seq(...extensions))
  )
  const whole = seq(body, ECDSA_SHA256, bits(sign('sha256', body, issuer.key.privateKey)))
  const lines = whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

const authority = { name: 'redirected hosts, this machine only', key: keyPair() }
const server = { name: [...targets.keys()][0], key: keyPair() }
const trusted = path.resolve(process.env.TRUST_FILE ?? 'redirected-hosts.pem')
// A client trusts only the file that it gets, so the file also contains the usual authorities.
const own = certificate(authority, authority)
writeFileSync(trusted, `${own}${tls.rootCertificates.join('\n')}\n`)

const OF_ONE_CONNECTION = ['connection', 'host', 'keep-alive', 'proxy-connection', 'te', 'upgrade']

function forward(incoming, outgoing) {
  const target = targets.get(incoming.socket.servername ?? '')
  if (!target) return outgoing.writeHead(421).end()
  const headers = { ...incoming.headers }
  for (const name of OF_ONE_CONNECTION) delete headers[name]
  const to = target.origin + target.pathname.replace(/\/$/, '') + incoming.url
  const { request } = target.protocol === 'https:' ? https : http
  const sent = request(to, { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.rawHeaders)
    pipeline(answer, outgoing, () => undefined)
  })
  // The client sees a cut connection, as it would without this proxy. An error answer might make it repeat the call.
  sent.on('error', () => outgoing.destroy())
  outgoing.on('close', () => sent.destroy())
  pipeline(incoming, sent, () => undefined)
}

const key = server.key.privateKey.export({ type: 'pkcs8', format: 'pem' })
const cert = certificate(server, authority, [...targets.keys()])
const inside = https.createServer({ key, cert }, forward)

const proxy = http.createServer((_, answer) =>
  answer.writeHead(400).end('Only HTTPS is carried.\n')
)
proxy.on('connect', (asked, socket, head) => {
  const { hostname, port } = new URL(`http://${asked.url}`)
  socket.on('error', () => undefined)
  if (targets.has(hostname) && (port === '443' || port === '')) {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    inside.emit('connection', socket)
    return
  }
  const tunnel = net.connect(Number(port || 80), hostname, () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    tunnel.write(head)
    pipeline(socket, tunnel, socket, () => undefined)
  })
  tunnel.on('error', () => socket.destroy())
})

proxy.listen(Number(process.env.PORT ?? 8088), '127.0.0.1', () => {
  const address = `http://127.0.0.1:${proxy.address().port}`
  console.log(
    `export HTTPS_PROXY=${address} SSL_CERT_FILE=${trusted} REQUESTS_CA_BUNDLE=${trusted}`
  )
})
