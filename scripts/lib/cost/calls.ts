/** What single calls cost. */
import { advance, MINUTE } from '../../../test/support/clock/clock.ts'
import { type Gateway } from '../../../test/support/gateway.ts'
import { upload } from '../../../test/support/scenes/uploads.ts'
import {
  expectStatus,
  makeCold,
  measure,
  measureEach,
  openMetered,
  repeat,
  type Line,
} from './measure.ts'

const READ_DOLLARS = 0.4
const READS = 400
const CREATIONS = 40

export async function priceCalls(): Promise<Line[]> {
  const gateway = await openMetered({ accounts: { a: 900, b: 900 } })
  try {
    const first = await expectStatus(gateway.createVideo())
    const job = first.headers.get('x-gateway-job') ?? ''
    await expectStatus(gateway.fetch('/heygen/v3/users/me'))
    return [
      ...(await priceReads(gateway, job)),
      ...(await priceCreations(gateway)),
      await priceUpload(gateway),
      ...(await priceRefusals(gateway)),
    ]
  } finally {
    await gateway.dispose()
  }
}

async function priceReads(gateway: Gateway, job: string): Promise<Line[]> {
  const group = 'reads'
  const read = () => expectStatus(gateway.fetch('/heygen/v3/users/me'))
  const poll = () => gateway.fetch(`/heygen/v3/videos/${job}`)
  const free = { kv: 0, requests: 0, rows: 0 }
  // V8 compiles what runs often.
  await repeat(READS, read)
  await repeat(READS, () => expectStatus(poll()))
  return [
    {
      group,
      name: 'plain read',
      per: 'call',
      count: READS,
      usage: await measure(gateway, READS, () => repeat(READS, read)),
      budget: free,
      target: READ_DOLLARS,
    },
    {
      group,
      name: 'status poll of a running job',
      per: 'call',
      count: READS,
      usage: await measure(gateway, READS, () => repeat(READS, () => expectStatus(poll()))),
      budget: free,
      target: READ_DOLLARS,
    },
    {
      group,
      name: 'status poll, first in a cold isolate',
      per: 'call',
      count: 20,
      usage: await measureEach(gateway, 20, poll, () => makeCold(gateway)),
      budget: { requests: 1, rows: 0 },
    },
    {
      group,
      name: 'list that shows 5 private ids not seen before',
      per: 'call',
      count: 10,
      usage: await measureEach(
        gateway,
        10,
        () => gateway.fetch('/heygen/v3/templates?limit=100'),
        () => addTemplates(gateway)
      ),
      budget: { kv: 0, requests: 1, rows: 5 },
    },
  ]
}

let templates = 0

async function addTemplates(gateway: Gateway): Promise<void> {
  await repeat(5, async () => {
    const id = `template-${(templates += 1)}`
    const resource = { account: 'a@example.com', resource: 'template', id }
    await gateway.sim.control('POST', '/resources', resource)
  })
}

async function priceCreations(gateway: Gateway): Promise<Line[]> {
  const group = 'creations'
  const keyed = (n: number) => gateway.createVideo({}, { 'idempotency-key': `key-${n}` })
  await expectStatus(keyed(-1))
  const shared = { group, per: 'call', count: CREATIONS }
  return [
    {
      ...shared,
      name: 'creation, a free account',
      usage: await measure(gateway, CREATIONS, () =>
        repeat(CREATIONS, () => expectStatus(gateway.createVideo()))
      ),
      budget: { kv: 0, requests: 3, rows: 4 },
    },
    {
      ...shared,
      name: 'creation with an Idempotency-Key',
      usage: await measure(gateway, CREATIONS, () =>
        repeat(CREATIONS, (n) => expectStatus(keyed(n)))
      ),
      budget: { kv: 0, requests: 3 + 2, rows: 4 + 2 },
    },
    {
      ...shared,
      name: 'the same key again',
      usage: await measure(gateway, CREATIONS, () =>
        repeat(CREATIONS, (n) => expectStatus(keyed(n)))
      ),
    },
  ]
}

async function priceUpload(gateway: Gateway): Promise<Line> {
  await upload(gateway)
  return {
    group: 'creations',
    name: 'upload (1 request and 1 row for its home, the same for its id)',
    per: 'call',
    count: 20,
    usage: await measure(gateway, 20, () => repeat(20, () => upload(gateway))),
    budget: { kv: 0, requests: 2, rows: 2 },
  }
}

async function priceRefusals(gateway: Gateway): Promise<Line[]> {
  const refuse = () =>
    gateway.sim.fault({
      match: { method: 'POST', path: '/v3/videos' },
      times: 1,
      effect: { status: 402 },
    })
  const refused = await measureEach(
    gateway,
    6,
    () => gateway.createVideo(),
    async () => {
      // Accounts without running jobs, which a creation would also make them look at.
      await gateway.sim.finishJobs()
      for (let n = 0; n < 3; n += 1) await advance(gateway, 20 * MINUTE)
      await expectStatus(gateway.fetch('/heygen/v3/users/me'))
      // Once a minute an isolate asks who owns what a creation names.
      const made = await expectStatus(gateway.createVideo())
      await gateway.sim.finishJobs()
      const id = made.headers.get('x-gateway-job') ?? ''
      await expectStatus(gateway.fetch(`/heygen/v3/videos/${id}`))
      await refuse()
    }
  )
  return [
    {
      group: 'creations',
      name: 'creation, one refusal leads on to another account',
      per: 'call',
      count: 6,
      usage: refused,
      budget: { kv: 0, requests: 3 + 2, rows: 4 + 2 },
    },
  ]
}
