/** A merged list of 10 and of 100 accounts: `GET /v3/videos`, ten rows of each account. One list at a time. */
import type { Measured } from '../lib/load.ts'
import type { Report, Row } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const SIZES = [10, 100]
const DELAY_MS = 100
const SLOW_MS = 5000
const NOISE_S = 0.1
const WARM_UP = 30

export const LISTS: Report = {
  name: 'lists',
  title: 'merged list, c=1',
  async run(world, { rounds }) {
    const gateways = new Map<number, BenchedGateway>()
    for (const accounts of SIZES) {
      const gateway = await world.newGateway(`lists-${accounts}`)
      for (let at = 0; at < accounts; at += 1) await gateway.client.addAccount(`a${at}`, 2)
      await list(world, gateway, WARM_UP)
      gateways.set(accounts, gateway)
    }
    const plain = await each(world, gateways, rounds, 10)
    await world.control({ delayMs: DELAY_MS })
    const delayed = await each(world, gateways, rounds, 1)
    await world.control({ delayMs: 0, slowKey: 'sk_bench_a3', slowMs: SLOW_MS })
    const slow = await each(world, gateways, 1, 1)
    await world.control({ slowKey: '' })
    for (const gateway of gateways.values()) await world.end(gateway)
    const rows: Row[] = SIZES.map((accounts) => ({
      accounts,
      'CPU ms': plain.cpu(accounts),
      'CPU ms an account': plain.cpu(accounts) / accounts,
      'p50 ms': plain.ms(accounts),
      [`p50 ms, upstream of ${DELAY_MS} ms`]: delayed.ms(accounts),
      [`ms, one account takes ${SLOW_MS} ms`]: slow.ms(accounts),
    }))
    const wishes = [
      ...SIZES.map((accounts) => ({
        what: `CPU ms an account, ${accounts} accounts`,
        measured: plain.cpu(accounts) / accounts,
        atMost: 0.4,
      })),
      {
        what: `time of 100 accounts / of 10, upstream of ${DELAY_MS} ms`,
        measured: delayed.ms(100) / delayed.ms(10),
        atMost: 9,
      },
      ...SIZES.map((accounts) => ({
        what: `seconds by which one account of ${SLOW_MS} ms delays the list, ${accounts} accounts`,
        measured: (slow.ms(accounts) - plain.ms(accounts)) / 1000,
        atMost: SLOW_MS / 1000 + NOISE_S,
      })),
    ]
    return { rows, wishes }
  },
}

async function each(
  world: World,
  gateways: ReadonlyMap<number, BenchedGateway>,
  rounds: number,
  count: number
) {
  const lists = new Map<number, Measured[]>(SIZES.map((size) => [size, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [size, gateway] of gateways) lists.get(size)?.push(await list(world, gateway, count))
  }
  const medianOf = (size: number, of: (one: Measured) => number) =>
    spreadOf((lists.get(size) ?? []).map(of)).median
  return {
    ms: (size: number) => medianOf(size, ({ p50 }) => p50),
    cpu: (size: number) => medianOf(size, ({ cpuMs, answers }) => cpuMs / answers),
  }
}

function list(world: World, { client, worker }: BenchedGateway, count: number): Promise<Measured> {
  return world.load.run({
    port: client.port,
    pid: worker.pid,
    requests: [
      {
        method: 'GET',
        path: '/heygen/v3/videos?limit=100',
        headers: client.headers,
        expect: { status: 200, has: '"id":"sk_bench_a' },
      },
    ],
    connections: 1,
    count,
  })
}
