/** 64 MiB up and down, through bare Hono and through the gateway: rate, and memory of the process meanwhile. */
import { request, type ClientRequest } from 'node:http'
import { residentMiB } from '../lib/processes.ts'
import type { Report, Row } from '../lib/report.ts'
import { programOf, type Prefixed } from '../lib/scenario.ts'
import { spreadOf } from '../lib/statistics.ts'
import { BIG_BYTES } from '../lib/upstream-answers.ts'
import type { World } from '../lib/world.ts'

const PIECE = Buffer.alloc(1024 * 1024, 'heygen')
const SAMPLE_MS = 5
const MIB = BIG_BYTES / PIECE.length
/** The first ones of a process grow its heap once. */
const WARM_UP = 2

const PROGRAMS = ['bare', 'gateway'] as const
const DIRECTIONS = { up: upload, down: download }

interface Transfer {
  rate: number
  growth: number
}

export const BODIES: Report = {
  name: 'bodies',
  title: '64 MiB, one at a time',
  async run(world, { rounds }) {
    const rows: Row[] = []
    const wishes = []
    for (const [direction, transfer] of Object.entries(DIRECTIONS)) {
      const transfers = await inRounds(world, transfer, rounds)
      for (const name of PROGRAMS) {
        const rate = spreadOf(transfers[name].map((one) => one.rate))
        const growth = spreadOf(transfers[name].map((one) => one.growth))
        rows.push({
          direction,
          program: name,
          'MiB/s': rate.median,
          'memory + MiB': growth.median,
          'most + MiB': growth.max,
        })
      }
      const ratios = transfers.gateway.map(
        ({ rate }, round) => rate / (transfers.bare[round]?.rate ?? NaN)
      )
      const grown = spreadOf(transfers.gateway.map(({ growth }) => growth)).median
      wishes.push(
        {
          what: `${direction}: rate of gateway / bare`,
          measured: spreadOf(ratios).median,
          atLeast: 0.9,
        },
        { what: `${direction}: memory of gateway, + MiB`, measured: grown, atMost: 8 }
      )
    }
    return { rows, wishes }
  },
}

async function inRounds(
  world: World,
  transfer: (program: Prefixed) => Promise<void>,
  rounds: number
): Promise<Record<(typeof PROGRAMS)[number], Transfer[]>> {
  const transfers: Record<(typeof PROGRAMS)[number], Transfer[]> = { bare: [], gateway: [] }
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const name of PROGRAMS) {
      const done = await measure(await programOf(world, name), transfer)
      if (round >= 0) transfers[name].push(done)
    }
  }
  return transfers
}

async function measure(
  program: Prefixed,
  transfer: (program: Prefixed) => Promise<void>
): Promise<Transfer> {
  const before = residentMiB(program.pid)
  let peak = before
  const sampling = setInterval(() => {
    peak = Math.max(peak, residentMiB(program.pid))
  }, SAMPLE_MS)
  const startedAt = performance.now()
  await transfer(program).finally(() => clearInterval(sampling))
  const seconds = (performance.now() - startedAt) / 1000
  return { rate: MIB / seconds, growth: Math.max(peak, residentMiB(program.pid)) - before }
}

async function upload(program: Prefixed): Promise<void> {
  const headers = { 'content-type': 'video/mp4', 'content-length': String(BIG_BYTES) }
  const body = await call(program, 'POST', '/v1/asset', headers)
  const { data } = JSON.parse(body.toString()) as { data: { bytes: number } }
  if (data.bytes !== BIG_BYTES) throw new Error(`${data.bytes} bytes went up`)
}

async function download(program: Prefixed): Promise<void> {
  const { length } = await call(program, 'GET', '/v3/bench/big', {})
  if (length !== BIG_BYTES) throw new Error(`${length} bytes came down`)
}

/** Keeps only small answers: of a large one it is enough to know how many bytes came. */
function call(
  { port, headers, prefix }: Prefixed,
  method: string,
  path: string,
  more: Record<string, string>
): Promise<{ length: number; toString(): string }> {
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', method, path: prefix + path }
    const sent = request({ ...options, headers: { ...headers, ...more } }, (incoming) => {
      let length = 0
      let text = ''
      incoming.on('data', (piece: Buffer) => {
        length += piece.length
        if (length < 10_000) text += piece.toString()
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve({ length, toString: () => text })
        else reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`))
      })
    })
    sent.on('error', reject)
    if (method === 'POST') void pour(sent)
    else sent.end()
  })
}

async function pour(out: ClientRequest): Promise<void> {
  for (let sent = 0; sent < BIG_BYTES; sent += PIECE.length) {
    if (!out.write(PIECE)) await new Promise<void>((resolve) => out.once('drain', resolve))
  }
  out.end()
}
