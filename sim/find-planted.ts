/** Plays each planted fault over seeds, until a checker sees it. One that hardly a seed finds is played with the plan that is kept for it, too. */
import { isOf, keptPlans } from './found.ts'
import type { Outcome } from './play.ts'
import { Player } from './pool.ts'
import type { PlantedFault } from './planted/written.ts'
import { seedOfLine } from './plans/line.ts'

export interface Found {
  fault: PlantedFault
  /** How many seeds were played. */
  seeds: number
  /** What a checker said. Absent: none has seen it. */
  violation?: string
  /** The kept plan that found it, after no seed had. */
  plan?: string
}

/** How many seeds are played of a fault that has a kept plan. */
const SEEDS_BEFORE_PLAN = 50

interface Finding {
  from: number
  /** How many seeds are played of each at most. */
  seedsMax: number
  processes: number
  onFound(found: Found): void
}

export async function findAll(
  faults: readonly PlantedFault[],
  { from, seedsMax, processes, onFound }: Finding
): Promise<Found[]> {
  const plain = new Plain()
  const left = faults.values()
  const found: Found[] = []
  await Promise.all(
    Array.from({ length: Math.min(processes, faults.length) }, async () => {
      for (const fault of left) {
        const one = await find(fault, plain, from, seedsMax)
        found.push(one)
        onFound(one)
      }
    })
  )
  plain.kill()
  return found
}

async function find(
  fault: PlantedFault,
  plain: Plain,
  from: number,
  seedsMax: number
): Promise<Found> {
  const player = new Player({ sabotages: fault.sabotages })
  const [name, own] = [...keptPlans()].find(([, { planted }]) => planted === fault.name) ?? []
  const seeds = own ? Math.min(SEEDS_BEFORE_PLAN, seedsMax) : seedsMax
  try {
    for (let n = 0; n < seeds; n += 1) {
      const seed = fault.isOfLine ? seedOfLine(from + n - 1) : from + n
      const { violations } = await player.play(seed)
      const seen = violations.filter((text) => isOf(fault, text))
      if (seen.length === 0) continue
      // What the unchanged code shows too does not count.
      const usual = await plain.violations(seed)
      if (usual.some((text) => isOf(fault, text))) continue
      return { fault, seeds: n + 1, violation: `seed ${seed}: ${seen[0]}` }
    }
    const { violations } = own ? await player.play(own.plan) : { violations: [] }
    const seen = violations.find((text) => isOf(fault, text))
    return {
      fault,
      seeds,
      ...(seen !== undefined && name !== undefined ? { violation: seen, plan: name } : {}),
    }
  } finally {
    player.kill()
  }
}

/** The unchanged code. Each seed is played at most once. */
class Plain {
  #player: Player | undefined
  #last: Promise<unknown> = Promise.resolve()
  readonly #known = new Map<number, Promise<Outcome>>()

  async violations(seed: number): Promise<string[]> {
    const known = this.#known.get(seed) ?? this.#play(seed)
    this.#known.set(seed, known)
    return (await known).violations
  }

  #play(seed: number): Promise<Outcome> {
    this.#player ??= new Player()
    const player = this.#player
    const played = this.#last.then(() => player.play(seed))
    this.#last = played
    return played
  }

  kill(): void {
    this.#player?.kill()
  }
}
