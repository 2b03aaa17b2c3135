/** Runs a comparison in rounds: in each round every program once, so that all see the same noise of the machine. */
import type { Comparison, Sample, Target } from './scenario.ts'
import { spreadOf, type Spread } from './statistics.ts'
import type { ProgramName, World } from './world.ts'

interface ProgramResult {
  program: ProgramName
  rps: Spread
  cpu: Spread
  p50: Spread
  p99: Spread
}

export interface TargetResult extends Target {
  /** The ratio in each round: its median, smallest and largest. */
  ratio: Spread
  /** The ratio of the best rounds of both. On a busy machine it is nearer to what a calm one shows. */
  best: number
  /** Undefined: no target is set, the ratio is for information. */
  isMet: boolean | undefined
}

export interface ComparisonResult {
  scenario: string
  title: string
  programs: ProgramResult[]
  targets: TargetResult[]
}

export async function compare(
  world: World,
  comparison: Comparison,
  { rounds, ms }: { rounds: number; ms: number }
): Promise<ComparisonResult> {
  const { name, title, warmUp } = comparison
  const programs = comparison.programs.filter((program) => world.has(program))
  const samples = new Map<ProgramName, Sample[]>(programs.map((program) => [program, []]))
  for (const program of programs) await comparison.measure(world, program, { count: warmUp })
  for (let round = 0; round < rounds; round += 1) {
    const first = round % programs.length
    const order = [...programs.slice(first), ...programs.slice(0, first)]
    for (const program of order)
      samples.get(program)?.push(await comparison.measure(world, program, { ms }))
  }
  return {
    scenario: name,
    title,
    programs: programs.map((program) => summarize(program, samples.get(program) ?? [])),
    targets: comparison.targets.map((target) => judge(target, samples)),
  }
}

function summarize(program: ProgramName, samples: readonly Sample[]): ProgramResult {
  const spread = (measure: keyof Sample) => spreadOf(samples.map((sample) => sample[measure]))
  return { program, rps: spread('rps'), cpu: spread('cpu'), p50: spread('p50'), p99: spread('p99') }
}

function judge(target: Target, samples: ReadonlyMap<ProgramName, Sample[]>): TargetResult {
  const { of, to, measure, atLeast, atMost } = target
  const below = samples.get(to) ?? []
  const ratios = (samples.get(of) ?? []).map(
    (sample, round) => sample[measure] / (below[round]?.[measure] ?? NaN)
  )
  const ratio = spreadOf(ratios)
  const isWanted = atLeast !== undefined || atMost !== undefined
  const isMet = ratio.median >= (atLeast ?? -Infinity) && ratio.median <= (atMost ?? Infinity)
  const best = bestOf(measure, samples.get(of) ?? []) / bestOf(measure, below)
  return { ...target, ratio, best, isMet: isWanted ? isMet : undefined }
}

function bestOf(measure: Target['measure'], samples: readonly Sample[]): number {
  const values = samples.map((sample) => sample[measure])
  return measure === 'rps' ? Math.max(...values) : Math.min(...values)
}
