/**
 * A world whose time is the machine's, `scale` times as fast. It is for what cannot be simulated: another process, with a clock of its
 * own that runs as always (workerd, `sim/workerd/`). What happens in it is not repeatable, so it has no hash.
 */
import type { Party } from './party.ts'
import type { WorldEvent } from './queue.ts'
import { World } from './world.ts'

const LOOK_MS = 50

export class RealWorld extends World {
  readonly scale: number
  readonly #begin = Date.now()

  constructor(seed: number, scale: number) {
    super(seed)
    this.scale = scale
  }

  override get now(): number {
    return this.#begin + (Date.now() - this.#begin) * this.scale
  }

  override get sinceStart(): number {
    return this.now - this.#begin
  }

  override shown(at: number): number {
    return this.#begin + (at - this.#begin) / this.scale
  }

  override shownMs(span: number): number {
    return span / this.scale
  }

  override note(line: string): void {
    this.trace?.(`${(this.sinceStart / 1000).toFixed(3)} ${line}`)
  }

  override at(when: number, label: string, party: Party | undefined, run: () => void): WorldEvent {
    const event = { at: when, order: 0, label, party, run, isDropped: false }
    setTimeout(() => this.#happen(event), Math.max(0, when - this.now) / this.scale)
    return event
  }

  /** Events happen by themselves. This only waits. */
  override async run(until: number, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone() && this.now < until)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }

  #happen({ label, party, run, isDropped }: WorldEvent): void {
    if (isDropped || party?.isDead) return
    this.events += 1
    this.note(label)
    try {
      if (party) party.run(run)
      else run()
    } catch (error) {
      this.errors.push(`${label}: ${String((error as Error | null)?.stack ?? error)}`)
    }
    for (const look of this.afterTurn) look()
  }
}
