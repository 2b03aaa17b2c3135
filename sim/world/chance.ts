/** The n-th time (from 1) that a question was asked, something happened. */
export interface Hit {
  of: string
  n: number
}

/**
 * Random numbers of a seed (mulberry32). Each question has a stream of its own, so that one more answer to one question changes no
 * answer to another: a plan that loses a step keeps most of its faults.
 */
export class Chance {
  readonly seed: number
  /** How often each question was asked whether something happens. */
  readonly asked = new Map<string, number>()
  /** What has happened, in its order. */
  readonly hits: Hit[] = []
  #forced: readonly Hit[] = []
  readonly #states = new Map<string, number>()

  constructor(seed: number) {
    this.seed = seed
  }

  /** From now on, questions are counted from 1, and `forced` happens whatever its rate is. */
  begin(forced: readonly Hit[]): void {
    this.asked.clear()
    this.#forced = forced
  }

  /** At least 0 and below 1. `of`: the question. */
  next(of: string): number {
    const state = ((this.#states.get(of) ?? hashOf(`${this.seed} ${of}`)) + 0x6d2b79f5) >>> 0
    this.#states.set(of, state)
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Whether it happens this time. A rate of 0 draws nothing. */
  isHit(of: string, rate: number): boolean {
    const n = (this.asked.get(of) ?? 0) + 1
    this.asked.set(of, n)
    const isForced = this.#forced.some((one) => one.of === of && one.n === n)
    const isHit = isForced || (rate > 0 && this.next(of) < rate)
    if (isHit) this.hits.push({ of, n })
    return isHit
  }

  between(of: string, least: number, most: number): number {
    return least + this.next(of) * (most - least)
  }

  /** From 0 to `below - 1`. */
  index(of: string, below: number): number {
    return Math.floor(this.next(of) * below)
  }

  pick<T>(of: string, from: readonly T[]): T {
    const picked = from[this.index(of, from.length)]
    if (picked === undefined) throw new Error(`nothing to pick from: ${of}`)
    return picked
  }

  hex(of: string, length: number): string {
    let text = ''
    while (text.length < length)
      text += this.index(of, 2 ** 24)
        .toString(16)
        .padStart(6, '0')
    return text.slice(0, length)
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
