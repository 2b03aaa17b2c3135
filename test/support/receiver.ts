/** A client's own server. It keeps every request, and `answer` decides how it answers. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from './gateway.ts'

export interface Received {
  at: number
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** The status of the answer, once it was sent. */
  status?: number
}

/** Answers a request with a status. Undefined: 200. */
export type Answer = (
  received: Received,
  response: ServerResponse
) => number | Promise<number | undefined> | undefined

export class Receiver {
  readonly url: string
  readonly received: Received[] = []
  answer: Answer = () => undefined
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async open(): Promise<Receiver> {
    const hold: { receiver?: Receiver } = {}
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      const { method = '', url = '', headers } = request
      const received: Received = { at: Date.now(), method, path: url, headers, body }
      hold.receiver?.received.push(received)
      const status = (await hold.receiver?.answer(received, response)) ?? 200
      if (response.destroyed || response.socket?.destroyed) return
      if (!response.headersSent) response.writeHead(status)
      received.status = response.statusCode
      response.end()
    })
    // Idle connections stay open. Else a caller that was paused might send into a closed connection.
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.receiver = new Receiver(url, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return hold.receiver
  }

  /** The POST requests to a path, in the order in which they came. */
  posts(path?: string): Received[] {
    return this.received.filter(
      (one) => one.method === 'POST' && (path === undefined || one.path === path)
    )
  }

  /** Waits until there are `count` of them. */
  heard(path: string, count = 1): Promise<Received[]> {
    return until(async () => this.posts(path).length >= count && this.posts(path))
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const TRIES = 10

/**
 * The shortest of several spans. Tries until one is short enough. A busy machine can only make a span longer, so one short span
 * proves the promise. If the promise is broken, no span is short enough.
 */
export async function leastSpan(
  wantedMs: number,
  span: (n: number) => Promise<number>
): Promise<number> {
  let least = Infinity
  for (let n = 0; n < TRIES && least >= wantedMs; n += 1) least = Math.min(least, await span(n))
  return least
}
