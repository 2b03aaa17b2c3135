/** What a scenario is: programs that are asked the same, and the ratios between them that are wanted. */
import type { Measured } from './load.ts'
import type { Program, ProgramName, World } from './world.ts'

/** One number of one program in one round. */
export interface Sample {
  /** Answers a second. */
  rps: number
  /** CPU time of the program's process per answer, in ms. */
  cpu: number
  /** Latency, in ms. */
  p50: number
  p99: number
}

type Measure = keyof Sample

export interface Target {
  of: ProgramName
  to: ProgramName
  measure: Measure
  atLeast?: number
  atMost?: number
}

/** How long a program is measured, or by how many answers. */
type Amount = { ms: number } | { count: number }

export interface Comparison {
  name: string
  title: string
  programs: readonly ProgramName[]
  targets: readonly Target[]
  /** Requests that each program serves before the rounds, so that its code is compiled: a new isolate is another scenario. */
  warmUp: number
  measure(world: World, name: ProgramName, options: Amount): Promise<Sample>
}

export interface Prefixed extends Program {
  /** What stands before the provider's path. */
  prefix: string
}

const PREFIXES: Partial<Record<ProgramName, string>> = { gateway: '/heygen', portkey: '/v1/proxy' }

export async function programOf(world: World, name: ProgramName): Promise<Prefixed> {
  return { ...(await world.program(name)), prefix: PREFIXES[name] ?? '' }
}

export function sampleOf({ answers, seconds, cpuMs, p50, p99 }: Measured): Sample {
  return { rps: answers / seconds, cpu: cpuMs / answers, p50, p99 }
}
