/**
 * A proxy between a gateway and its simulator. It passes every call on, except those that a test holds. So a call is under way
 * for exactly as long as the test wants, and the test knows when it has arrived.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Held {
  /** Resolves when the call has arrived. */
  arrived: Promise<void>
  /** Passes the call on to the simulator. */
  pass(): void
  /** Answers instead of the simulator. */
  refuse(status: number): void
}

interface Hold {
  method: string
  path: string
  arrive(): void
  verdict: Promise<number | undefined>
}

/** Headers that concern one connection only, or that are wrong after fetch has read the body. */
const NOT_PASSED_ON = ['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive']
const NOT_PASSED_BACK = [...NOT_PASSED_ON, 'content-encoding']

export class Gate {
  readonly url: string
  /** The URL of the simulator. */
  target = ''
  readonly #holds: Hold[] = []
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async open(): Promise<Gate> {
    const hold: { gate?: Gate } = {}
    const server = createServer((request, response) => {
      hold.gate?.serve(request, response).catch(() => response.destroy())
    })
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.gate = new Gate(url, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return hold.gate
  }

  /** The settings with which a gateway calls its simulator through this proxy. */
  get vars(): Record<string, string> {
    return {
      HEYGEN_ORIGIN: `${this.url}/api.heygen.com`,
      KLING_ORIGIN: `${this.url}/api-singapore.klingai.com`,
    }
  }

  /** Holds the next such call. `path`: the end of its path. */
  hold(method: string, path: string): Held {
    const arrived = Promise.withResolvers<void>()
    const verdict = Promise.withResolvers<number | undefined>()
    this.#holds.push({ method, path, arrive: arrived.resolve, verdict: verdict.promise })
    return {
      arrived: arrived.promise,
      pass: () => verdict.resolve(undefined),
      refuse: (status) => verdict.resolve(status),
    }
  }

  close(): Promise<void> {
    return this.#close()
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const refusal = await this.#verdictOn(method, url)
    if (refusal !== undefined) {
      response.writeHead(refusal, { 'content-type': 'application/json' })
      return void response.end('{}')
    }
    const answer = await fetch(this.target + url, {
      method,
      redirect: 'manual',
      headers: Object.entries(request.headers).flatMap(([name, value]) =>
        value === undefined || NOT_PASSED_ON.includes(name) ? [] : [[name, String(value)]]
      ) as [string, string][],
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    const headers = [...answer.headers].filter(([name]) => !NOT_PASSED_BACK.includes(name))
    response.writeHead(answer.status, Object.fromEntries(headers))
    response.end(body)
  }

  async #verdictOn(method: string, url: string): Promise<number | undefined> {
    const [path = ''] = url.split('?')
    const at = this.#holds.findIndex((one) => one.method === method && path.endsWith(one.path))
    const [held] = at < 0 ? [] : this.#holds.splice(at, 1)
    held?.arrive()
    return held?.verdict
  }
}
