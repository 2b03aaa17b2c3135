import { afterAll, expect, test } from 'vitest'
import { advance, HOUR, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

/** Names so long that twenty accounts' places are longer than a token may be. */
const names = Array.from(
  { length: 20 },
  (_, at) => `${'an-account-with-a-very-long-name-'.repeat(2)}${at}`
)
const gateway = await openGateway({
  entry: 'test/support/workers/counting-worker.ts',
  simVars: { JOB_MS: '600000' },
})
afterAll(() => gateway.dispose())
await stopClock(gateway)
for (const name of names) await gateway.addAccount(name, 1, { examples: false })
for (const [at, name] of names.entries()) {
  for (const row of [1, 2]) {
    const resource = { account: `${name}@example.com`, resource: 'template', id: `t-${at}-${row}` }
    await gateway.sim.control('POST', '/resources', resource)
  }
}

interface Page {
  data: { template_id?: string; id?: string }[]
  next_token: string | null
}

async function pageAt(token: string | null): Promise<Page> {
  const query = token === null ? '' : `&token=${encodeURIComponent(token)}`
  const answer = await gateway.fetch(`/heygen/v3/templates?limit=7${query}`)
  expect(answer.status).toBe(200)
  return (await answer.json()) as Page
}

async function countsOf(what: () => Promise<unknown>): Promise<Record<string, number>> {
  await fetch(`${gateway.url}/__count`)
  await what()
  return (await (await fetch(`${gateway.url}/__count`)).json()) as Record<string, number>
}

test('the pages of many accounts hold each row once, and their tokens stay under 2 KB', async () => {
  const seen: string[] = []
  let token: string | null = null
  do {
    const page: Page = await pageAt(token)
    seen.push(...page.data.map((row) => row.template_id ?? row.id ?? ''))
    token = page.next_token
    expect(token?.length ?? 0).toBeLessThan(2000)
  } while (token !== null)
  expect(seen).toHaveLength(40)
  expect(new Set(seen).size).toBe(40)
})

test('a long place costs a row and a request when its page is shown, and a request when it is used', async () => {
  const { next_token: token } = await pageAt(null)
  const shown = await countsOf(() => pageAt(null))
  expect(shown).toMatchObject({ kv: 0, requests: 1, rows: 1 })
  const used = await countsOf(() => pageAt(token))
  expect(used).toMatchObject({ kv: 0, requests: 2, rows: 1 })
})

test('a short place costs nothing', async () => {
  const small = gateway.as((await gateway.newToken()).token)
  for (const name of ['x', 'y']) {
    const email = await small.addAccount(name, 1, { examples: false })
    for (const row of [1, 2]) {
      const resource = { account: email, resource: 'template', id: `${name}-${row}` }
      await gateway.sim.control('POST', '/resources', resource)
    }
  }
  const list = async () =>
    (await (await small.fetch('/heygen/v3/templates?limit=1')).json()) as Page
  const { next_token } = await list()
  expect(next_token?.length).toBeLessThan(500)
  expect(await countsOf(list)).toMatchObject({ kv: 0, requests: 0, rows: 0 })
})

test('a token that was changed, cut or made up is refused by name', async () => {
  const { next_token: token } = await pageAt(null)
  const whole = token ?? ''
  const middle = Math.floor(whole.length / 2)
  const other = whole[middle] === 'A' ? 'B' : 'A'
  const changed = whole.slice(0, middle) + other + whole.slice(middle + 1)
  for (const bad of [
    changed,
    whole.slice(0, -4),
    whole + whole,
    'x',
    'k1.',
    '..',
    '%00',
    '1.2.3',
  ]) {
    const answer = await gateway.fetch(
      `/heygen/v3/templates?limit=7&token=${encodeURIComponent(bad)}`
    )
    expect([bad, answer.status]).toEqual([bad, 400])
  }
})

test('a kept place is of no use to another tenant, for another list, or after a day [I5]', async () => {
  const { next_token: token } = await pageAt(null)
  const path = `/heygen/v3/templates?limit=7&token=${encodeURIComponent(token ?? '')}`
  const other = gateway.as((await gateway.newToken()).token)
  for (const name of ['u', 'v']) await other.addAccount(name, 1)
  expect((await other.fetch(path)).status).toBe(400)
  expect((await gateway.fetch(path.replace('templates', 'lipsyncs'))).status).toBe(400)
  expect((await gateway.fetch(path)).status).toBe(200)
  await advance(gateway, 25 * HOUR)
  const late = await gateway.fetch(path)
  expect([late.status, await late.text()]).toEqual([
    400,
    expect.stringContaining('Start the list anew') as string,
  ])
})
