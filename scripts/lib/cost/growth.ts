/** How costs grow with accounts, tenants, waiting clients, and time. */
import { advance, DAY, SECOND } from '../../../test/support/clock/clock.ts'
import type { Gateway } from '../../../test/support/gateway.ts'
import { fillPool, waitInCrowd } from '../../../test/support/scenes/crowd.ts'
import {
  expectStatus,
  letAllRing,
  makeCold,
  measure,
  measureEach,
  openMetered,
  repeat,
  type Line,
} from './measure.ts'

export async function priceGrowth(): Promise<Line[]> {
  const lines: Line[] = []
  for (const accounts of [1, 10, 100]) {
    console.error(`  ${accounts} accounts`)
    lines.push(...(await pricePool(accounts)))
  }
  console.error('  tenants, waiting clients, idle accounts')
  return [
    ...lines,
    ...(await priceTenants()),
    await priceCrowd(1, 10, 1),
    await priceCrowd(10, 100, 10),
    await priceCrowd(10, 100, 0),
    await priceIdle(0),
    await priceIdle(100),
  ]
}

const FREE_SLOTS = 400

async function pricePool(count: number): Promise<Line[]> {
  const gateway = await openMetered()
  const names = Array.from({ length: count }, (_, at) => `p${at}`)
  for (const name of names) await gateway.addAccount(name, FREE_SLOTS)
  try {
    await expectStatus(gateway.createVideo())
    return [
      await priceList(gateway, count),
      await priceFree(gateway, count),
      ...(count === 100 ? await priceNearlyFull(gateway, names) : []),
      ...(await priceFull(gateway, names)),
    ]
  } finally {
    await gateway.dispose()
  }
}

async function priceList(gateway: Gateway, accounts: number): Promise<Line> {
  const list = () => expectStatus(gateway.fetch('/heygen/v3/videos?limit=100'))
  await list()
  const count = accounts === 100 ? 10 : 40
  return {
    group: 'growth: merged list',
    name: `${accounts} accounts`,
    per: 'call',
    count,
    usage: await measure(gateway, count, () => repeat(count, list)),
    budget: { kv: 0, requests: 0, rows: 0 },
  }
}

async function priceFree(gateway: Gateway, accounts: number): Promise<Line> {
  return {
    group: 'growth: creation, accounts free',
    name: `${accounts} accounts`,
    per: 'call',
    count: 30,
    usage: await measure(gateway, 30, () => repeat(30, () => expectStatus(gateway.createVideo()))),
    budget: { kv: 0, requests: 3, rows: 4 },
  }
}

/** The first 90 accounts have one slot, and it is taken. */
async function priceNearlyFull(gateway: Gateway, names: string[]): Promise<Line[]> {
  await endAll(gateway)
  await limitTo(gateway, names.slice(0, 90), 1)
  await fillPool(gateway, names.slice(0, 90))
  const shared = {
    group: 'growth: creation, 90 of 100 accounts full',
    per: 'call',
    count: 12,
    budget: { kv: 0, requests: 6, rows: 4 },
  }
  const create = () => gateway.createVideo()
  // Copies of KV live for 30 s. They have a line of their own.
  const renewCopies = () => expectStatus(gateway.fetch('/heygen/v3/users/me'))
  await expectStatus(create())
  const warm = await measureEach(gateway, 12, create)
  await advance(gateway, 61 * SECOND)
  await renewCopies()
  const quiet = await measureEach(gateway, 12, create)
  await makeCold(gateway)
  await renewCopies()
  const cold = await measureEach(gateway, 12, create)
  const first = await measureEach(gateway, 6, create, async () => {
    await makeCold(gateway)
    await renewCopies()
  })
  const { budget: _, ...unlimited } = shared
  return [
    { ...shared, name: 'warm', usage: warm },
    { ...shared, name: 'after a quiet minute', usage: quiet },
    { ...shared, name: 'in a cold isolate', usage: cold },
    { ...unlimited, count: 6, name: 'the first one in a cold isolate', usage: first },
  ]
}

async function priceFull(gateway: Gateway, names: string[]): Promise<Line[]> {
  await endAll(gateway)
  await limitTo(gateway, names, 1)
  await fillPool(gateway, names)
  const create = () => gateway.createVideo()
  const shared = { group: 'growth: creation, every account full', per: 'call' }
  // This one also tells the desk that the pool is full, which is told once a minute.
  await expectStatus(create(), 429)
  const first = await measureEach(
    gateway,
    5,
    create,
    async () => {
      await advance(gateway, 2 * SECOND)
      await expectStatus(gateway.fetch('/heygen/v3/users/me'))
    },
    429
  )
  const again = await measureEach(gateway, 20, create, undefined, 429)
  return [
    {
      ...shared,
      name: `${names.length} accounts, first in a second`,
      count: 5,
      usage: first,
      budget: { kv: 0, requests: names.length, rows: 0 },
    },
    {
      ...shared,
      name: `${names.length} accounts, again within the second`,
      count: 20,
      usage: again,
      budget: { kv: 0, requests: 0, rows: 0 },
    },
  ]
}

async function endAll(gateway: Gateway): Promise<void> {
  await gateway.sim.finishJobs()
  await letAllRing((ms) => advance(gateway, ms))
}

async function limitTo(gateway: Gateway, names: string[], maxJobs: number): Promise<void> {
  for (const name of names) {
    const email = `${name}@example.com`
    await expectStatus(gateway.post('/v1/heygen/accounts', { email, maxJobs }))
  }
}

const TENANTS = 50

/** Each tenant has two accounts. The isolate has not seen any of them before. */
async function priceTenants(): Promise<Line[]> {
  const gateway = await openMetered()
  const tenants: Gateway[] = []
  for (let n = 0; n < TENANTS; n += 1) {
    const tenant = gateway.as((await gateway.newToken()).token)
    for (const name of ['x', 'y']) await tenant.addAccount(`${name}${n}`, 5)
    tenants.push(tenant)
  }
  const readAll = async () => {
    for (const tenant of tenants) await expectStatus(tenant.fetch('/heygen/v3/users/me'))
  }
  try {
    await makeCold(gateway)
    const shared = {
      group: `growth: plain read of ${TENANTS} tenants`,
      per: 'call',
      count: TENANTS,
    }
    const cold = await measure(gateway, TENANTS, readAll)
    const warm = await measure(gateway, TENANTS, readAll)
    return [
      { ...shared, name: 'this isolate has not seen the tenant for 30 s', usage: cold },
      { ...shared, name: 'it has', usage: warm, budget: { kv: 0, requests: 0, rows: 0 } },
    ]
  } finally {
    await gateway.dispose()
  }
}

/** `clients` wait a minute for accounts with one slot each, while `freed` jobs end. */
async function priceCrowd(accounts: number, clients: number, freed: number): Promise<Line> {
  const gateway = await openMetered()
  const names = Array.from({ length: accounts }, (_, at) => `w${at}`)
  for (const name of names) await gateway.addAccount(name, 1)
  try {
    const running = await fillPool(gateway, names)
    const crowd = { accounts, clients, freed, waitSeconds: 60 }
    const usage = await measure(gateway, clients, () => waitInCrowd(gateway, running, crowd))
    return {
      group: 'growth: clients that wait a minute for a slot',
      name: `${clients} clients, ${accounts} accounts, ${freed} slots become free`,
      per: 'waiting client',
      count: clients,
      usage,
    }
  } finally {
    await gateway.dispose()
  }
}

/** What an account costs in 45 days without calls. Its ended jobs are forgotten in that time. */
async function priceIdle(jobs: number): Promise<Line> {
  const gateway = await openMetered({ accounts: { a: 200 } }, true)
  try {
    for (let n = 0; n < jobs; n += 1) await expectStatus(gateway.createVideo())
    await endAll(gateway)
    const usage = await measure(gateway, 1, (meter) => repeat(45, () => meter.pass(DAY)))
    return {
      group: 'growth: an account without calls, 45 days',
      name: `${jobs} ended jobs are forgotten`,
      per: 'account',
      count: 1,
      usage,
    }
  } finally {
    await gateway.dispose()
  }
}
