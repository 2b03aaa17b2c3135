/** Every row of the catalogue answers its documented example in its documented shape. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CATALOGUE, kindOf, type CatalogueRow } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { findDifferences } from '../differences.ts'
import { openSimulator } from '../open-simulator.ts'

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator()
})
afterAll(() => simulator.dispose())

const HTTP_ROWS = CATALOGUE.filter((row) => row.method !== 'WSS')

test('the catalogue has 256 rows, two of them sockets', () => {
  expect(CATALOGUE.length).toBe(256)
  expect(HTTP_ROWS.length).toBe(254)
})

const CASES = HTTP_ROWS.map((row, index) => ({ name: `${row.method} ${row.path}`, row, index }))

test.each(oneOfEach(CASES, ({ row }) => kindOf(row)))(
  '$name answers its example with the documented status and shape',
  async ({ row, index }) => {
    await simulator.sim('POST', 'accounts', { email: `row${index}@sim.example`, examples: true })
    const answer = await fetch(simulator.url + toPath(row), toInit(row, `sk_sim_row${index}`))
    const text = await answer.text()
    expect(answer.status, text).toBe(row.successStatus)
    if (typeof row.responseExample === 'string') expect(text.length).toBeGreaterThan(0)
    else expect(findDifferences(row.responseExample, JSON.parse(text), '')).toEqual([])
  }
)

test('the prefixes of the three hosts serve their own rows and no others', async () => {
  const me = await simulator.call('GET', '/api.heygen.com/v3/users/me')
  expect(me.status).toBe(200)
  expect((await simulator.call('GET', '/upload.heygen.com/v3/users/me')).status).toBe(404)
  const photo = { headers: { 'content-type': 'image/png' }, body: 'png' }
  expect((await simulator.call('POST', '/upload.heygen.com/v1/asset', photo)).status).toBe(200)
  expect((await simulator.call('POST', '/api.heygen.com/v1/asset', photo)).status).toBe(404)
  expect((await simulator.call('POST', '/v1/asset', photo)).status).toBe(200)
  const seen = (await simulator.sim('GET', 'requests')) as unknown as { host: string }[]
  expect(seen.slice(-5).map((each) => each.host)).toEqual([
    'api',
    'upload',
    'upload',
    'api',
    'root',
  ])
})

test('an unknown path answers 404 in the envelope of its family', async () => {
  expect((await simulator.call('GET', '/v1/nothing')).body).toEqual({
    code: 101,
    message: 'not found',
  })
  expect((await simulator.call('GET', '/v2/nothing')).body.error.code).toBe('not_found')
  expect((await simulator.call('GET', '/v3/nothing')).body.error.param).toBeNull()
})

function toPath(row: CatalogueRow): string {
  const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(row.pathExample[name] ?? '')
  )
  const query = new URLSearchParams(row.queryExample).toString()
  return query ? `${path}?${query}` : path
}

function toInit(row: CatalogueRow, key: string): RequestInit {
  const { method } = row
  const headers = { 'x-api-key': key }
  if (!row.requestContentType) return { method, headers }
  if (row.requestContentType === 'application/json') {
    const body = JSON.stringify(row.requestExample)
    return { method, body, headers: { ...headers, 'content-type': 'application/json' } }
  }
  if (row.requestContentType === 'multipart/form-data') {
    const body = new FormData()
    body.append('file', new Blob(['hello'], { type: 'image/png' }), 'a.png')
    return { method, headers, body }
  }
  return { method, body: 'raw bytes', headers: { ...headers, 'content-type': 'image/png' } }
}
