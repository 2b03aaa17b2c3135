/** Where clients are told: their endpoints and callbacks. Some refuse for a while, some break the connection. */
import type { Received } from '../../test/support/receiver.ts'
import type { NetworkCall, Served, Server } from '../platform/network.ts'
import type { World } from '../world/world.ts'

export type Manner = 'told' | 'flaky' | 'dead'

/** A flaky one refuses so many attempts of one delivery; a dead one breaks the connection until it mends. */
const FLAKY_TIMES = 2

export class Receivers implements Server {
  readonly received: Received[] = []
  /** When the dead ones answer again, epoch ms. */
  mendAt = 0
  /** Paths that refuse everything, and until when, epoch ms. */
  readonly failing = new Map<string, number>()
  readonly #world: World
  readonly #tries = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  serve({ method, url, headers, body }: NetworkCall): { reply: Served; afterMs: number } {
    if (method !== 'POST') return { reply: { status: 200, body: '' }, afterMs: 0 }
    const path = url.pathname
    const reply = this.#replyTo(path, headers.get('webhook-id') ?? '')
    const status = reply === 'reset' ? 0 : 200
    const seen = reply === 'refuse' ? 500 : status
    this.received.push({
      ...{
        path: path + url.search,
        method,
        body,
        headers: Object.fromEntries(headers),
        status: seen,
      },
      at: this.#world.now,
    })
    if (reply === 'reset') return { reply, afterMs: 0 }
    return { reply: { status: seen, body: '' }, afterMs: 0 }
  }

  #replyTo(path: string, id: string): 'take' | 'refuse' | 'reset' {
    if (this.#world.now < (this.failing.get(path) ?? 0)) return 'refuse'
    if (path.startsWith('/dead/') && this.#world.now < this.mendAt) return 'reset'
    if (!path.startsWith('/flaky/')) return 'take'
    const tried = (this.#tries.get(`${path} ${id}`) ?? 0) + 1
    this.#tries.set(`${path} ${id}`, tried)
    return tried <= FLAKY_TIMES ? 'refuse' : 'take'
  }

  to(start: string): Received[] {
    return this.received.filter(({ path }) => path.startsWith(start))
  }
}
