/** A client's own server: keeps what it was sent and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from './gateway.ts'

export interface Received {
  at: number
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** How it was answered, once it was. */
  status?: number
}

/** How a request is answered; undefined: 200. */
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
    // Never closed for idleness: a caller that stood still meanwhile would send into a closed connection.
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.receiver = new Receiver(url, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return hold.receiver
  }

  /** Deliveries to a path, in the order in which they came. */
  posts(path?: string): Received[] {
    return this.received.filter(
      (one) => one.method === 'POST' && (path === undefined || one.path === path)
    )
  }

  /** The same, once there are so many. */
  heard(path: string, count = 1, withinMs = 30_000): Promise<Received[]> {
    return until(async () => this.posts(path).length >= count && this.posts(path), withinMs)
  }

  close(): Promise<void> {
    return this.#close()
  }
}

const TRIES = 10

/**
 * The least of several spans, tried until one is short enough. A machine that is busy or stands still can only add to
 * a span, so one that is short enough proves the promise, and where the promise is broken none is.
 */
export async function leastSpan(
  wantedMs: number,
  span: (n: number) => Promise<number>
): Promise<number> {
  let least = Infinity
  for (let n = 0; n < TRIES && least >= wantedMs; n += 1) least = Math.min(least, await span(n))
  return least
}
