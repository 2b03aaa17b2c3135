/** A provider whose bodies a test writes by hand, and helpers for tests about bodies that the gateway passes on. */
import { createHash } from 'node:crypto'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect } from 'vitest'
import type { Gateway } from '../gateway.ts'

export const MIB = 1024 * 1024
export const JSON_TYPE = { 'content-type': 'application/json' }

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void | Promise<void>

/** A provider with one handler for each method and path. HeyGen's call for the user always works. */
export async function openUpstream() {
  const answers = new Map<string, Answer>()
  const upstream = createServer((incoming, outgoing) => {
    const path = incoming.url?.split('?')[0] ?? ''
    const answer = answers.get(`${incoming.method} ${path}`)
    if (answer) return void answer(incoming, outgoing)
    incoming.resume()
    outgoing.setHeader('content-type', 'application/json')
    if (path === '/v3/users/me') outgoing.end('{"data":{"username":"0123456789abcdef"}}')
    else outgoing.writeHead(404).end('{"error":{"code":"not_found","message":"not found"}}')
  })
  // Idle connections stay open, as at the provider. If one were closed just when a call comes, the answer would be a 502.
  upstream.keepAliveTimeout = 0
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  afterAll(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  return { answers, vars: { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin } }
}

/** Chunks of bytes that are the same every time, that are not text, and that differ from chunk to chunk. */
export function* chunksOf(length: number): Generator<Buffer> {
  const chunk = Buffer.alloc(
    MIB,
    Uint8Array.from({ length: 251 }, (_, index) => index + 5)
  )
  for (let left = length, n = 0; left > 0; left -= MIB, n += 1) {
    const next = Buffer.from(chunk.subarray(0, Math.min(MIB, left)))
    next.writeUInt32BE(n, 0)
    yield next
  }
}

export function hashOf(length: number): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(length)) hash.update(chunk)
  return hash.digest('hex')
}

export async function digest(
  body: AsyncIterable<Uint8Array> | null
): Promise<{ length: number; hash: string }> {
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of body ?? []) {
    hash.update(chunk)
    length += chunk.length
  }
  return { length, hash: hash.digest('hex') }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export function deferred(): { promise: Promise<void>; resolve: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, resolve }
}

export async function slotsOf(gateway: Gateway): Promise<{ executing: { id: string }[] }> {
  const answer = await gateway.fetch('/v1/heygen/scheduler/available')
  return (await answer.json()) as { executing: { id: string }[] }
}

export async function freeAll(gateway: Gateway): Promise<void> {
  for (const { id } of (await slotsOf(gateway)).executing) {
    await gateway.fetch(`/v1/heygen/scheduler/${id}?force=true`, { method: 'DELETE' })
  }
  expect((await slotsOf(gateway)).executing).toEqual([])
}

export interface Leaver {
  /** Resolves with the answer. Its body was not read yet. */
  answer: Promise<IncomingMessage>
  leave: () => void
}

/**
 * A client that can disconnect. It resets the connection, because workerd does not treat the normal end of one direction of a TCP
 * connection as a disconnect. It asks for no compression, so that no compressor holds back small pieces.
 */
export function openCall(gateway: Gateway, path: string, body?: unknown): Leaver {
  const headers = {
    authorization: `Bearer ${gateway.token}`,
    'accept-encoding': 'identity',
    ...JSON_TYPE,
  }
  const method = body === undefined ? 'GET' : 'POST'
  const sent = request(gateway.url + path, { method, headers, agent: false })
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.on('response', resolve)
    sent.on('error', reject)
  })
  answer.catch(() => {})
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return { answer, leave: () => void sent.socket?.resetAndDestroy() }
}
