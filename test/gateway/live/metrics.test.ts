import { randomBytes } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import type { PoolQueue } from '../../../src/domain/live/pool-account.ts'
import { advance, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { ADMIN_TOKEN, openGateway, until } from '../../support/gateway.ts'
import { readMetrics } from '../../support/live/prometheus.ts'

const METRICS_TOKEN = `metrics-of-tests-${randomBytes(16).toString('hex')}`
const gateway = await openGateway({
  accounts: { a: 2, b: 3, c: 1 },
  simVars: { JOB_MS: '-1' },
  vars: { METRICS_TOKEN },
  entry: 'test/support/workers/counting-worker.ts',
})
gateway.secrets.push(METRICS_TOKEN)
afterAll(() => gateway.dispose())
await stopClock(gateway)

const scrape = (token = METRICS_TOKEN, path = '/metrics') =>
  fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } })

async function valueOf(name: string, account: string): Promise<number | undefined> {
  const metrics = readMetrics(await (await scrape()).text())
  return metrics.get(name)?.samples.find(({ labels }) => labels['account'] === account)?.value
}

async function countsOf(path: string, what: () => Promise<unknown>) {
  await fetch(gateway.url + path)
  await what()
  return (await (await fetch(gateway.url + path)).json()) as Record<string, number>
}

test('metrics show every account’s slots as they are, in the text format of Prometheus', async () => {
  const answer = await scrape()
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const metrics = readMetrics(await answer.text())
  expect(metrics.get('gateway_account_slots')?.samples.map(({ value }) => value)).toEqual([2, 3, 1])
  expect(metrics.get('gateway_accounts')?.samples[0]?.value).toBe(3)
  await gateway.createVideo({}, { 'x-gateway-account': 'c@example.com' })
  await until(async () => {
    // An account that has just reported something waits a second.
    await advance(gateway, 1 * SECOND)
    return (await valueOf('gateway_account_slots_held', 'c@example.com')) === 1
  })
  expect(await valueOf('gateway_account_slots_free', 'c@example.com')).toBe(0)
})

test('a scrape asks one object, however many accounts there are', async () => {
  await scrape()
  const asked = await countsOf('/__methods', () => scrape())
  expect(asked).toEqual({ look: 1 })
  expect(await countsOf('/__count', () => scrape())).toEqual({ kv: 0, requests: 1, rows: 0 })
  // A scrape every half minute writes no row but now and then one.
  await advance(gateway, 30 * SECOND)
  const { rows = 0, requests } = await countsOf('/__count', () => scrape())
  expect(requests).toBe(1)
  expect(rows).toBeLessThanOrEqual(1)
})

test('five minutes after the last scrape the gateway costs nothing again', async () => {
  await advance(gateway, 6 * MINUTE)
  await advance(gateway, 1 * MINUTE)
  const idle = await countsOf('/__methods', () => advance(gateway, 5 * MINUTE))
  expect(idle['observe'] ?? 0).toBe(0)
  expect(idle['snapshot'] ?? 0).toBe(0)
  const again = await countsOf('/__methods', () => scrape())
  expect(again).toMatchObject({ look: 1, observe: 3 })
})

test('metrics and the pool say what waits, and a tenant that never queued is not asked for it', async () => {
  const before = await countsOf('/__methods', async () => {
    await advance(gateway, 31 * SECOND)
    await scrape()
    await gateway.fetch('/v1/pool')
  })
  expect(before['snapshot']).toBeGreaterThan(0)
  expect(before['listLine'] ?? 0).toBe(0)
  expect(await (await gateway.fetch('/v1/pool')).json()).toMatchObject({ queues: [] })
  expect((await gateway.post('/v1/heygen/queue/pause', {})).status).toBe(200)
  for (let n = 0; n < 2; n += 1)
    expect((await gateway.createVideo({}, { prefer: 'respond-async' })).status).toBe(202)
  const { queues } = (await (await gateway.fetch('/v1/pool')).json()) as { queues: PoolQueue[] }
  expect(queues).toMatchObject([{ provider: 'heygen', waiting: 2, starting: 0 }])
  const samplesOf = async (name: string) =>
    readMetrics(await (await scrape()).text()).get(`gateway_queue_${name}`)?.samples
  // The hub asks the desks every half minute.
  await until(async () => {
    await advance(gateway, 31 * SECOND)
    return (await samplesOf('waiting'))?.[0]?.value === 2
  })
  const [oldest] = (await samplesOf('oldest_asked_seconds')) ?? []
  expect(oldest).toMatchObject({
    labels: { tenant: queues[0]?.tenant, provider: 'heygen' },
    value: Date.parse(queues[0]?.oldest ?? '') / 1000,
  })
  const cheap = await countsOf('/__methods', () => scrape())
  expect(cheap).toEqual({ look: 1 })
})

test('METRICS_TOKEN opens nothing else, and without a token there are no metrics [I6]', async () => {
  expect((await scrape(ADMIN_TOKEN)).status).toBe(200)
  expect((await scrape(gateway.token)).status).toBe(401)
  expect((await fetch(`${gateway.url}/metrics`)).status).toBe(401)
  for (const path of ['/admin/tokens', '/admin/pool', '/v1/pool', '/heygen/v3/users/me'])
    expect((await scrape(METRICS_TOKEN, path)).status, path).toBe(401)
  const text = await (await scrape()).text()
  for (const secret of ['sk_test_', METRICS_TOKEN, gateway.token])
    expect(text).not.toContain(secret)
})

test('with the binding ANALYTICS each request is one data point, without path, token or body', async () => {
  await fetch(`${gateway.url}/__points`)
  await gateway.fetch('/heygen/v3/videos/some-private-id')
  await scrape()
  const points = (await (await fetch(`${gateway.url}/__points`)).json()) as {
    indexes: string[]
    blobs: string[]
    doubles: number[]
  }[]
  expect(points).toHaveLength(2)
  const [read, metrics] = points
  expect(read?.indexes).toEqual([read?.blobs[0]])
  expect(read?.blobs.slice(1, 3)).toEqual(['GET', '/heygen/v3/videos/{video_id}'])
  expect(metrics?.blobs.slice(1, 3)).toEqual(['GET', '/metrics'])
  expect(metrics?.doubles[0]).toBe(200)
  expect(JSON.stringify(points)).not.toContain('some-private-id')
})
