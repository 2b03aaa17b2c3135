/**
 * The provider of all benched programs: fixed answers, as little work as `node:http` allows. It knows which videos have ended, how
 * long it waits before an answer, and which webhook was registered. Started by `fork`; it sends its port.
 *
 * GET  /v3/users/me             the account
 * GET  /v3/videos               ten videos of the account
 * POST /v3/videos               a new video id
 * GET  /v3/videos/{id}          a running job, or a completed one
 * GET  /v3/avatars/looks/{id}   a public avatar
 * GET  /v3/voices/{id}          a public voice
 * GET  /v3/bench/big            64 MiB
 * POST /v1/asset                takes any body, says how many bytes came
 * POST /v3/webhooks/endpoints   keeps the URL
 * POST /control                 `{ completed: [ids] }`, `{ delayMs }`, `{ slowKey, slowMs }`; answers `{ calls, hooks }`
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  BIG_BYTES,
  HOOK_SECRET,
  LOOK,
  ME,
  meOf,
  pageOf,
  statusOf,
  VOICE,
} from '../lib/upstream-answers.ts'

const PIECE = Buffer.alloc(1024 * 1024, 'heygen')
const completed = new Set<string>()
const hooks: string[] = []
const delays = { ms: 0, slowKey: '', slowMs: 0 }
let made = 0
let calls = 0

const server = createServer((request, response) => {
  calls += 1
  const key = keyOf(request)
  const delay = key !== '' && key === delays.slowKey ? delays.slowMs : delays.ms
  if (delay > 0 && request.url !== '/control') setTimeout(() => serve(request, response), delay)
  else serve(request, response)
})
server.keepAliveTimeout = 120_000
process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', 4096, () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})

function keyOf({ headers }: IncomingMessage): string {
  return headers['x-api-key']?.toString() ?? ''
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { method, url = '' } = request
  if (method === 'GET' || method === 'HEAD') return get(request, response, url)
  void read(request, url).then(({ body, bytes }) => answer(response, post(url, body, bytes)))
}

function get(request: IncomingMessage, response: ServerResponse, url: string): void {
  const key = keyOf(request)
  if (url === '/v3/users/me') return answer(response, key === '' ? ME : meOf(key))
  if (url.startsWith('/v3/videos/')) {
    const id = url.slice('/v3/videos/'.length)
    return answer(response, statusOf(id, completed.has(id)))
  }
  if (url.startsWith('/v3/videos')) return answer(response, pageOf(key))
  if (url.startsWith('/v3/avatars/looks/')) return answer(response, LOOK)
  if (url.startsWith('/v3/voices/')) return answer(response, VOICE)
  if (url.startsWith('/v3/webhooks/')) return answer(response, '{"data":[],"has_more":false}')
  if (url === '/v3/bench/big') return void pour(response)
  if (url.startsWith('/v1/') || url.startsWith('/v2/')) return answer(response, '{"data":{}}')
  return answer(response, '{"error":{"code":"not_found","message":"not found"}}', 404)
}

function answer(response: ServerResponse, body: string, code = 200): void {
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  })
  response.end(body)
}

async function pour(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-length': String(BIG_BYTES), 'content-type': 'video/mp4' })
  for (let sent = 0; sent < BIG_BYTES; sent += PIECE.length) {
    if (!response.write(PIECE)) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}

interface Control {
  completed?: string[]
  delayMs?: number
  slowKey?: string
  slowMs?: number
}

function post(url: string, body: string, bytes: number): string {
  if (url === '/control') {
    const wish = JSON.parse(body) as Control
    for (const id of wish.completed ?? []) completed.add(id)
    delays.ms = wish.delayMs ?? delays.ms
    delays.slowKey = wish.slowKey ?? delays.slowKey
    delays.slowMs = wish.slowMs ?? delays.slowMs
    return JSON.stringify({ calls, hooks })
  }
  if (url === '/v1/asset') return JSON.stringify({ data: { id: 'asset', bytes } })
  if (url === '/v3/webhooks/endpoints') {
    const { url: hook } = JSON.parse(body) as { url: string }
    hooks.push(hook)
    return JSON.stringify({ data: { endpoint_id: `hook${hooks.length}`, secret: HOOK_SECRET } })
  }
  made += 1
  const id = made.toString(16).padStart(32, '0')
  return `{"data":{"video_id":"${id}","status":"waiting","output_format":"mp4"}}`
}

/** A file is counted, not kept. */
async function read(
  request: IncomingMessage,
  url: string
): Promise<{ body: string; bytes: number }> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request) {
    bytes += (piece as Buffer).length
    if (url !== '/v1/asset') pieces.push(piece as Buffer)
  }
  return { body: Buffer.concat(pieces).toString(), bytes }
}
