import { afterAll, afterEach, expect, test } from 'vitest'
import { openGateway } from '../../support/gateway.ts'

/** 120 accounts of one tenant, by the real waits. */
const names = Array.from({ length: 120 }, (_, at) => `one-of-a-hundred-and-twenty-${at}`)
const gateway = await openGateway({ simVars: { JOB_MS: '600000' } })
afterAll(() => gateway.dispose())
afterEach(() => gateway.sim.clearFaults())
for (const name of names) await gateway.addAccount(name, 1, { examples: false })
for (const [at, name] of names.entries()) {
  for (const row of [1, 2]) {
    const resource = { account: `${name}@example.com`, resource: 'template', id: `t-${at}-${row}` }
    await gateway.sim.control('POST', '/resources', resource)
  }
}

async function timed(path: string) {
  const since = performance.now()
  const answer = await gateway.fetch(path)
  const text = await answer.text()
  const partial = answer.headers.get('x-gateway-partial')
  return { status: answer.status, text, partial, tookMs: performance.now() - since }
}

const LIST = '/heygen/v3/templates?limit=20'

test('all pages hold each row once, and no token is 2 KB long', async () => {
  const seen: string[] = []
  let longest = 0
  let token: string | null = null
  do {
    const query: string = token === null ? '' : `&token=${encodeURIComponent(token)}`
    const { status, text } = await timed(LIST + query)
    expect(status).toBe(200)
    const page = JSON.parse(text) as {
      data: { id?: string; template_id?: string }[]
      next_token: string | null
    }
    seen.push(...page.data.map((row) => row.template_id ?? row.id ?? ''))
    token = page.next_token
    longest = Math.max(longest, token?.length ?? 0)
  } while (token !== null)
  console.log(JSON.stringify({ rows: seen.length, longest }))
  expect(seen).toHaveLength(240)
  expect(new Set(seen).size).toBe(240)
  expect(longest).toBeLessThan(2000)
}, 300_000)

test('with one account that hangs a list takes ten seconds at most, and the next one a second more than without', async () => {
  const usual = await timed(LIST)
  const hanging = `${names.at(-1)}@example.com`
  await gateway.sim.fault({ match: { account: hanging }, effect: { hang: true } })
  const first = await timed(LIST)
  const next = await timed(LIST)
  const took = [usual, first, next].map((one) => Math.round(one.tookMs))
  console.log(JSON.stringify({ took }))
  for (const one of [first, next]) expect([one.status, one.partial]).toEqual([200, hanging])
  expect(first.tookMs).toBeLessThan(11_000 + usual.tookMs)
  expect(next.tookMs).toBeLessThan(1500 + 2 * usual.tookMs)
})

test('when all hang, a list answers in ten seconds, not in ten minutes', async () => {
  await gateway.sim.fault({ effect: { hang: true } })
  const answer = await timed(LIST)
  console.log(JSON.stringify({ took: Math.round(answer.tookMs) }))
  expect(answer.status).toBe(504)
  expect(answer.tookMs).toBeLessThan(12_000)
})
