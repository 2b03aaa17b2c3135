/**
 * Who runs code of the Worker: an isolate, a request in it, an instance of an object in it; also the clients and HeyGen. A party that
 * is dead gets no event any more, so its code stops at the `await` where it is, and nothing that it still does has an effect.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** What an object's messages wait for: the writes before them are durable. */
export interface OutputGate {
  readonly isShut: boolean
  afterOpening(run: () => void): void
}

/** How a party may die in the middle of its work: right after it has asked something, before the answer. */
export interface Fate {
  /** What dies. */
  of: string
  /** From 0 to 1. */
  rate(): number
  die(): void
}

export class Party {
  readonly name: string
  fate: Fate | undefined
  readonly parent: Party | undefined
  readonly gate: OutputGate | undefined
  /** By how much its clock is ahead of the world's. */
  readonly skewMs: number
  /** Timers and questions to others that are not over. */
  pending = 0
  #isDead = false

  constructor(
    name: string,
    more: { parent?: Party | undefined; gate?: OutputGate; skewMs?: number } = {}
  ) {
    this.name = name
    this.parent = more.parent
    this.gate = more.gate
    this.skewMs = more.skewMs ?? more.parent?.skewMs ?? 0
  }

  get isDead(): boolean {
    return this.#isDead || this.parent?.isDead === true
  }

  kill(): void {
    this.#isDead = true
  }

  run<T>(work: () => T): T {
    return running.run(this, work)
  }
}

const running = new AsyncLocalStorage<Party>()

/** The party whose code runs. It is kept across `await`. */
export function currentParty(): Party | undefined {
  return running.getStore()
}
