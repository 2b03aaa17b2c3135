/**
 * The world of one seed: a virtual clock, what will happen, and a hash of all that has happened. One event at a time is run, and all
 * that follows from it without waiting (a turn). Nothing in the world waits for a real clock, a thread or a socket.
 */
import { createHash } from 'node:crypto'
import { Chance } from './chance.ts'
import { currentParty, type Party } from './party.ts'
import { Queue, type WorldEvent } from './queue.ts'

/** 2026-11-02, a Monday, when HeyGen's older calls have ended. */
const BEGIN = Date.UTC(2026, 10, 2, 8)

const { setImmediate: nextRound } = globalThis

/** Answers a question of a party once, after so many ms. `outcome` throws if the question failed. */
export type Answer<T> = (afterMs: number, outcome: () => T) => void

export class World {
  readonly chance: Chance
  /** Lines of the log that the Worker wrote. */
  readonly logs: string[] = []
  /** Errors of the world or the Worker that nobody caught. */
  readonly errors: string[] = []
  /** Called after each turn. */
  readonly afterTurn: (() => void)[] = []
  /** Called for each line of what happens, if set. For people. */
  trace: ((line: string, said?: string | Uint8Array) => void) | undefined
  /** Why the world cannot go on. Nothing more is run. */
  stuck: string | undefined
  events = 0
  turn = 0
  #now = BEGIN
  #order = 0
  readonly #queue = new Queue()
  readonly #hash = createHash('sha256')

  constructor(seed: number) {
    this.chance = new Chance(seed)
  }

  /** Epoch ms, with a fraction. */
  get now(): number {
    return this.#now
  }

  /** What a clock of the gateway shows at that time of the world. Another world may run faster than its gateway's clock. */
  shown(at: number): number {
    return at
  }

  /** How long a span of the world lasts for the gateway. */
  shownMs(span: number): number {
    return span
  }

  get sinceStart(): number {
    return this.#now - BEGIN
  }

  /** The clock of a party: whole milliseconds, ahead by its skew. */
  clockOf(party: Party | undefined = currentParty()): number {
    return Math.floor(this.#now + (party?.skewMs ?? 0))
  }

  /** What happened goes into the hash. `bytes`: what was said. */
  note(line: string, bytes?: string | Uint8Array): void {
    this.#hash.update(`${this.#now.toFixed(3)} ${line}\n`)
    if (bytes !== undefined) this.#hash.update(bytes)
    if (this.trace) this.trace(`${(this.sinceStart / 1000).toFixed(3)} ${line}`, bytes)
  }

  /** Of all that has happened so far. */
  hash(): string {
    return this.#hash.copy().digest('hex')
  }

  at(when: number, label: string, party: Party | undefined, run: () => void): WorldEvent {
    this.#order += 1
    const at = Math.max(when, this.#now)
    const event = { at, order: this.#order, label, party, run, isDropped: false }
    this.#queue.push(event)
    return event
  }

  after(ms: number, label: string, party: Party | undefined, run: () => void): WorldEvent {
    return this.at(this.now + ms, label, party, run)
  }

  /**
   * Asks something outside of the party that runs. Its object's earlier writes are durable before the question leaves. A dead party
   * gets no answer.
   */
  ask<T>(label: string, begin: (answer: Answer<T>) => void): Promise<T> {
    const party = currentParty()
    if (party?.isDead) return new Promise(() => {})
    if (party) party.pending += 1
    return new Promise<T>((resolve, reject) => {
      let isAnswered = false
      const answer: Answer<T> = (afterMs, outcome) => {
        if (isAnswered) return
        isAnswered = true
        this.after(afterMs, label, party, () => {
          if (party) party.pending -= 1
          try {
            resolve(outcome())
          } catch (error) {
            reject(error)
          }
        })
      }
      if (party?.gate?.isShut) party.gate.afterOpening(() => begin(answer))
      else begin(answer)
      const { fate } = party ?? {}
      if (fate && this.chance.isHit(`${fate.of} dies`, fate.rate())) fate.die()
    })
  }

  sleep(ms: number, label = 'sleep'): Promise<void> {
    return this.ask(label, (answer) => answer(ms, () => undefined))
  }

  /** Runs events until none is left, or until that time, or until `isDone`, or it is stuck. Then the clock stands at the last event or at `until`. */
  async run(until: number, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone() && this.stuck === undefined) {
      const next = this.#queue.peek()
      if (!next || next.at > until) {
        if (until !== Infinity) this.#now = Math.max(this.#now, until)
        return
      }
      this.#queue.pop()
      if (next.isDropped || next.party?.isDead) continue
      this.#now = Math.max(this.#now, next.at)
      await this.#runTurn(next)
    }
  }

  async #runTurn({ label, party, run }: WorldEvent): Promise<void> {
    this.events += 1
    this.turn += 1
    this.note(label)
    try {
      if (party) party.run(run)
      else run()
    } catch (error) {
      this.errors.push(`${label}: ${String((error as Error | null)?.stack ?? error)}`)
    }
    // All promises that are resolved have run their reactions before the next round of Node's loop.
    await new Promise<void>((resolve) => void nextRound(resolve))
    for (const look of this.afterTurn) look()
  }
}
