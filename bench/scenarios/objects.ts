/**
 * How many jobs one account's object takes in a second, and how many ids one tenant's desk: programs/workers/objects.ts calls them
 * directly. From these numbers docs/performance.md says which object becomes the neck.
 */
import path from 'node:path'
import { bundle } from '../../scripts/lib/build-worker.ts'
import { BENCH } from '../lib/processes.ts'
import type { Report } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'

const CONNECTIONS = 32
const WARM_UP = 1000

export const OBJECTS: Report = {
  name: 'objects',
  title: `what one object takes, c=${CONNECTIONS}`,
  async run(world, { rounds, ms }) {
    const script = await bundle(path.join(BENCH, 'programs/workers/objects.ts'))
    const { worker, client, ...gateway } = await world.newGateway('objects', { script })
    await client.addAccount('ann', 50)
    const run = (what: string, amount: { ms: number } | { count: number }) =>
      world.load.run({
        port: client.port,
        pid: worker.pid,
        requests: [
          {
            method: 'POST',
            path: `/__bench/${what}?tenant=${client.tenant}`,
            headers: {},
            expect: { status: 200, is: '{"isDone":true}' },
          },
        ],
        connections: CONNECTIONS,
        ...amount,
      })
    const measure = async (what: string) => {
      await run(what, { count: WARM_UP })
      const measured = []
      for (let round = 0; round < rounds; round += 1) measured.push(await run(what, { ms }))
      return {
        rate: spreadOf(measured.map(({ answers, seconds }) => answers / seconds)).median,
        cpu: spreadOf(measured.map(({ answers, cpuMs }) => cpuMs / answers)).median,
      }
    }
    const jobs = await measure('slots')
    const learns = await measure('learn')
    await world.end({ worker, client, ...gateway })
    const rowOf = (what: string, { rate, cpu }: { rate: number; cpu: number }) => ({
      what,
      'a second': rate,
      'CPU ms': cpu,
    })
    return {
      rows: [
        rowOf('jobs (acquire, bind, settle) of one account', jobs),
        rowOf('ids learnt by one desk', learns),
      ],
      wishes: [{ what: 'jobs a second of one account', measured: jobs.rate, atLeast: 300 }],
    }
  },
}
