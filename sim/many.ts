/** Plays many seeds in several processes. */
import { fork } from 'node:child_process'
import type { Outcome } from './play.ts'

export interface Seeds {
  from: number
  count: number
  /** How many processes. */
  processes: number
  /** Each seed is played twice, and must have one hash. */
  isTwice: boolean
}

/** What a process is asked to play. Its answers are outcomes, then how often each line of `src` was reached. */
export interface Part {
  seeds: number[]
  isTwice: boolean
}

/** By file of `src`: the numbers of the lines with code, and of those among them that were reached. */
export type Reached = Record<string, { lines: number[]; reached: number[] }>

export type Told = { outcome: Outcome } | { reached: Reached }

/** `onOutcome` is called for each seed, in no certain order. */
export async function playMany(
  { from, count, processes, isTwice }: Seeds,
  onOutcome: (outcome: Outcome) => void
): Promise<Reached[]> {
  const parts = Array.from({ length: processes }, (): number[] => [])
  for (let n = 0; n < count; n += 1) parts[n % processes]?.push(from + n)
  return Promise.all(parts.map((seeds) => playPart({ seeds, isTwice }, onOutcome)))
}

function playPart(part: Part, onOutcome: (outcome: Outcome) => void): Promise<Reached> {
  const child = fork(`${import.meta.dirname}/part.ts`)
  let reached: Reached = {}
  return new Promise((resolve, reject) => {
    child.on('message', (told: Told) => {
      if ('outcome' in told) return onOutcome(told.outcome)
      reached = told.reached
      child.disconnect()
    })
    child.on('exit', (code) =>
      code === 0
        ? resolve(reached)
        : reject(new Error(`a process of the simulation ended: ${code}`))
    )
    child.send(part)
  })
}
