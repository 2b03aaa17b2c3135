/** Every older call that makes or changes something, carried on three accounts: keys, lost answers, equal bodies, slots, deliveries. */
import { afterAll, afterEach, expect, test } from 'vitest'
import { CARRIED } from '../../support/catalogue/carried-rows.ts'
import {
  bodyOf,
  IN_ORDER,
  kindOf,
  nameOf,
  pathOf,
  type CatalogueRow,
} from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway, until } from '../../support/gateway.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'

const SLOTS = 5
const OWNER = 'bob@example.com'
const receiver = await Receiver.open()
const gateway = await openGateway({
  vars: LOOPBACK,
  accounts: { ann: SLOTS, bob: SLOTS, cid: SLOTS },
  simVars: { JOB_MS: '-1', SYNC_MS: '5', SUNSET: 'true' },
  timeScale: 10,
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})

/** v3 trains by itself, so nothing is asked. */
const ROWS = IN_ORDER.filter((row) => CARRIED.includes(row) && row.method === 'POST').filter(
  (row) => !row.path.endsWith('/train')
)
const CASES = oneOfEach(ROWS, kindOf).map((row) => ({ name: nameOf(row), row }))
const isSpeech = (row: CatalogueRow) => row.kind === 'sync-generation'

/** `target`: the path at the receiver. It stands in the header, and in the body where the example has a callback. */
async function send(
  row: CatalogueRow,
  { key, target = '/any' }: { key?: string; target?: string } = {}
): Promise<Response> {
  const body = await bodyOf(row)
  const url = receiver.url + target
  const json = body?.json && JSON.stringify(body.json).replace('https://example.com/hg', url)
  return gateway.fetch(`/heygen${pathOf(row)}`, {
    method: row.method,
    body: json ?? body?.bytes ?? null,
    headers: {
      'content-type': body?.contentType ?? '',
      'x-gateway-reply-url': url,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
  })
}

/** What the accounts were asked to make or change. */
async function writes(): Promise<string[]> {
  const all = await gateway.sim.requests()
  return all
    .filter(({ method, path }) => method !== 'GET' && !path.includes('/webhook'))
    .map(({ method, path }) => `${method} ${path}`)
}

async function started(): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, one) => sum + one.jobsStarted, 0)
}

async function renewed(): Promise<void> {
  await gateway.sim.clearFaults()
  await gateway.sim.control('POST', '/accounts', { email: OWNER, examples: true })
  await gateway.sim.control('DELETE', '/bill')
  await gateway.sim.forgetRequests()
}

/** How often something was paid for. */
async function billed(): Promise<number> {
  return (await gateway.sim.control<{ calls: number }>('GET', '/bill')).calls
}

/** What was lost for good keeps its slot for hours. */
afterEach(async () => {
  await gateway.sim.finishJobs()
  const jobs = (await (await gateway.fetch('/v1/heygen/scheduler')).json()) as unknown[]
  for (const { id } of jobs as { id: string }[])
    await gateway.fetch(`/v1/heygen/scheduler/${encodeURIComponent(id)}?force=true`, {
      method: 'DELETE',
    })
})

/** Ends all jobs. Each slot comes back. */
async function ended(): Promise<void> {
  await gateway.sim.finishJobs()
  await until(async () => (await gateway.heldSlots()) === 0)
}

test.each(CASES)(
  '$name under one key twice is done once and answered the same, its slot comes back, and its end is told once [I2, I3, I4]',
  async ({ name, row }) => {
    await renewed()
    const before = await started()
    const target = `/${encodeURIComponent(name)}`
    const options = { key: `once:${name.replaceAll(/\W/g, '_')}`, target }
    const first = await send(row, options)
    const text = await first.text()
    expect([first.status, text]).toEqual([200, expect.any(String)])
    expect(first.headers.get('x-gateway-carried')).toContain('/v3/')
    const [done, jobs] = [await writes(), (await started()) - before]
    const again = await send(row, options)
    expect([again.status, await again.text()]).toEqual([200, text])
    for (const header of ['x-gateway-job', 'x-gateway-account'])
      expect(again.headers.get(header)).toBe(first.headers.get(header))
    expect([await writes(), (await started()) - before]).toEqual([done, jobs])
    const named = first.headers.get('x-gateway-job')?.split(',') ?? []
    expect(jobs).toBe(isSpeech(row) ? 1 : named.length)
    await ended()
    if (named.length > 0) await receiver.heard(target)
    expect(receiver.posts(target).length).toBe(named.length)
  }
)

const CREATIONS = CASES.filter(({ row }) => row.kind !== 'write-account' || makesLooks(row))

function makesLooks({ path }: CatalogueRow): boolean {
  return /avatar_group\/(create|add)$/.test(path)
}

test.each(CREATIONS)(
  '$name sent five times at once without a key is done five times, never above an account’s slots [I1, I2]',
  async ({ row }) => {
    await renewed()
    const before = await started()
    const answers = await Promise.all(Array.from({ length: SLOTS }, () => send(row)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect([(await started()) - before, await billed()]).toEqual([5, 5])
    await ended()
    const { accounts } = await gateway.sim.state()
    for (const account of accounts) expect(account.maxInFlight).toBeLessThanOrEqual(SLOTS)
  }
)

// Last, because equal bytes join what is still unknown.
test.each(CREATIONS)(
  '$name whose answer was lost, sent again with the same bytes: it was done once [I4]',
  async ({ row }) => {
    await renewed()
    const before = await started()
    await gateway.sim.fault({
      match: { method: 'POST', path: '/v3/' },
      times: 1,
      effect: { reset: 'after' },
    })
    const statuses: number[] = []
    while (statuses.length < 3 && statuses.at(-1) !== 200) statuses.push((await send(row)).status)
    for (const status of statuses.slice(0, -1)) expect(status).toBe(424)
    expect([200, 424]).toContain(statuses.at(-1))
    expect([(await started()) - before, await billed()]).toEqual([1, 1])
  }
)

/** The second of three creations loses its answer. */
async function addLooks(name: string, headers: Record<string, string>): Promise<Response> {
  return gateway.post(
    '/heygen/v2/photo_avatar/avatar_group/add',
    {
      name: 'Ana',
      group_id: '6b1f0a9c3d7e4f52b8c1d2e3f4a5b6c7',
      image_keys: ['a', 'b', 'c'].map(
        (one) => `image/7c0d1e2f3a4b4c5d8e9f0a1b2c3d4e5f/${name}${one}.jpg`
      ),
    },
    headers
  )
}

async function loseSecond(): Promise<void> {
  await renewed()
  const match = { method: 'POST', path: '/v3/avatars' }
  await gateway.sim.fault({ match, times: 1, effect: { latencyMs: 1 } })
  await gateway.sim.fault({ match, times: 1, effect: { reset: 'after' } })
}

const KEYED = { 'idempotency-key': 'looks' }

test('several looks for one older call, the second’s answer lost and found: three looks, also when asked again under the key [I4]', async () => {
  await loseSecond()
  const before = await started()
  const [first, again] = [await addLooks('found', KEYED), await addLooks('found', KEYED)]
  const text = await first.text()
  expect([first.status, again.status, await again.text()]).toEqual([200, 200, text])
  const { data } = JSON.parse(text) as { data: { photo_avatar_list: { id: string }[] } }
  expect(new Set(data.photo_avatar_list.map(({ id }) => id)).size).toBe(3)
  expect(first.headers.get('x-gateway-job')?.split(',')).toHaveLength(3)
  expect([(await started()) - before, await billed()]).toEqual([3, 3])
})

test('several looks for one older call: while the second’s outcome is unknown, equal bytes and the key start nothing [I4]', async () => {
  await gateway.sim.settings({ keyMode: 'ignores' })
  for (const [name, headers] of [
    ['plain', {}],
    ['keyed', { 'idempotency-key': 'more-looks' }],
  ] as const) {
    await loseSecond()
    const before = await started()
    for (let count = 0; count < 3; count += 1) {
      const answer = await addLooks(name, headers)
      expect([409, 424]).toContain(answer.status)
      expect(answer.headers.get('x-gateway-error')).toMatch(/outcome_unknown|request_in_progress/)
    }
    expect([(await started()) - before, await billed()]).toEqual([2, 2])
    await gateway.sim.finishJobs()
  }
  await gateway.sim.settings({ keyMode: 'key-first' })
})
