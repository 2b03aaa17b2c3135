import { spreadOf } from './statistics.ts'
export async function compare(world, comparison, { rounds, ms }) {
  const { name, title, programs, warmUp } = comparison
  const samples = new Map(programs.map((program) => [program, []]))
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
function summarize(program, samples) {
  const spread = (measure) => spreadOf(samples.map((sample) => sample[measure]))
  return { program, rps: spread('rps'), cpu: spread('cpu'), p50: spread('p50'), p99: spread('p99') }
}
function judge(target, samples) {
  const { of, to, measure, atLeast, atMost } = target
  const below = samples.get(to) ?? []
  const ratios = (samples.get(of) ?? []).map(
    (sample, round) => sample[measure] / (below[round]?.[measure] ?? NaN)
  )
  const ratio = spreadOf(ratios)
  const isWanted = atLeast !== undefined || atMost !== undefined
  const isMet = ratio.median >= (atLeast ?? -Infinity) && ratio.median <= (atMost ?? Infinity)
  return { ...target, ratio, isMet: isWanted ? isMet : undefined }
}
