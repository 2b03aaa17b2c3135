/**
 * A bridged legacy creation: `POST /v2/video/generate`, carried by v3 (`LEGACY = bridge`), beside the same creation of v3. Windows
 * of 45 jobs, as in creation.ts: their ends are not measured.
 */
import type { BenchRequest, Measured } from '../lib/load.ts'
import type { Report, Row } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'
import { MADE_ID, VIDEO } from '../lib/upstream-answers.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const WINDOW = 45
const CONNECTIONS = 8
const WARM_UP = 12

const OLDER = JSON.stringify({
  title: 'Demo',
  video_inputs: [
    {
      character: {
        type: 'avatar',
        avatar_id: 'Abigail_expressive_2024112501',
        avatar_style: 'normal',
      },
      voice: {
        type: 'text',
        input_text: 'Hello there.',
        voice_id: '1bd001e7e50f421d891986aad5158bc8',
      },
    },
  ],
  dimension: { width: 1280, height: 720 },
})

const CALLS = {
  v3: { path: '/heygen/v3/videos', body: VIDEO },
  'v2, carried': { path: '/heygen/v2/video/generate', body: OLDER },
}

export const BRIDGE: Report = {
  name: 'bridge',
  title: `a bridged legacy creation, c=${CONNECTIONS}`,
  async run(world, { rounds }) {
    const gateway = await world.newGateway('bridge', { vars: { LEGACY: 'bridge' } })
    await gateway.client.addAccount('ann', 50)
    const measured = new Map<string, Measured[]>(Object.keys(CALLS).map((name) => [name, []]))
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (const [name, call] of Object.entries(CALLS)) {
        const window = await start(world, gateway, call)
        if (round >= 0) measured.get(name)?.push(window)
      }
    }
    await world.end(gateway)
    const median = (name: string, of: (one: Measured) => number) =>
      spreadOf((measured.get(name) ?? []).map(of)).median
    const cpu = (name: string) => median(name, ({ cpuMs, answers }) => cpuMs / answers)
    const rows: Row[] = [...measured.keys()].map((creation) => ({
      creation,
      'a second': median(creation, ({ answers, seconds }) => answers / seconds),
      'CPU ms': cpu(creation),
      'p50 ms': median(creation, ({ p50 }) => p50),
    }))
    return { rows, wishes: [{ what: 'CPU of v2 / v3', measured: cpu('v2, carried') / cpu('v3') }] }
  },
}

async function start(
  world: World,
  { client, worker }: BenchedGateway,
  { path, body }: { path: string; body: string }
): Promise<Measured> {
  const { port } = client
  const headers = { ...client.headers, 'content-type': 'application/json' }
  const expect = { status: 200, has: '"video_id":"' }
  const window = await world.load.run({
    port,
    pid: worker.pid,
    requests: [{ method: 'POST', path, headers, body, expect }],
    connections: CONNECTIONS,
    count: WINDOW,
    collect: MADE_ID,
  })
  const ids = window.collected
  await world.control({ completed: ids })
  const requests: BenchRequest[] = ids.map((id) => ({
    method: 'GET',
    path: `/heygen/v3/videos/${id}`,
    headers: client.headers,
    expect: { status: 200, has: '"completed"' },
  }))
  await world.load.run({ port, requests, connections: CONNECTIONS, count: ids.length })
  return window
}
