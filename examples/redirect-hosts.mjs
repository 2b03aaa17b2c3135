// Sends the calls of a Node client to your gateway, if the client cannot change its host api.heygen.com (Node 20 or newer).
//
//   REDIRECT_HOSTS="api.heygen.com=https://gw.example/heygen,upload.heygen.com=https://gw.example/heygen" \
//     node --import ./redirect-hosts.mjs client.mjs
//
// If another program starts Node (n8n …), set NODE_OPTIONS="--import=/path/to/redirect-hosts.mjs". A path in the target is put
// before the path of the call. This file redirects fetch, http and https. It does not redirect HTTP/2, or programs that are
// not Node. Use the gateway's token as the client's API key.
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import { urlToHttpOptions } from 'node:url'

const targets = new Map((process.env.REDIRECT_HOSTS ?? '').split(',').map(readTarget))

function readTarget(text) {
  const [, host, origin] = /^\s*([a-z0-9.-]+(?::\d+)?)=(https?:\/\/[^\s?#@]+)\s*$/i.exec(text) ?? []
  if (!origin || !URL.canParse(origin)) {
    throw new Error(`REDIRECT_HOSTS must be "host=http://gateway,…"; this is not: "${text}"`)
  }
  return [host.toLowerCase(), new URL(origin)]
}

const prefixOf = (target) => target.pathname.replace(/\/$/, '')

const fetchNow = globalThis.fetch
globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input)
  const target = targets.get(url.host)
  if (!target) return fetchNow(input, init)
  const to = target.origin + prefixOf(target) + url.pathname + url.search
  return fetchNow(input instanceof Request ? new Request(to, input) : to, init)
}

const native = { 'http:': { ...http }, 'https:': { ...https } }
for (const [protocol, module] of Object.entries({ 'http:': http, 'https:': https })) {
  module.request = (...args) => send(protocol, args)
  module.get = (...args) => send(protocol, args).end()
}
syncBuiltinESMExports()

const OF_THE_OLD_HOST = ['port', 'servername', 'defaultPort', '_defaultAgent']

function send(protocol, args) {
  const options = toOptions(args)
  const asked = options.protocol ?? protocol
  const name = String(options.hostname ?? options.host)
    .replace(/:\d+$/, '')
    .toLowerCase()
  const isUsual = !options.port || Number(options.port) === (asked === 'https:' ? 443 : 80)
  const target = targets.get(isUsual ? name : `${name}:${options.port}`)
  if (!target) return native[protocol].request(...args)
  const { agent, headers, ...rest } = options
  for (const name of OF_THE_OLD_HOST) delete rest[name]
  const isAgentFit = agent === false || agent?.protocol === target.protocol
  return native[target.protocol].request(
    {
      ...rest,
      ...(isAgentFit ? { agent } : {}),
      ...(headers ? { headers: withoutHost(headers) } : {}),
      ...(target.port ? { port: target.port } : {}),
      protocol: target.protocol,
      host: target.hostname,
      hostname: target.hostname,
      path: prefixOf(target) + (options.path ?? '/'),
    },
    args.find((one) => typeof one === 'function')
  )
}

/** request(url, options?, callback?) or request(options, callback?). */
function toOptions([first, second]) {
  if (typeof first !== 'string' && !(first instanceof URL)) return first ?? {}
  const more = typeof second === 'object' ? second : {}
  return { ...urlToHttpOptions(new URL(first)), ...more }
}

function withoutHost(headers) {
  if (Array.isArray(headers)) return headers
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host')
  )
}
