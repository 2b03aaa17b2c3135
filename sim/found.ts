/** The plans of `sim/found/`: each has broken a promise, and breaks it again with the fault that it found. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Plan } from './plans/plan.ts'
import { PLANTED } from './planted/faults.ts'
import type { PlantedFault } from './planted/written.ts'
import { Player } from './pool.ts'

interface KeptPlan {
  /** What it found, in a sentence. */
  found: string
  /** The name of the planted fault (planted/faults.ts) that puts it back. */
  planted: string
  plan: Plan
}

const FOLDER = new URL('found/', import.meta.url)

/** By the names of their files. */
export function keptPlans(): Map<string, KeptPlan> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return new Map(names.map((name) => [name, readKept(new URL(name, FOLDER))]))
}

export function readKept(file: string | URL): KeptPlan {
  return JSON.parse(readFileSync(file, 'utf8')) as KeptPlan
}

export function keep(name: string, kept: KeptPlan): void {
  writeFileSync(new URL(`${name}.json`, FOLDER), textOf(kept))
}

export function textOf(kept: KeptPlan): string {
  return `${JSON.stringify(kept, null, 2)}\n`
}

export function plantedFault(name: string): PlantedFault {
  const fault = PLANTED.find((one) => one.name === name)
  if (!fault) throw new Error(`no planted fault has the name ${name}`)
  return fault
}

/** Whether the sentence is about a promise that the fault breaks. */
export function isOf({ breaks }: PlantedFault, violation: string): boolean {
  return breaks.some((promise) => violation.startsWith(promise))
}

/** Plays each kept plan with its fault. Says of each what a checker saw, and returns how many broke their promise. */
export async function playKeptWithFaults(say: (line: string) => void): Promise<number> {
  let seen = 0
  for (const [name, { planted, plan }] of keptPlans()) {
    const fault = plantedFault(planted)
    const player = new Player({ sabotages: fault.sabotages })
    const { violations } = await player.play(plan)
    player.kill()
    const broken = violations.find((text) => isOf(fault, text))
    if (broken !== undefined) seen += 1
    say(`${name}, ${planted}: ${broken ?? 'not found'}`)
  }
  return seen
}
