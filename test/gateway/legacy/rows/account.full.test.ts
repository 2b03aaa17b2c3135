/** Every kind of quota, webhook endpoints, and every call of HeyGen's older API that has ended for good. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GONE } from '../../../../src/providers/heygen/legacy/account/gone.ts'
import type { Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { Receiver } from '../../../support/receiver.ts'
import { callNaming, openHooked } from '../../../support/scenes/hooked.ts'
import { handshake } from '../../../support/scenes/streaming.ts'

const open = gatewaysOfFile()
const BRIDGE = { LEGACY: 'bridge' }

let pool: Gateway
beforeAll(async () => {
  pool = await open({ accounts: { alice: 2, bob: 2, carl: 2 }, vars: BRIDGE })
})

test('webhook endpoints stay the gateway’s own, and what they get has the older form', async () => {
  const receiver = await Receiver.open()
  afterAll(() => receiver.close())
  const own = await openHooked(open, { accounts: { ann: 2 }, vars: BRIDGE })
  await own.sim.forgetRequests()
  const wish = { url: `${receiver.url}/all`, events: ['avatar_video.success'] }
  const added = await callNaming(() => own.post('/heygen/v1/webhook/endpoint.add', wish))
  expect(added.headers.get('x-gateway-carried')).toBeNull()
  const { data } = (await added.json()) as { data: { endpoint_id: string } }
  expect(data).toMatchObject({ ...wish, secret: expect.stringMatching(/^whsec_/) as string })
  const types = await own.fetch('/heygen/v1/webhook/webhook.list')
  expect(((await types.json()) as { data: string[] }).data).toContain('avatar_video.success')
  const video = (await (await own.createVideo()).json()) as { data: { video_id: string } }
  await own.sim.finishJobs()
  const [told] = await receiver.heard('/all')
  const { video_id } = video.data
  expect(JSON.parse(told?.body ?? '{}')).toMatchObject({
    event_type: 'avatar_video.success',
    event_data: { video_id, url: expect.stringMatching(/^http/) as string },
  })
  const every = { url: `${receiver.url}/every`, events: [] }
  const other = await callNaming(() => own.post('/heygen/v1/webhook/endpoint.add', every))
  const { data: more } = (await other.json()) as { data: { endpoint_id: string; events: null } }
  expect(more.events).toBeNull()
  const otherPath = `/heygen/v1/webhook/endpoint.delete?endpoint_id=${more.endpoint_id}`
  await own.fetch(otherPath, { method: 'DELETE' })
  const query = `endpoint_id=${data.endpoint_id}`
  const path = `/heygen/v1/webhook/endpoint.delete?${query}`
  expect((await own.fetch(path, { method: 'DELETE' })).status).toBe(200)
  const listed = await own.fetch('/heygen/v1/webhook/endpoint.list')
  expect(await listed.json()).toMatchObject({ code: 100, data: [] })
  const sent = (await own.sim.requests()).map((one) => one.path)
  expect(sent.filter((one) => one.includes('webhook'))).toEqual([])
})

test('every call that nothing replaces is a 410 in its family’s form, and nothing is asked', async () => {
  await pool.sim.forgetRequests()
  for (const [name, row] of Object.entries(GONE)) {
    const [method = '', path = ''] = name.split(' ')
    const url = `/heygen${path.replaceAll(/\{\w+\}/g, 'an-id')}`
    const authorization = `Bearer ${pool.token}`
    if (path.includes('/ws/')) {
      expect([name, (await handshake(pool.url + url, { authorization })).status]).toEqual([
        name,
        410,
      ])
      continue
    }
    const answer = method === 'GET' ? await pool.fetch(url) : await pool.post(url, {})
    expect([name, answer.status, answer.headers.get('x-gateway-error')]).toEqual([
      name,
      410,
      'gone',
    ])
    const body = (await answer.json()) as never
    const message = 'gone' in row ? row.gone : ''
    const form = { data: null, error: { code: 'gone', message } }
    expect(body).toEqual(path.startsWith('/v1/') ? { code: 410, message } : form)
    expect(message).toMatch(/\/v3\/|liveavatar\.com/)
  }
  expect(await pool.sim.requests()).toEqual([])
})

/** What v3 says of an account, and its quota in the older unit. */
const QUOTAS: [Record<string, unknown>, { api: number; plan_credit: number }][] = [
  [
    { billing_type: 'wallet', wallet: { currency: 'usd', remaining_balance: 0.001 } },
    { api: 1, plan_credit: 0 },
  ],
  [
    { billing_type: 'wallet', wallet: { currency: 'credits', remaining_balance: 2.5 } },
    { api: 150, plan_credit: 0 },
  ],
  [
    { billing_type: 'wallet', wallet: { currency: 'usd', remaining_balance: -3 } },
    { api: 0, plan_credit: 0 },
  ],
  [
    {
      billing_type: 'subscription',
      subscription: {
        credits: { premium_credits: { remaining: 10 }, add_on_credits: { remaining: 5 } },
      },
    },
    { api: 0, plan_credit: 900 },
  ],
  [
    { billing_type: 'usage_based', usage_based: { remaining_credits: 7.01 } },
    { api: 421, plan_credit: 0 },
  ],
  [
    {
      billing_type: 'usage_based',
      usage_based: { remaining_credits: null, spending_cap_usd: 10, spending_current_usd: 4 },
    },
    { api: 360, plan_credit: 0 },
  ],
  [
    { billing_type: 'usage_based', usage_based: { remaining_credits: null } },
    { api: 60_000_000, plan_credit: 0 },
  ],
]

test('each way of paying has its quota, rounded up and never below zero', async () => {
  for (const [data, details] of QUOTAS) {
    const effect = { status: 200, body: { data } }
    await pool.sim.fault({ match: { path: '/v3/users/me' }, times: 1, effect })
    const named = { 'x-gateway-account': 'alice@example.com' }
    const answer = await pool.fetch('/heygen/v2/user/remaining_quota', { headers: named })
    const remaining_quota = details.api + details.plan_credit
    expect(await answer.json()).toEqual({ error: null, data: { remaining_quota, details } })
  }
})

test('an account that cannot be asked is named and left out of the quota', async () => {
  const match = { path: '/v3/users/me', account: 'carl@example.com' }
  await pool.sim.fault({ match, times: 5, effect: { reset: 'before' } })
  const answer = await pool.fetch('/heygen/v2/user/remaining_quota')
  await pool.sim.clearFaults()
  expect(answer.headers.get('x-gateway-partial')).toBe('carl@example.com')
  expect(await answer.json()).toMatchObject({ data: { remaining_quota: 1500 } })
})
