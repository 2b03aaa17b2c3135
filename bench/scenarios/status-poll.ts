/** A status poll of a running job: `GET /v3/videos/{id}`, a job that the gateway knows. */
import type { Comparison } from '../lib/scenario.ts'
import { programOf, sampleOf } from '../lib/scenario.ts'
import { statusOf } from '../lib/upstream-answers.ts'

export const POLL: Comparison = {
  name: 'poll',
  title: 'status poll of a running job, c=32',
  programs: ['direct', 'bare', 'bare+parse', 'bare+token+parse', 'gateway'],
  targets: [
    { of: 'gateway', to: 'bare', measure: 'rps', atLeast: 0.65 },
    { of: 'gateway', to: 'bare+parse', measure: 'rps', atLeast: 0.85 },
    { of: 'gateway', to: 'bare+token+parse', measure: 'rps' },
    { of: 'gateway', to: 'bare', measure: 'cpu' },
    { of: 'gateway', to: 'bare+parse', measure: 'cpu' },
  ],
  warmUp: 4000,
  async measure(world, program, amount) {
    const { port, pid, headers, prefix } = await programOf(world, program)
    const id = await world.runningJob()
    const requests = [
      {
        method: 'GET',
        path: `${prefix}/v3/videos/${id}`,
        headers,
        expect: { status: 200, is: statusOf(id) },
      },
    ]
    return sampleOf(
      await world.load.run({ port, pid, requests, connections: 32, ...amount, warmUp: 64 })
    )
  },
}
