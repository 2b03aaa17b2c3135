import { afterAll, expect, test } from 'vitest'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway({ accounts: { a: 1, b: 1 }, simVars: { JOB_MS: '-1' } })
afterAll(() => gateway.dispose())

interface Hour {
  hour: string
  email: string
  tenant?: string
  provider?: string
  [count: string]: number | string | undefined
}

async function hoursAt(path: string): Promise<Hour[]> {
  const answer = path.startsWith('/admin')
    ? await gateway.admin('GET', path.slice('/admin'.length))
    : await gateway.fetch(path)
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { hours, isWhole } = (await answer.json()) as { hours: Hour[]; isWhole: boolean }
  expect(isWhole).toBe(true)
  return hours
}

const sumOf = (hours: Hour[], count: string) =>
  hours.reduce((sum, hour) => sum + Number(hour[count]), 0)

test('the throughput shows jobs that started, ended, failed and were refused, by account and hour', async () => {
  expect(await hoursAt('/v1/heygen/throughput')).toEqual([])
  const pin = { 'x-gateway-account': 'a@example.com' }
  const run = async (status: string) => {
    const created = await gateway.createVideo({}, pin)
    const id = created.headers.get('x-gateway-job') ?? ''
    // The account is full now, so it refuses the next one.
    expect((await gateway.createVideo({}, pin)).status).toBe(429)
    await gateway.sim.control('POST', `/jobs/${id}`, { status })
    await gateway.fetch(`/heygen/v3/videos/${id}`)
  }
  await run('completed')
  await run('failed')
  await gateway.createVideo({}, { 'x-gateway-account': 'b@example.com' })

  const hours = await hoursAt('/v1/heygen/throughput')
  const ofA = hours.filter(({ email }) => email === 'a@example.com')
  const counts = ['started', 'ended', 'completed', 'failed', 'lost'].map((one) => sumOf(ofA, one))
  expect(counts).toEqual([2, 2, 1, 1, 0])
  expect(sumOf(ofA, 'refused')).toBeGreaterThan(0)
  expect(sumOf(ofA, 'tookMs')).toBeGreaterThan(0)
  expect(ofA[0]?.hour).toMatch(/:00:00\.000Z$/)
  const ofB = await hoursAt('/v1/heygen/throughput?account=b@example.com')
  expect([sumOf(ofB, 'started'), sumOf(ofB, 'ended')]).toEqual([1, 0])
})

test('each tenant sees its own throughput, and the operator that of all or of one [I5]', async () => {
  const other = gateway.as((await gateway.newToken({ tenant: 'quiet' })).token)
  const answer = await other.fetch('/v1/heygen/throughput')
  expect(await answer.json()).toMatchObject({ hours: [] })
  const all = await hoursAt('/admin/throughput')
  expect(new Set(all.map(({ provider }) => provider))).toEqual(new Set(['heygen']))
  expect(sumOf(all, 'started')).toBe(3)
  expect(await hoursAt('/admin/throughput?tenant=quiet')).toEqual([])
  expect(await hoursAt(`/admin/throughput?tenant=${all[0]?.tenant}`)).toEqual(all)
})

test('a time of more than fourteen days, one that ends before it begins and an unknown account are refused', async () => {
  const status = async (query: string) =>
    (await gateway.fetch(`/v1/heygen/throughput?${query}`)).status
  expect(await status('since=2026-01-01T00:00:00Z&until=2026-01-15T00:00:01Z')).toBe(400)
  expect(await status('since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z')).toBe(400)
  expect(await status('since=yesterday')).toBe(400)
  expect(await status('account=nobody@example.com')).toBe(404)
})
