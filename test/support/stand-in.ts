/**
 * A provider that keeps every byte of its requests and answers as a test sets it. For headers and bytes that the simulator would
 * never send. The key of a call, `sk_test_<name>`, shows its account.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import { Simulator } from './simulator.ts'

export interface Sent {
  method: string
  host: string
  /** The path with its query. */
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
  /** The account's name. Empty: the credential is not a key. */
  account: string
}

export interface Told {
  status?: number
  headers?: Record<string, string>
  /** A value that is neither text nor bytes is sent as JSON. */
  body?: unknown
}

type Answer = (sent: Sent) => Told | undefined

class StandIn {
  readonly url: string
  readonly sent: Sent[] = []
  answer: Answer = () => undefined
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async open(): Promise<StandIn> {
    const hold: { standIn?: StandIn } = {}
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = '', url = '', headers } = request
      const [, host = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(url) ?? []
      const body = Buffer.concat(chunks)
      const account = /^sk_test_(\w+)$/.exec(String(headers['x-api-key'] ?? ''))?.[1] ?? ''
      const sent: Sent = { method, host, path: rest, headers, body, account }
      const told = hold.standIn ? hold.standIn.#tell(sent) : {}
      const { status = 200, headers: more = {}, body: said = {} } = told
      response.writeHead(status, { 'content-type': 'application/json', ...more })
      response.end(
        said instanceof Uint8Array || typeof said === 'string' ? said : JSON.stringify(said)
      )
    })
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.standIn = new StandIn(url, async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    return hold.standIn
  }

  /** Calls of clients, and searches for ids, without the checks of credentials. */
  to(path: string): Sent[] {
    return this.sent.filter((one) => one.path.split('?')[0] === path)
  }

  close(): Promise<void> {
    return this.#close()
  }

  #tell(sent: Sent): Told {
    if (sent.host === '__sim') return {}

    const told = this.answer(sent)
    this.sent.push(sent)
    if (told) return told
    if (sent.path === '/v3/users/me') {
      const { account } = sent
      return { body: { data: { username: `user_${account}`, email: `${account}@example.com` } } }
    }
    const error = { code: 'not_found', message: 'not found', param: null, doc_url: null }
    return { status: 404, body: { error } }
  }
}

export interface StoodIn {
  gateway: Gateway
  standIn: StandIn
  close(): Promise<void>
}

export async function openStoodIn(options: GatewayOptions = {}): Promise<StoodIn> {
  const standIn = await StandIn.open()
  const simulator = new Simulator(standIn.url, async () => undefined)
  const gateway = await openGateway({ ...options, simulator })
  standIn.sent.length = 0
  const close = async () => {
    await gateway.dispose()
    await standIn.close()
  }
  return { gateway, standIn, close }
}
