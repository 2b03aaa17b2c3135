/** Every row of Kling's catalogue answers its documented example in its documented shape. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kindOf, type CatalogueRow } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { findDifferences } from '../differences.ts'
import { API, openKling, tokenOf } from './open-kling.ts'

type KlingRow = CatalogueRow & { keys: 'api' | 'both' | 'none' }

let kling: Awaited<ReturnType<typeof openKling>>
beforeAll(async () => {
  kling = await openKling()
})
afterAll(() => kling.dispose())

const TEXT = readFileSync(
  new URL('../../../simulator/kling/catalogue.json', import.meta.url),
  'utf8'
)
const ROWS = JSON.parse(TEXT) as KlingRow[]

test('the catalogue has 98 rows, two of them of the console', () => {
  expect(ROWS.length).toBe(98)
  expect(ROWS.filter((row) => row.keys === 'none').length).toBe(2)
})

const CASES = oneOfEach(
  ROWS.map((row, index) => ({ name: `${row.method} ${row.path}`, row, index })),
  ({ row }) => `${kindOf(row)} ${row.keys}`
)

test.each(CASES)(
  '$name answers its example with the documented status and shape',
  async ({ row, index }) => {
    await kling.make(`row${index}`, { examples: true })
    const answer = await fetch(kling.url + toPath(row), toInit(row, `kling_sim_row${index}`))
    const text = await answer.text()
    expect(answer.status, text).toBe(row.successStatus)
    expect(findDifferences(row.responseExample, JSON.parse(text), '')).toEqual([])
  }
)

const WITH_KEYS = CASES.filter(({ row }) => row.keys !== 'none')

test.each(WITH_KEYS)('$name takes a signed token only where it is documented to', async (one) => {
  const { row, index } = one
  await kling.make(`jwt${index}`, { examples: true })
  const answer = await fetch(kling.url + toPath(row), toInit(row, tokenOf(`jwt${index}`)))
  expect(answer.status).toBe(row.keys === 'both' ? row.successStatus : 401)
})

function toPath(row: KlingRow): string {
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => row.pathExample[name] ?? '')
  const query = new URLSearchParams(row.queryExample).toString()
  return `${row.keys === 'none' ? '/klingai.com' : API}${path}${query ? `?${query}` : ''}`
}

/** Some examples ask for a day that is over, or for a client's id in the answer without having sent one. */
function changeOf({ path, kind, requestExample }: KlingRow): object {
  const day = { start_time: Date.now() - 86_400_000, end_time: Date.now() + 86_400_000 }
  if (path.startsWith('/account/')) return day
  if (path === '/tasks') return { ...day, filters: [{ key: 'product_type', values: ['video'] }] }
  const isOfV1 = path.startsWith('/v1/') && kind === 'creates-job'
  return isOfV1 ? { external_task_id: 'my-job-0001', ...(requestExample as object) } : {}
}

function toInit(row: KlingRow, token: string): RequestInit {
  const { method, requestContentType: type } = row
  const headers = { authorization: `Bearer ${token}` }
  if (!type) return { method, headers }
  const example = { ...(row.requestExample as object), ...changeOf(row) }
  // An id beyond 2^53 must reach the wire as it stands in the catalogue, not as the double that it was read as.
  const body = JSON.stringify(example).replace('829836802793406600', '829836802793406551')
  return { method, body, headers: { ...headers, 'content-type': type } }
}
