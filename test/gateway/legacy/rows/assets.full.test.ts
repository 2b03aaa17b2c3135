/** Uploads of HeyGen's older API, carried by v3: how they arrive, how large they may be, and their list by type. */
import { beforeAll, expect, test } from 'vitest'
import type { Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { deferred, JSON_TYPE, MIB, openUpstream } from '../../../support/scenes/bodies.ts'

const open = gatewaysOfFile()
const BRIDGE = { LEGACY: 'bridge' }
const { answers, vars } = await openUpstream()

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { alice: 2, bob: 2 }, vars: BRIDGE })
})

test('an upload arrives at v3 piece by piece, each before the next is written [I7]', async () => {
  const own = await open({
    simulator: pool.sim,
    vars: { ...vars, ...BRIDGE },
    accounts: { eve: 2 },
  })
  const steps = [deferred(), deferred(), deferred()]
  let all = ''
  answers.set('POST /v3/assets', (incoming, outgoing) => {
    incoming.on('data', (piece: Buffer) => {
      all += piece.toString()
      for (const [n, step] of steps.entries()) if (all.includes(`piece ${n}`)) step.resolve()
    })
    incoming.on('end', () => outgoing.writeHead(200, JSON_TYPE).end('{"data":{"asset_id":"a1"}}'))
  })
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent > 0) await steps[sent - 1]?.promise
      if (sent === steps.length) controller.close()
      else controller.enqueue(new TextEncoder().encode(`piece ${sent++} `))
    },
  })
  const init = { method: 'POST', body, headers: { 'content-type': 'video/mp4' }, duplex: 'half' }
  const answer = await own.fetch('/heygen/v1/asset', init as RequestInit)
  expect(await answer.json()).toMatchObject({
    data: { id: 'a1', file_type: 'video', image_key: null, url: null },
  })
})

test('a file above 32 MiB is refused with the call that takes it, whether its length is said or not', async () => {
  const streamed = () => {
    let left = 33
    return new ReadableStream<Uint8Array>({
      pull: (controller) =>
        left-- > 0 ? controller.enqueue(new Uint8Array(MIB)) : controller.close(),
    })
  }
  for (const body of [new Uint8Array(32 * MIB + 1), streamed()]) {
    const headers = { 'content-type': 'video/mp4' }
    const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
    const answer = await pool.fetch('/heygen/v1/asset', init)
    expect([answer.status, await answer.json()]).toEqual([
      413,
      { code: 413, message: expect.stringContaining('/v3/assets/direct-uploads') as string },
    ])
  }
  const { data } = (await (await pool.fetch('/heygen/v1/asset/list')).json()) as {
    data: { assets: unknown[] }
  }
  expect(data.assets).toEqual([])
})

test('a short page of one type is filled from the pages behind it', async () => {
  const named = { 'x-gateway-account': 'bob@example.com' }
  for (const type of ['image/png', 'audio/mpeg', 'audio/mpeg', 'image/png', 'image/png']) {
    const headers = { 'content-type': type, ...named }
    await pool.fetch('/heygen/v1/asset', { method: 'POST', body: 'bytes', headers })
  }
  const page = async (token = '') => {
    const query = `file_type=image&limit=2${token && `&token=${encodeURIComponent(token)}`}`
    const answer = await pool.fetch(`/heygen/v1/asset/list?${query}`)
    return (await answer.json()) as {
      data: { assets: { id: string; file_type: string }[]; token: string | null }
    }
  }
  const first = (await page()).data
  const second = (await page(first.token ?? '')).data
  expect([first.assets.length, second.assets.length]).toEqual([2, 1])
  const all = [...first.assets, ...second.assets]
  expect(new Set(all.map(({ id }) => id)).size).toBe(3)
  expect(new Set(all.map(({ file_type }) => file_type))).toEqual(new Set(['image']))
})
