/** A plain read: `GET /v3/users/me`, one account. */
import type { Comparison, Target } from '../lib/scenario.ts'
import { programOf, sampleOf } from '../lib/scenario.ts'
import { ME } from '../lib/upstream-answers.ts'

function plainRead(name: string, connections: number, targets: readonly Target[]): Comparison {
  return {
    name,
    title: `plain read, c=${connections}`,
    programs: ['direct', 'nginx', 'bare', 'bare+token', 'bare+duties', 'gateway'],
    targets,
    warmUp: 4000,
    async measure(world, program, amount) {
      const { port, pid, headers, prefix } = await programOf(world, program)
      const expect = { status: 200, is: ME }
      const path = `${prefix}/v3/users/me`
      const requests = [{ method: 'GET', path, headers, expect }]
      return sampleOf(
        await world.load.run({
          port,
          pid,
          requests,
          connections,
          ...amount,
          warmUp: connections * 2,
        })
      )
    },
  }
}

export const READS = [
  plainRead('read', 32, [
    { of: 'gateway', to: 'bare', measure: 'rps', atLeast: 0.8 },
    { of: 'gateway', to: 'bare+token', measure: 'rps', atLeast: 0.9 },
    { of: 'gateway', to: 'bare+duties', measure: 'rps' },
    { of: 'gateway', to: 'bare', measure: 'cpu' },
    { of: 'gateway', to: 'bare+token', measure: 'cpu' },
    { of: 'gateway', to: 'bare+duties', measure: 'cpu' },
  ]),
  plainRead('read-c1', 1, [
    { of: 'gateway', to: 'bare', measure: 'p50', atMost: 1.25 },
    { of: 'gateway', to: 'bare', measure: 'cpu' },
  ]),
]
