/** A page that is open: it opens the gateway's live socket as a browser does, and keeps every message. */
import { request } from 'node:http'
import type { PoolAccount } from '../../../src/domain/live/pool-account.ts'
import { until, type Gateway } from '../gateway.ts'

export type LiveMessage =
  | { type: 'pool'; at: string; isWhole: boolean; accounts: PoolAccount[] }
  | { type: 'account'; account: PoolAccount }
  | { type: 'removed'; tenant: string; provider: string; email: string }

/** `headers`: of another caller than the gateway's token. */
export async function ticketOf(
  gateway: Gateway,
  headers: Record<string, string> = {}
): Promise<string> {
  const answer = await gateway.post('/v1/live', {}, headers)
  if (answer.status !== 201) throw new Error(`no ticket: ${answer.status} ${await answer.text()}`)
  const { ticket } = (await answer.json()) as { ticket: string }
  gateway.secrets.push(ticket)
  return ticket
}

/** The status of the answer to the opening of a socket. */
export function statusOfOpening(gateway: Gateway, ticket: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request(`${gateway.url}/v1/live?ticket=${encodeURIComponent(ticket)}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      },
    })
    asking.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asking.on('upgrade', (answer, socket) => {
      socket.destroy()
      resolve(answer.statusCode ?? 0)
    })
    asking.on('error', reject)
    asking.end()
  })
}

export class LivePage {
  readonly messages: LiveMessage[] = []
  readonly texts: string[] = []
  closedWith: number | undefined
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      this.texts.push(String(data))
      if (String(data) !== 'pong') this.messages.push(JSON.parse(String(data)) as LiveMessage)
    })
    socket.addEventListener('close', ({ code }) => (this.closedWith = code))
  }

  static async open(
    gateway: Gateway,
    { headers = {} }: { headers?: Record<string, string> } = {}
  ): Promise<LivePage> {
    const ticket = await ticketOf(gateway, headers)
    const address = gateway.url.replace(/^http/, 'ws')
    const socket = new WebSocket(`${address}/v1/live?ticket=${encodeURIComponent(ticket)}`)
    const page = new LivePage(socket)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error('the socket did not open')), {
        once: true,
      })
    })
    await until(async () => page.messages.some(({ type }) => type === 'pool'))
    return page
  }

  send(text: string): void {
    this.#socket.send(text)
  }

  close(): void {
    this.#socket.close()
  }

  /** The accounts as the page would draw them now, by email. */
  accounts(): Map<string, PoolAccount> {
    const drawn = new Map<string, PoolAccount>()
    for (const message of this.messages) {
      if (message.type === 'removed') drawn.delete(message.email)
      else if (message.type === 'account') drawn.set(message.account.email, message.account)
      else for (const account of message.accounts) drawn.set(account.email, account)
    }
    return drawn
  }

  /** Resolves when the page shows such an account. */
  shows(email: string, what: (account: PoolAccount) => boolean): Promise<PoolAccount> {
    return until(async () => {
      const account = this.accounts().get(email)
      return account !== undefined && what(account) && account
    })
  }
}
