/** The network as the Worker sees it: `fetch` reaches servers by their host. Calls take time, and may break before or after arriving. */
import { currentParty } from '../world/party.ts'
import type { Answer, World } from '../world/world.ts'

export interface NetworkCall {
  method: string
  url: URL
  headers: Headers
  body: string
}

export interface NetworkReply {
  status: number
  body: string
  headers?: Record<string, string>
  /** The connection breaks in the middle of the body. */
  isCut?: boolean
}

/** `reset`: the connection breaks without an answer. `hang`: no answer ever comes. */
export type Served = NetworkReply | 'reset' | 'hang'

/** A server answers at once; `afterMs`: how long the caller waits for it. */
export interface Server {
  serve(call: NetworkCall): { reply: Served; afterMs: number }
}

export interface NetworkRates {
  /** The call breaks before it arrives. */
  resetBefore: number
  /** The call arrives, its answer does not. */
  resetAfter: number
  /** It takes seconds, before or after it arrives. */
  slow: number
  /** A request to the Worker ends right after it has asked something, with all that it has deferred. */
  requestDies: number
}

export const CALM_NETWORK: NetworkRates = { resetBefore: 0, resetAfter: 0, slow: 0, requestDies: 0 }

const LATENCY_MS = { least: 4, most: 200 }
const SLOW_MS = { least: 5000, most: 110_000 }

export class Network {
  rates = CALM_NETWORK
  readonly servers = new Map<string, Server>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input instanceof Request ? input.url : input)
    const { signal } = init
    signal?.throwIfAborted()
    const call: NetworkCall = {
      method: init.method ?? 'GET',
      url,
      headers: new Headers(init.headers),
      body: await bodyOf(init.body),
    }
    const party = currentParty()
    return new Promise<Response>((resolve, reject) => {
      const stop = () => reject(signal?.reason as Error)
      signal?.addEventListener('abort', stop, { once: true })
      this.#world
        .ask<Response>(`answer of ${url.host}`, (answer) => {
          if (signal?.aborted) return answer(0, () => broken())
          this.#send(call, party?.name ?? '', answer)
        })
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', stop))
    })
  }

  #send(call: NetworkCall, from: string, answer: Answer<Response>): void {
    const { chance } = this.#world
    const latency = () => chance.between('network latency', LATENCY_MS.least, LATENCY_MS.most)
    const { host, pathname } = call.url
    const of = `${host} ${call.method}`
    if (chance.isHit(`reset before ${of}`, this.rates.resetBefore))
      return answer(latency(), () => broken())
    const slow = chance.isHit(`slow ${of}`, this.rates.slow)
      ? chance.between('slow ms', SLOW_MS.least, SLOW_MS.most)
      : 0
    const isSlowBefore = slow > 0 && chance.isHit('slow before', 0.5)
    const ms = latency() + (isSlowBefore ? slow : 0)
    this.#world.after(ms, `${of} ${pathname} from ${from}`, undefined, () => {
      this.#world.note(call.url.search, call.body)
      const server = this.servers.get(host)
      if (!server) return answer(latency(), () => broken())
      const { reply, afterMs } = server.serve(call)
      const isLost = chance.isHit(`reset after ${of}`, this.rates.resetAfter)
      if (reply === 'hang') return
      const wait = latency() + afterMs + (isSlowBefore ? 0 : slow)
      if (reply === 'reset' || isLost) return answer(wait, () => broken())
      answer(wait, () => toResponse(reply))
    })
  }
}

function broken(): never {
  throw new TypeError('Network connection lost.')
}

function toResponse({ status, body, headers = {}, isCut = false }: NetworkReply): Response {
  const init = { status, headers: { 'content-type': 'application/json', ...headers } }
  if (status === 204 || status === 304) return new Response(null, init)
  if (!isCut) return new Response(body, init)
  const half = new TextEncoder().encode(body.slice(0, body.length / 2))
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(half),
    pull: (controller) => controller.error(new TypeError('Network connection lost.')),
  })
  return new Response(stream, init)
}

async function bodyOf(body: RequestInit['body']): Promise<string> {
  if (body === undefined || body === null) return ''
  return typeof body === 'string' ? body : new Response(body).text()
}
