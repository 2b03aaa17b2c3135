/** The gateway in workerd, as one plan sees it (platform/front.ts). */
import type { Front } from '../platform/front.ts'
import type { ClientAnswer, ClientCall } from '../platform/isolates.ts'
import { Network } from '../platform/network.ts'
import { ORIGIN, type Rates } from '../platform/universe.ts'
import type { RealWorld } from '../world/real-world.ts'
import type { Workerd } from './workerd.ts'

const CUT: ClientAnswer = { status: 'cut', headers: {}, body: '' }
/** A client waits this long, in real ms. */
const UNANSWERED_MS = 60_000
/** For so long a plan waits for what is owed, in the time of the world. */
const REST_MS = 8 * 3_600_000
const LOOK_MS = 120_000
/** What a call itself says in whole seconds is not divided by TIME_SCALE. */
const SHORTEST_WAIT = 'wait=1'
const START_WITHIN = 'x-gateway-start-within'
/** In the items of a bulk call. */
const STARTS_WITHIN = new RegExp(`("${START_WITHIN}":"?)(\\d+)`, 'gi')
const RECEIVER = /https:\/\/app\.example\.com/g

export class WorkerdFront implements Front {
  readonly world: RealWorld
  readonly network: Network
  readonly kv = { entries: new Map<string, never>(), reads: 0, writes: 0 }
  readonly objects = new Map<string, never>()
  readonly #workerd: Workerd
  readonly #receiver: string
  readonly #address: string
  readonly #kill: () => void
  #isResting = false

  constructor(
    world: RealWorld,
    workerd: Workerd,
    { seed, receiver, kill }: { seed: number; receiver: string; kill: () => void }
  ) {
    this.world = world
    this.network = new Network(world)
    this.#workerd = workerd
    this.#receiver = receiver
    // Wrong tokens are counted by address.
    this.#address = `10.${(seed >> 16) & 255}.${(seed >> 8) & 255}.${seed & 255}`
    this.#kill = kill
  }

  objectsOf(): never[] {
    return []
  }

  /** Only what happens between workerd and others: its inside is its own. */
  setRates({ network }: Rates): void {
    this.network.rates = network
  }

  renew(): void {}

  /** Its settings are the same for all plans. */
  async deploy(): Promise<void> {}

  /** The whole process dies. */
  killIsolate(): void {
    this.#kill()
  }

  /** When only promises are looked at, a question that a kill has cut is asked again. */
  async call(call: ClientCall): Promise<ClientAnswer> {
    for (;;) {
      await this.#workerd.untilUp()
      const { kills } = this.#workerd
      const answer = await this.#send(call)
      const isKilled = answer.status === 'cut' && kills !== this.#workerd.kills
      if (!this.#isResting || !isKilled) return answer
    }
  }

  async rest(isOwed: () => Promise<boolean>): Promise<void> {
    this.#isResting = true
    const latest = this.world.now + REST_MS
    while (this.world.now < latest && (await isOwed())) await this.world.sleep(LOOK_MS, 'rest')
  }

  #shownSeconds(text: string): string {
    return String(Math.ceil(this.world.shownMs(Number(text))))
  }

  #shownBody(body: string): string {
    return body
      .replace(RECEIVER, this.#receiver)
      .replace(STARTS_WITHIN, (_, name: string, text: string) => name + this.#shownSeconds(text))
  }

  async #send({ method, url, headers, body, leavesAfterMs }: ClientCall): Promise<ClientAnswer> {
    const { prefer, [START_WITHIN]: startWithin } = headers
    const ms = leavesAfterMs === undefined ? UNANSWERED_MS : this.world.shownMs(leavesAfterMs)
    try {
      const answer = await fetch(url.replace(ORIGIN, this.#workerd.url), {
        ...{ method, redirect: 'manual', signal: AbortSignal.timeout(Math.ceil(ms)) },
        headers: {
          ...headers,
          ...(prefer === undefined ? {} : { prefer: prefer.replace(/wait=\d+/, SHORTEST_WAIT) }),
          ...(startWithin === undefined ? {} : { [START_WITHIN]: this.#shownSeconds(startWithin) }),
          'cf-connecting-ip': this.#address,
        },
        ...(body === undefined ? {} : { body: this.#shownBody(body) }),
      })
      const text = await answer.text()
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: text }
    } catch {
      return CUT
    }
  }
}
