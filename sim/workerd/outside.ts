/** What workerd calls, over HTTP: each plan's HeyGen and receivers, behind the same faulty network as in the simulation. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Network } from '../platform/network.ts'

/** By a plan's accounts, whose keys hold their names. */
const ACCOUNT_OF_KEY = /sk_sim_([a-z]+)_/
const RECEIVER = /^\/app\/(\d+)(?=\/)/

export class Outside {
  readonly url: string
  /** By the name of an account. */
  readonly byAccount = new Map<string, Network>()
  /** By the number of a plan. */
  readonly byPlan = new Map<number, Network>()
  readonly #server: Server

  private constructor(url: string, server: Server) {
    this.url = url
    this.#server = server
  }

  static async open(): Promise<Outside> {
    const hold: { outside?: Outside } = {}
    const server = createServer((request, response) => {
      response.sendDate = false
      hold.outside?.serve(request, response).catch(() => response.destroy())
    })
    // Idle connections stay open. Else a caller that was paused might send into a closed connection.
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    hold.outside = new Outside(url, server)
    return hold.outside
  }

  /** The address of a plan's receivers. */
  receiverOf(seed: number): string {
    return `${this.url}/app/${seed}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET', url = '/' } = request
    const { network, to } = this.#found(request, url)
    if (!network) return answerUnknown(response)
    const body = Buffer.concat(chunks).toString('utf8')
    const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
      name,
      String(value),
    ])
    const answer = await network.fetch(to, {
      ...{ method, headers },
      ...(body === '' ? {} : { body }),
    })
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    for await (const part of answer.body ?? []) response.write(part)
    response.end()
  }

  #found({ headers }: IncomingMessage, url: string): { network: Network | undefined; to: string } {
    const [, seed] = RECEIVER.exec(url) ?? []
    if (seed !== undefined)
      return {
        network: this.byPlan.get(Number(seed)),
        to: `https://app.example.com${url.replace(RECEIVER, '')}`,
      }
    const [, name = ''] = ACCOUNT_OF_KEY.exec(JSON.stringify(headers)) ?? []
    return { network: this.byAccount.get(name), to: `https:/${url}` }
  }
}

/** No account has such a key. */
function answerUnknown(response: ServerResponse): void {
  response.writeHead(401, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { code: 'unauthorized', message: 'Unauthorized' } }))
}
