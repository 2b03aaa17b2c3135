/**
 * Isolates run the Worker. Each has an `env` of its own, so caches of its own, and stands in a place. A request ends with its answer
 * and what it has deferred, at most half a minute later. When an isolate dies, its requests and objects die with it.
 */
import type { Build } from './build.ts'
import type { Socket } from './sockets.ts'
import { Party } from '../world/party.ts'
import type { World } from '../world/world.ts'

/** What a client sends. */
export interface ClientCall {
  method: string
  url: string
  headers: Record<string, string>
  body?: string | undefined
  /** When the client goes away without an answer. Absent: it waits. */
  leavesAfterMs?: number | undefined
}

/** What a client sees. `cut`: the connection ended without an answer. */
export interface ClientAnswer {
  status: number | 'cut'
  headers: Record<string, string>
  body: string
  /** Its end of an open connection. */
  socket?: Socket
}

const CUT: ClientAnswer = { status: 'cut', headers: {}, body: '' }
/** How long deferred work may go on after the answer, or after the client has left. */
const DEFER_MS = 30_000
const LATENCY_MS = { least: 1, most: 80 }

export class Isolate {
  readonly name: string
  readonly place: string
  readonly party: Party
  readonly env: unknown
  readonly #world: World
  readonly build: Build
  /** How often a request dies right after it has asked something, with all that it has deferred. */
  dieRate = () => 0
  #deaths: (() => void)[] = []

  constructor(
    world: World,
    build: Build,
    who: { name: string; place: string; env: unknown; skewMs: number }
  ) {
    this.#world = world
    this.build = build
    this.name = who.name
    this.place = who.place
    this.env = who.env
    this.party = new Party(who.name, { skewMs: who.skewMs })
  }

  onDeath(run: () => void): void {
    this.#deaths.push(run)
  }

  kill(): void {
    this.#world.note(`isolate ${this.name} dies`)
    this.party.kill()
    for (const run of this.#deaths.splice(0)) run()
  }

  /** A client's call, from its first byte to the last of its answer. */
  call(call: ClientCall): Promise<ClientAnswer> {
    const { chance } = this.#world
    const latency = () => chance.between('client latency', LATENCY_MS.least, LATENCY_MS.most)
    return this.#world.ask(`answer to client ${call.method}`, (answer) => {
      const request = new Party(`request in ${this.name}`, { parent: this.party })
      const die = () => {
        request.kill()
        answer(latency(), () => CUT)
      }
      request.fate = { of: 'request', rate: this.dieRate, die }
      const label = `${call.method} ${call.url} at ${this.name}`
      this.#world.after(latency(), label, undefined, () => {
        if (this.party.isDead) return answer(latency(), () => CUT)
        this.onDeath(() => answer(latency(), () => CUT))
        request.run(() => void this.#serve(request, call, (seen) => answer(latency(), () => seen)))
      })
    })
  }

  async #serve(
    party: Party,
    call: ClientCall,
    answer: (seen: ClientAnswer) => void
  ): Promise<void> {
    const gone = new AbortController()
    const deferred = new Set<Promise<unknown>>()
    const end = () => {
      if (deferred.size === 0) party.kill()
      else this.#world.after(DEFER_MS, 'end of deferred work', undefined, () => party.kill())
    }
    let isOver = false
    const leave = () => {
      if (isOver) return
      isOver = true
      answer(CUT)
      gone.abort(new DOMException('The client has disconnected', 'AbortError'))
      end()
    }
    if (call.leavesAfterMs !== undefined)
      this.#world.after(call.leavesAfterMs, 'client leaves', party, leave)
    const context = {
      waitUntil: (work: Promise<unknown>) => {
        deferred.add(work)
        const done = () => {
          deferred.delete(work)
          if (isOver && deferred.size === 0) party.kill()
        }
        work.then(done, done)
      },
      passThroughOnException: () => {},
    }
    try {
      const { method, url, headers, body } = call
      const request = new Request(url, {
        method,
        headers,
        signal: gone.signal,
        ...(body === undefined ? {} : { body }),
      })
      const response = await this.build.gateway.fetch(request, this.env, context)
      const text = await response.text().catch(() => undefined)
      // The answer broke off in the middle.
      if (text === undefined) return leave()
      if (isOver) return
      this.#world.note(`answered ${response.status}`, text)
      const { webSocket } = response as Response & { webSocket?: Socket }
      const seenHeaders = Object.fromEntries(response.headers)
      const seen = { status: response.status, headers: seenHeaders, body: text }
      answer(webSocket ? { ...seen, socket: webSocket } : seen)
    } catch (error) {
      if (isOver) return
      this.#world.errors.push(`${call.method} ${call.url}: ${String((error as Error).stack)}`)
      answer(CUT)
    }
    isOver = true
    end()
  }
}
