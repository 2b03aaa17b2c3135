/** KV, an account's object or a tenant's desk cannot be reached: what a client sees then (docs/failure-modes.md). */
import { afterEach, beforeAll, expect, test } from 'vitest'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { openHooked } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
let gateway: Gateway
/** An isolate that has read nothing yet: of its own for each test, since one remembers what it could not reach. */
const isolate = (name: string) => ({ 'x-isolate': name })

beforeAll(async () => {
  gateway = await openHooked(open, {
    accounts: { one: 5, two: 5 },
    entry: 'test/support/workers/gone-worker.ts',
  })
})

afterEach(() => without())

async function without(...parts: string[]): Promise<void> {
  const body = JSON.stringify({ parts })
  await fetch(`${gateway.url}/__gone`, { method: 'POST', body })
}

const codeOf = (answer: Response) => [answer.status, answer.headers.get('x-gateway-error')]

test('without KV an isolate that has read token and accounts goes on, and another answers 500 and starts nothing [I4]', async () => {
  expect((await gateway.createVideo()).status).toBe(200)
  const before = (await gateway.sim.state()).jobs.length
  await without('kv')
  expect((await gateway.createVideo()).status).toBe(200)
  expect(codeOf(await gateway.createVideo({}, isolate('cold')))).toEqual([500, 'internal'])
  expect((await gateway.sim.state()).jobs.length).toBe(before + 1)
})

test('without KV a job ends by its event, its slot comes back, and its callback is called [I3]', async () => {
  const receiver = await Receiver.open()
  const created = await gateway.createVideo({ callback_url: `${receiver.url}/done` })
  const job = created.headers.get('x-gateway-job') ?? ''
  await without('kv')
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  await receiver.heard('/done')
  await without()
  const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
  expect(await answer.json()).toMatchObject({ status: 'completed', status_final: true })
  await receiver.close()
})

test('without the accounts’ objects a creation is a 429 that starts nothing, and status calls are answered [I1]', async () => {
  const created = await gateway.createVideo()
  const job = created.headers.get('x-gateway-job') ?? ''
  const before = (await gateway.sim.state()).jobs.length
  await without('accounts')
  const refused = await gateway.createVideo()
  expect(codeOf(refused)).toEqual([429, 'slots_full'])
  expect(refused.headers.get('retry-after')).toBe('5')
  expect((await gateway.fetch(`/heygen/v3/videos/${job}`)).status).toBe(200)
  expect(codeOf(await gateway.fetch('/v1/heygen/jobs'))).toEqual([500, 'internal'])
  const accounts = await gateway.fetch('/v1/heygen/accounts')
  expect(accounts.headers.get('x-gateway-partial')).toBe('one@example.com, two@example.com')
  expect((await gateway.sim.state()).jobs.length).toBe(before)
})

test('an end that an account’s object could not be told reaches it with the next status call [I2]', async () => {
  const created = await gateway.createVideo({}, isolate('late'))
  const job = created.headers.get('x-gateway-job') ?? ''
  await without('accounts')
  await gateway.sim.control('POST', '/settings', { webhooks: 'off' })
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'completed' })
  const status = await gateway.fetch(`/heygen/v3/videos/${job}`, { headers: isolate('late') })
  expect(await status.json()).toMatchObject({ data: { status: 'completed' } })
  await without()
  await gateway.fetch(`/heygen/v3/videos/${job}`, { headers: isolate('late') })
  await until(async () => {
    const answer = await gateway.fetch(`/v1/heygen/jobs/${job}`)
    return ((await answer.json()) as { status_final: boolean }).status_final
  })
})

test('without the tenant’s desk a creation works; under a key or with an id that nobody remembers it is a 500 that starts nothing [I4]', async () => {
  await gateway.createVideo({}, isolate('desk'))
  const before = (await gateway.sim.state()).jobs.length
  await without('desks')
  expect((await gateway.createVideo({}, isolate('desk'))).status).toBe(200)
  const keyed = await gateway.createVideo(
    {},
    {
      ...isolate('desk'),
      'idempotency-key': 'without-a-desk',
    }
  )
  expect(codeOf(keyed)).toEqual([500, 'internal'])
  const unknown = await gateway.createVideo({ avatar_id: 'an_avatar_of_nobody' }, isolate('desk'))
  expect(codeOf(unknown)).toEqual([500, 'internal'])
  expect((await gateway.sim.state()).jobs.length).toBe(before + 1)
  await without()
  const again = await gateway.createVideo(
    {},
    {
      ...isolate('desk'),
      'idempotency-key': 'without-a-desk',
    }
  )
  expect(again.status).toBe(200)
})
