/** Makes the streaming calls of a browser with the published SDK, and opens its chat socket. */
import { request } from 'node:http'
import { expect } from 'vitest'
import type { Gateway } from '../gateway.ts'

export const ORIGIN = { origin: 'https://app.example.com' }

/** The body that the published SDK (2.1.0) sends. JSON leaves out undefined members. */
export const NEW = {
  avatar_name: 'Wayne_20240711',
  quality: 'low',
  voice: {},
  version: 'v2',
  video_encoding: 'H264',
  source: 'sdk',
  ia_is_livekit_transport: false,
}

export interface Opened {
  data: { session_id: string; access_token: string; url: string }
}

export async function newStreamToken(
  gateway: Gateway,
  path = '/v1/streaming.create_token',
  headers: Record<string, string> = {}
): Promise<string> {
  const answer = await gateway.fetch(path, { method: 'POST', headers })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as { data: { token: string } }).data.token
}

/** Calls as a browser does, with no credential but the stream token. */
export function call(gateway: Gateway, token: string, path: string, body: unknown, more = {}) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...ORIGIN,
    ...more,
  }
  return fetch(gateway.url + path, { method: 'POST', body: JSON.stringify(body), headers })
}

export async function openSession(gateway: Gateway, token: string, more = {}): Promise<string> {
  const answer = await call(gateway, token, '/v1/streaming.new', { ...NEW, ...more })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return ((await answer.json()) as Opened).data.session_id
}

export function socketUrl(gateway: Gateway, session: string, token: string, prefix = ''): string {
  const query = `session_id=${session}&session_token=${token}&silence_response=false&push_to_talk=false`
  return `${gateway.url.replace('http', 'ws')}${prefix}/v1/ws/streaming.chat?${query}`
}

export async function openChat(
  url: string,
  headers: Record<string, string> = {}
): Promise<WebSocket> {
  // Node's own WebSocket also takes headers, besides the protocols of the standard.
  const socket = new WebSocket(url, { headers } as unknown as string[])
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the socket did not open')))
  })
  return socket
}

export function echoOf(
  socket: WebSocket,
  message: string | Uint8Array<ArrayBuffer>
): Promise<unknown> {
  const echo = new Promise((resolve) =>
    socket.addEventListener('message', (event) => resolve(event.data), { once: true })
  )
  socket.send(message)
  return echo
}

export function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) =>
    socket.addEventListener('close', (event) => resolve(event.code), { once: true })
  )
}

/** The answer to a handshake that is refused. */
export function handshake(url: string, more: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Headers; body: string }>((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...more,
    }
    const asked = request(url, { headers })
    asked.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve({ status: answer.statusCode ?? 0, headers: new Headers(), body: '' })
    })
    asked.on('response', (answer) => {
      const { statusCode: status = 0, headers: received } = answer
      let body = ''
      answer.setEncoding('utf8').on('data', (text: string) => (body += text))
      answer.on('end', () =>
        resolve({ status, headers: new Headers(received as Record<string, string>), body })
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}
