/** Bindings of the classes of objects: stubs whose calls are structured clones, take time, and may be lost or come twice. */
import type { Methods } from './build.ts'
import type { HostedObject } from './objects.ts'
import { Crossing, type CrossedAnswer } from './sockets.ts'
import { currentParty } from '../world/party.ts'
import { CALL_FAULTS, fail, fromWire, lostCall, toWire } from './wire.ts'
import type { Answer, World } from '../world/world.ts'

const LATENCY_MS = { least: 0.5, most: 30 }
const SLOW_MS = { least: 1000, most: 20_000 }
/** Only objects call these, and not for longer than a while. Of other calls it is not promised that one without an answer ends. */
const LIMITED = new Set([
  'takeWork',
  'report',
  'work',
  'endUnstarted',
  'limitedLeases',
  'noteQueue',
  'takeTargets',
  'jobsOf',
  'outlets',
])

/** The binding of one class, as an isolate has it. */
export class Namespace {
  readonly #world: World
  readonly #host: (name: string) => HostedObject
  readonly #label: string
  readonly #crossing = new Crossing()

  constructor(world: World, label: string, host: (name: string) => HostedObject) {
    this.#world = world
    this.#label = label
    this.#host = host
  }

  getByName(name: string): unknown {
    return new Proxy(
      {},
      {
        get: (_, method) => {
          if (typeof method !== 'string' || method === 'then') return undefined
          if (method === 'fetch')
            return async (url: string, { headers = {} }: { headers?: HeadersInit } = {}) => {
              const given = [url, [...new Headers(headers)]]
              const answer = await this.#call(this.#host(name), method, given)
              return this.#crossing.arrive(answer as CrossedAnswer)
            }
          return (...values: unknown[]) => this.#call(this.#host(name), method, values)
        },
      }
    )
  }

  #run(methods: Methods, method: string, values: unknown[]): unknown {
    if (method !== 'fetch') return methods[method]?.(...values)
    const [url, headers] = values as [string, [string, string][]]
    const answer = methods['fetch']?.(new Request(url, { headers })) as Promise<Response>
    return answer.then((one) => this.#crossing.leave(one))
  }

  async #call(host: HostedObject, method: string, values: unknown[]): Promise<unknown> {
    const bytes = toWire(values)
    // Not the bytes: V8 writes equal values in several ways.
    const said = JSON.stringify(values)
    const { chance } = this.#world
    const label = `${this.#label}.${method}`
    const rates = host.rates()
    const caller = currentParty()?.name ?? ''
    const back = await this.#world.ask<Buffer>(`answer ${label}`, (answer) => {
      const latency = () => chance.between('object latency', LATENCY_MS.least, LATENCY_MS.most)
      const lost = () => lostCall(chance.pick('lost how', CALL_FAULTS))
      const slow = chance.isHit('slow call', rates.slowCall)
        ? chance.between('slow call ms', SLOW_MS.least, SLOW_MS.most)
        : 0
      const isUnreachable =
        this.#world.now < host.unreachableUntil && (host.unreachableMethod ?? method) === method
      if (isUnreachable || chance.isHit('lose call', rates.loseCall))
        return answer(latency(), () => fail(lost()))
      const isLost = chance.isHit('lose answer', rates.loseAnswer)
      const deliver = (ms: number, told: Answer<Buffer>) =>
        void this.#world.after(ms, `call ${label} from ${caller}`, undefined, () => {
          this.#world.note(`with ${host.name}`, said)
          host.receive(label, (methods) => this.#run(methods, method, fromWire(bytes)), told)
        })
      const isHung = LIMITED.has(method) && chance.isHit('hang call', rates.hangCall ?? 0)
      if (isHung) return deliver(latency(), () => {})
      deliver(latency() + slow, isLost ? (ms) => answer(ms, () => fail(lost())) : answer)
      if (chance.isHit('double call', rates.doubleCall))
        deliver(latency() + slow + chance.between('second call', 0, 500), () => {})
    })
    const value = fromWire<unknown>(back)
    this.#world.note(`answered ${label}`, JSON.stringify(value))
    return value
  }
}
