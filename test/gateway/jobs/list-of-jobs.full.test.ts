/** Listing the jobs of an account with 200,000 that ended: a page reads some hours of them, and no row more is written. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { fillEnded, objectsOf, rowsReadBy, runIn } from '../../support/sql/sql.ts'

const open = gatewaysOfFile()
const COUNT = 200_000

interface Page {
  jobs: { requestId: string; created: string }[]
  next: string | null
}

test('with 200,000 ended jobs a page reads two spans at most, a rare outcome a bounded number, and all are reached', async () => {
  const gateway = await open({ accounts: { old: 3 }, entry: 'test/support/workers/sql-worker.ts' })
  const { desk, accounts } = await objectsOf(gateway)
  const object = accounts[0] ?? ''
  await fillEnded(gateway, object, COUNT)
  const tenant = desk.slice('heygen:'.length)
  const sql = `UPDATE ended_job SET record = json_set(record, '$.lease.tenant', ?1, '$.lease.id', id,
    '$.lease.requestId', id, '$.lease.route', 'POST /v3/videos', '$.lease.acquiredAt', ended_at)`
  await runIn(gateway, 'ACCOUNT_SLOTS', object, sql, [tenant])
  const list = async (query: string) => {
    const answer = await gateway.fetch(`/v1/heygen/jobs?${query}`)
    expect(answer.status).toBe(200)
    return (await answer.json()) as Page
  }
  let page: Page = { jobs: [], next: null }
  const first = await rowsReadBy(gateway, async () => {
    page = await list('state=ended&limit=100')
  })
  expect(page.jobs).toHaveLength(100)
  const started = Date.now()
  const second = await rowsReadBy(gateway, async () => {
    page = await list(`state=ended&limit=100&cursor=${page.next}`)
  })
  const ms = Date.now() - started
  expect(page.jobs).toHaveLength(100)
  const rare = await rowsReadBy(gateway, async () => {
    page = await list('outcome=lost')
  })
  expect(page.jobs).toEqual([])
  let pages = 1
  for (; page.next !== null && pages < 200; pages += 1)
    page = await list(`outcome=lost&cursor=${page.next}`)
  console.log(`rows: ${first}, ${second}, rare ${rare} in ${pages} pages; a page ${ms} ms`)
  expect(Math.max(first, second)).toBeLessThan(10_000)
  expect(rare).toBeLessThan(15_000)
  expect(pages).toBeLessThan(120)
}, 300_000)
