/** The gateway beside Portkey as a plain pass-through, c=32. Portkey does not choose an account, nor does it hold slots. */
import { programOf, sampleOf, type Comparison } from '../lib/scenario.ts'
import { ME, statusOf } from '../lib/upstream-answers.ts'

function besidePortkey(name: string, what: string, callOf: (id: string) => Call): Comparison {
  return {
    name,
    title: `${what} beside Portkey, c=32`,
    programs: ['bare', 'portkey', 'gateway'],
    warmUp: 2000,
    targets: [
      { of: 'gateway', to: 'portkey', measure: 'rps', atLeast: 2.5 },
      { of: 'gateway', to: 'portkey', measure: 'cpu' },
    ],
    async measure(world, program, amount) {
      const { port, pid, headers, prefix } = await programOf(world, program)
      const { path, is } = callOf(await world.runningJob())
      const expect = { status: 200, is }
      const requests = [{ method: 'GET', path: prefix + path, headers, expect }]
      return sampleOf(
        await world.load.run({ port, pid, requests, connections: 32, ...amount, warmUp: 64 })
      )
    },
  }
}

interface Call {
  path: string
  is: string
}

export const PORTKEY = [
  besidePortkey('portkey', 'plain read', () => ({ path: '/v3/users/me', is: ME })),
  besidePortkey('portkey-poll', 'status poll', (id) => ({
    path: `/v3/videos/${id}`,
    is: statusOf(id),
  })),
]
