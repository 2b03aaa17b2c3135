/**
 * WebSockets, as far as live pages need them: two ends of one connection, and the answer 101 that carries one of them. The end at an
 * object outlives its sleep, not its death.
 */
import { currentParty } from '../world/party.ts'
import type { World } from '../world/world.ts'

const LATENCY_MS = { least: 1, most: 80 }
const TAKEN_MS = 180_000
const [OPEN, CLOSED] = [1, 3]

export interface Listener {
  onMessage(text: string): void
  onClose(code: number): void
}

export class Socket {
  readyState = OPEN
  #listener: Listener | undefined
  #early: ((listener: Listener) => void)[] = []
  #peer: Socket | undefined
  #attached: unknown = null
  #lastAt = 0
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Whether somebody hears what arrives. The platform closes one whose client never got it. */
  get isTaken(): boolean {
    return this.#listener !== undefined
  }

  /** What has arrived before is heard first. */
  listen(listener: Listener): void {
    this.#listener = listener
    for (const tell of this.#early.splice(0)) tell(listener)
  }

  #arrive(tell: (listener: Listener) => void): void {
    if (this.#listener) tell(this.#listener)
    else this.#early.push(tell)
  }

  static pair(world: World): [Socket, Socket] {
    const [one, other] = [new Socket(world), new Socket(world)]
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  /** Leaves when all writes before it are durable. */
  send(text: string): void {
    if (this.readyState !== OPEN) throw new TypeError('the socket is closed')
    this.#leave(`message ${text.slice(0, 40)}`, (peer) => {
      this.#world.note('socket', text)
      if (peer.readyState === OPEN) peer.#arrive(({ onMessage }) => onMessage(text))
    })
  }

  close(code = 1000, _why = ''): void {
    if (this.readyState !== OPEN) return
    this.readyState = CLOSED
    this.#leave(`close ${code}`, (peer) => {
      if (peer.readyState !== OPEN) return
      peer.readyState = CLOSED
      peer.#arrive(({ onClose }) => onClose(code))
    })
  }

  #leave(label: string, arrive: (peer: Socket) => void): void {
    const { gate, isDead } = currentParty() ?? {}
    if (isDead === true) return
    const { chance } = this.#world
    const go = () => {
      const ms = chance.between('socket latency', LATENCY_MS.least, LATENCY_MS.most)
      // What one end sends arrives in its order.
      this.#lastAt = Math.max(this.#world.now + ms, this.#lastAt)
      this.#world.at(
        this.#lastAt,
        `socket ${label}`,
        undefined,
        () => this.#peer && arrive(this.#peer)
      )
    }
    if (gate?.isShut === true) gate.afterOpening(go)
    else go()
  }

  serializeAttachment(value: unknown): void {
    this.#attached = structuredClone(value)
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.#attached)
  }
}

const NativeResponse = globalThis.Response

/** Workers' Response may have the status 101, and then carries a socket. */
class WorkerResponse extends NativeResponse {
  readonly webSocket: Socket | undefined

  constructor(body?: BodyInit | null, init: ResponseInit & { webSocket?: Socket } = {}) {
    const { webSocket, status, ...rest } = init
    super(body, status === 101 || status === undefined ? rest : { ...rest, status })
    this.webSocket = webSocket
    if (status === 101) Object.defineProperty(this, 'status', { value: 101 })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof NativeResponse
  }
}

export function takeSockets(worldNow: () => World): void {
  class WebSocketPair {
    constructor() {
      const world = worldNow()
      const [page, ours] = Socket.pair(world)
      world.after(TAKEN_MS, 'socket not taken', undefined, () => {
        if (!page.isTaken) page.close(1006)
      })
      Object.assign(this, { 0: page, 1: ours })
    }
  }
  class WebSocketRequestResponsePair {}
  Object.assign(globalThis, { WebSocketPair, WebSocketRequestResponsePair })
  Object.assign(globalThis, { Response: WorkerResponse })
  Object.assign(globalThis.WebSocket, { READY_STATE_OPEN: OPEN })
}

/** An answer of an object's `fetch`, between two parties. The socket itself does not cross as bytes. */
export interface CrossedAnswer {
  status: number
  headers: [string, string][]
  body: string
  socket?: number
}

/** Sockets that cross, by number. */
export class Crossing {
  readonly #sockets: Socket[] = []

  async leave(answer: Response): Promise<CrossedAnswer> {
    const { status, headers } = answer
    const { webSocket } = answer as WorkerResponse
    const crossed = { status, headers: [...headers], body: await answer.text() }
    if (!webSocket) return crossed
    return { ...crossed, socket: this.#sockets.push(webSocket) - 1 }
  }

  arrive({ status, headers, body, socket }: CrossedAnswer): Response {
    const webSocket = socket === undefined ? undefined : this.#sockets[socket]
    const init = { status, headers, ...(webSocket === undefined ? {} : { webSocket }) }
    return new WorkerResponse(status === 101 ? null : body, init)
  }
}
