/**
 * The first request of a fresh isolate, and start-up. Each time the process is started anew. The first request is a plain read;
 * the gateway reads its token and accounts from KV for it. The program that is only parsed has the gateway's text in a function
 * that nobody calls: what the gateway's start costs more is the evaluation of its modules.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { BUNDLE } from '../../scripts/lib/bundle.ts'
import { cpuMs, end } from '../lib/processes.ts'
import type { Report, Row } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'
import { ME, meOf } from '../lib/upstream-answers.ts'
import type { World } from '../lib/world.ts'

interface Start {
  startCpu: number
  first: number
  firstCpu: number
  second: number
}

/** What is known before the first request: workerd itself and the Worker's top level have run. */
interface Fresh {
  port: number
  pid: number
  headers: Record<string, string>
  prefix: string
  answer: string
}

export const FRESH: Report = {
  name: 'fresh',
  title: 'first request of a fresh isolate: a plain read',
  async run(world, { rounds }) {
    const gateway = await world.newGateway('fresh')
    await gateway.client.addAccount('ann', 50)
    const programs: Record<string, () => Promise<Fresh>> = {
      bare: () => restartBare(world, 'bare'),
      'bare+token': () => restartBare(world, 'bare+token'),
      gateway: async () => {
        const { port, pid } = await gateway.restart()
        const { headers } = gateway.client
        return { port, pid, headers, prefix: '/heygen', answer: meOf('ann') }
      },
    }
    const parsed: number[] = []
    const starts = new Map<string, Start[]>(Object.keys(programs).map((name) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, restart] of Object.entries(programs))
        starts.get(name)?.push(await measure(world, await restart()))
      parsed.push(await startParsed(world))
    }
    await world.end(gateway)
    const median = (name: string, of: keyof Start) =>
      spreadOf((starts.get(name) ?? []).map((start) => start[of])).median
    const rows: Row[] = [...starts.keys()].map((program) => ({
      program,
      'start CPU ms': median(program, 'startCpu'),
      'first ms': median(program, 'first'),
      'first CPU ms': median(program, 'firstCpu'),
      'second ms': median(program, 'second'),
    }))
    const start = median('gateway', 'startCpu')
    const parsedStart = spreadOf(parsed).median
    const ratio = (of: keyof Start) => median('gateway', of) / median('bare', of)
    return {
      rows: [...rows, { program: 'gateway, parsed only', 'start CPU ms': parsedStart }],
      wishes: [
        { what: 'first request of gateway / bare', measured: ratio('first'), atMost: 3 },
        { what: 'CPU of it, gateway / bare', measured: ratio('firstCpu') },
        {
          what: 'start-up: CPU ms of gateway − bare',
          measured: start - median('bare', 'startCpu'),
          atMost: 50,
        },
        {
          what: 'of it evaluation: CPU ms of gateway − parsed only',
          measured: start - parsedStart,
        },
      ],
    }
  },
}

/** The CPU time of a start at which the gateway's bundle is parsed and nothing of it runs. */
async function startParsed(world: World): Promise<number> {
  const bundle = await readFile(`${BUNDLE}/index.js`, 'utf8')
  const body = bundle
    .replaceAll(/import\s*\{[^}]*\}\s*from\s*"cloudflare:workers";?/g, '')
    .replace(/export\s*\{[^}]*\};?\s*(\/\/#.*\s*)?$/, '')
  const script = `export function uncalled(){${body}}\nexport default { fetch: () => new Response() }`
  const folder = path.join(world.folder, 'parsed')
  const { child, pid } = await world.startWorker({ folder, script, vars: {} })
  const startCpu = cpuMs(pid)
  await end(child)
  return startCpu
}

async function restartBare(world: World, name: 'bare' | 'bare+token'): Promise<Fresh> {
  const { port, pid, headers } = await world.restartBare(name)
  return { port, pid, headers, prefix: '', answer: ME }
}

async function measure(world: World, fresh: Fresh): Promise<Start> {
  const { port, pid, headers, prefix, answer } = fresh
  const startCpu = cpuMs(pid)
  const read = () =>
    world.load.run({
      port,
      pid,
      requests: [
        {
          method: 'GET',
          path: `${prefix}/v3/users/me`,
          headers,
          expect: { status: 200, is: answer },
        },
      ],
      connections: 1,
      count: 1,
    })
  const first = await read()
  const second = await read()
  return { startCpu, first: first.p50, firstCpu: first.cpuMs, second: second.p50 }
}
