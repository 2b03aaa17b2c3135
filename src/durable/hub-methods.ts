/** The RPC methods and sockets of a hub, an instance of TenantDesk that open pages look at. `live/hub.ts` does the work. */
import type { Ticket } from '#domain/live/hub.ts'
import type { Pool, PoolAccount } from '#domain/live/pool-account.ts'
import { TICKET_HEADER } from '#domain/ports/hub.ts'
import type { Hub } from '#durable/live/hub.ts'
import type { DeskParts } from './desk-parts.ts'
import { RegistrarMethods } from './registrar-methods.ts'

export abstract class HubMethods extends RegistrarMethods {
  protected abstract override readonly parts: RegistrarMethods['parts'] & Pick<DeskParts, 'hub'>

  async keepTicket(hash: string, ticket: Ticket): Promise<boolean> {
    return this.#hub.keepTicket(hash, ticket)
  }

  async push(summary: PoolAccount): Promise<boolean> {
    return this.#hub.push(summary)
  }

  async look(): Promise<Pool> {
    return this.#hub.look()
  }

  /** Only the Worker calls this, with the hash of a ticket. Nothing of a client's request reaches it. */
  override async fetch(request: Request): Promise<Response> {
    return this.#hub.connect(request.headers.get(TICKET_HEADER) ?? '')
  }

  override async webSocketMessage(_: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#hub.onMessage(message)
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 mean that no code was sent. They cannot be sent either.
    socket.close(code === 1005 || code === 1006 ? 1000 : code)
  }

  /** The object sleeps while its sockets stay open, and a ping does not wake it. */
  protected acceptSocket(socket: WebSocket): void {
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))
    this.ctx.acceptWebSocket(socket)
  }

  get #hub(): Hub {
    const { hub } = this.parts
    if (!hub) throw new Error('this object is no hub')
    return hub
  }
}
