/**
 * Webhook intake: signed events of HeyGen about jobs that end, and the same events again. Windows of 45 jobs, as in creation.ts: the
 * creations are not measured.
 */
import { createHmac } from 'node:crypto'
import type { BenchRequest, Measured } from '../lib/load.ts'
import type { Report } from '../lib/report.ts'
import { spreadOf } from '../lib/statistics.ts'
import { HOOK_SECRET, MADE_ID, VIDEO } from '../lib/upstream-answers.ts'
import type { BenchedGateway, World } from '../lib/world.ts'

const WINDOW = 45
const CONNECTIONS = 8
const WARM_UP = 12
const PATIENCE_MS = 20_000

export const WEBHOOKS: Report = {
  name: 'webhooks',
  title: `webhook intake, c=${CONNECTIONS}`,
  async run(world, { rounds }) {
    const vars = { PUBLIC_ORIGIN: 'https://bench.example.com' }
    const gateway = await world.newGateway('webhooks', { vars })
    await gateway.client.addAccount('ann', 50)
    const hook = await hookOf(world)
    const ends: Measured[] = []
    const again: Measured[] = []
    for (let round = -WARM_UP; round < rounds; round += 1) {
      const events = (await startJobs(world, gateway)).map((id) => eventOf(hook, id))
      const first = await send(world, gateway, events)
      const second = await send(world, gateway, events)
      if (round < 0) continue
      ends.push(first)
      again.push(second)
    }
    const held = await gateway.client.get('/v1/heygen/scheduler/available')
    if (!held.includes('"executing":0')) throw new Error(`slots are still held: ${held}`)
    await world.end(gateway)
    return { rows: [rowOf('an end', ends), rowOf('the same event again', again)], wishes: [] }
  },
}

function rowOf(event: string, measured: readonly Measured[]) {
  const median = (of: (one: Measured) => number) => spreadOf(measured.map(of)).median
  return {
    event,
    'a second': median(({ answers, seconds }) => answers / seconds),
    'CPU ms': median(({ answers, cpuMs }) => cpuMs / answers),
    'p50 ms': median(({ p50 }) => p50),
  }
}

/** The path at which the gateway has registered itself. */
async function hookOf(world: World): Promise<string> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const { hooks } = await world.control({})
    const [hook] = hooks
    if (hook !== undefined) return new URL(hook).pathname
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the gateway registered no webhook')
}

async function startJobs(world: World, { client }: BenchedGateway): Promise<string[]> {
  const { collected } = await world.load.run({
    port: client.port,
    requests: [
      {
        method: 'POST',
        path: '/heygen/v3/videos',
        headers: { ...client.headers, 'content-type': 'application/json' },
        body: VIDEO,
        expect: { status: 200, has: '"video_id":"' },
      },
    ],
    connections: CONNECTIONS,
    count: WINDOW,
    collect: MADE_ID,
  })
  await world.control({ completed: collected })
  return collected
}

function eventOf(path: string, id: string): BenchRequest {
  const body = JSON.stringify({
    event_id: `evt_${id}`,
    event_type: 'avatar_video.success',
    event_data: {
      video_id: id,
      url: 'https://files.example.com/v.mp4',
      gif_download_url: 'https://files.example.com/v.gif',
      video_page_url: `https://app.example.com/${id}`,
      folder_id: null,
      callback_id: null,
    },
  })
  const signature = createHmac('sha256', HOOK_SECRET).update(body).digest('hex')
  const headers = { 'content-type': 'application/json', 'heygen-signature': signature }
  return { method: 'POST', path, headers, body, expect: { status: 204 } }
}

function send(
  world: World,
  { client, worker }: BenchedGateway,
  requests: BenchRequest[]
): Promise<Measured> {
  const { port } = client
  const { pid } = worker
  const count = requests.length
  return world.load.run({ port, pid, requests, connections: CONNECTIONS, count })
}
