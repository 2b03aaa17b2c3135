/**
 * The provider of all benched programs: fixed answers, as little work as `node:http` allows. It knows one thing only: which videos
 * have ended. Started by `fork`; it sends its port.
 *
 * GET  /v3/users/me         the account
 * POST /v3/videos           a new video id
 * GET  /v3/videos/{id}      a running job, or a completed one after `POST /control/complete` with a list of ids
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ME, statusOf } from '../lib/upstream-answers.ts'

const completed = new Set<string>()
let made = 0

const server = createServer((request, response) => {
  const { method, url = '' } = request
  if (method === 'GET') {
    if (url === '/v3/users/me') return answer(response, ME)
    if (url.startsWith('/v3/videos/')) {
      const id = url.slice('/v3/videos/'.length)
      return answer(response, statusOf(id, completed.has(id)))
    }
    return answer(response, '{"error":{"code":"not_found","message":"not found"}}', 404)
  }
  void read(request).then((body) => answer(response, post(url, body)))
})
server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', 4096, () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})

function answer(response: ServerResponse, body: string, code = 200): void {
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  })
  response.end(body)
}

function post(url: string, body: string): string {
  if (url === '/control/complete') {
    for (const id of JSON.parse(body) as string[]) completed.add(id)
    return '{}'
  }
  made += 1
  const id = made.toString(16).padStart(32, '0')
  return `{"data":{"video_id":"${id}","status":"waiting","output_format":"mp4"}}`
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}
