/**
 * A job creation on a free account: `POST /v3/videos`, one account of 50 slots. Jobs are started in windows of 45 that are
 * measured. After each window they end, which is not measured: at the gateway a status poll shows each end.
 */
import type { Measured } from '../lib/load.ts'
import { programOf, sampleOf, type Comparison, type Prefixed } from '../lib/scenario.ts'
import { MADE_ID, statusOf, VIDEO } from '../lib/upstream-answers.ts'
import type { World } from '../lib/world.ts'

const WINDOW = 45
const CONNECTIONS = 8

export const CREATION: Comparison = {
  name: 'create',
  title: `job creation, free account, c=${CONNECTIONS}`,
  programs: ['bare', 'bare+creation', 'gateway'],
  targets: [
    { of: 'gateway', to: 'bare+creation', measure: 'rps', atLeast: 0.8 },
    { of: 'gateway', to: 'bare+creation', measure: 'cpu' },
    { of: 'gateway', to: 'bare', measure: 'cpu' },
  ],
  warmUp: 1000,
  async measure(world, name, amount) {
    const program = await programOf(world, name)
    const windows: Measured[] = []
    let seconds = 0
    let started = 0
    while ('ms' in amount ? seconds < amount.ms / 1000 : started < amount.count) {
      const window = await startWindow(world, program, name)
      windows.push(window)
      seconds += window.seconds
      started += window.answers
    }
    return sampleOf(together(windows))
  },
}

async function startWindow(world: World, program: Prefixed, name: string): Promise<Measured> {
  const headers = { ...program.headers, 'content-type': 'application/json' }
  const { port, pid, prefix } = program
  const path = `${prefix}/v3/videos`
  const expect = { status: 200, has: '"video_id":"' }
  const window = await world.load.run({
    port,
    pid,
    requests: [{ method: 'POST', path, headers, body: VIDEO, expect }],
    connections: CONNECTIONS,
    count: WINDOW,
    collect: MADE_ID,
  })
  const ids = new Set(window.collected)
  if (ids.size !== window.answers) throw new Error(`${ids.size} jobs of ${window.answers} answers`)
  await endJobs(world, program, name, [...ids])
  return window
}

async function endJobs(
  world: World,
  { port, headers, prefix }: Prefixed,
  name: string,
  ids: string[]
): Promise<void> {
  if (name === 'bare+creation') {
    const body = JSON.stringify(ids)
    const settled = await fetch(`http://127.0.0.1:${port}/settle`, { method: 'POST', body })
    if (!settled.ok) throw new Error(await settled.text())
  }
  if (name !== 'gateway') return
  await world.control({ completed: ids })
  const requests = ids.map((id) => ({
    method: 'GET',
    path: `${prefix}/v3/videos/${id}`,
    headers,
    expect: { status: 200, is: statusOf(id, true) },
  }))
  await world.load.run({ port, requests, connections: CONNECTIONS, count: ids.length })
}

function together(windows: readonly Measured[]): Measured {
  const sum = (of: (window: Measured) => number) =>
    windows.reduce((total, window) => total + of(window), 0)
  const mean = (of: (window: Measured) => number) => sum(of) / windows.length
  return {
    answers: sum(({ answers }) => answers),
    seconds: sum(({ seconds }) => seconds),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    p50: mean(({ p50 }) => p50),
    p99: mean(({ p99 }) => p99),
    wrong: 0,
    examples: [],
    collected: [],
  }
}
