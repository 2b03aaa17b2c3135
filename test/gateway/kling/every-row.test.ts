/** Every row of Kling's catalogue, called through the gateway as a client would that changed only its base URL. */
import { afterAll, expect, test } from 'vitest'
import { kling } from '#providers/kling/index.ts'
import { findDifferences, kindOf, nameOf, pathOf } from '../../support/catalogue/catalogue.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'
import {
  KLING_IN_ORDER,
  KLING_ROWS,
  klingBody,
  type KlingRow,
} from '../../support/catalogue/kling-catalogue.ts'
import { addKling, keysOf, klingRequests, makeKling } from '../../support/scenes/kling.ts'

const gateway = await openGateway({ simVars: { JOB_MS: '30', SYNC_MS: '5' } })
afterAll(() => gateway.dispose())
await addKling(gateway, 'ann', { maxJobs: 50, sim: { examples: true } })

const CASES = oneOfEach(
  KLING_IN_ORDER.filter((row) => row.keys !== 'none'),
  (row) => `${kindOf(row)} ${row.keys}`
)

test('the catalogue has 98 rows, and each has a row of the table', () => {
  expect(KLING_ROWS.length).toBe(98)
  for (const row of KLING_ROWS) {
    const match = kling.routes.match(row.method, row.path.replaceAll(/\{\w+\}/g, 'some-id'))
    expect(match?.route.kind, nameOf(row)).toBe(row.kind)
  }
})

test.each(CASES.map((row) => ({ name: nameOf(row), row })))(
  '$name through the gateway is one call upstream and the documented answer',
  async ({ row }) => {
    await gateway.sim.control('DELETE', '/accounts/ann@example.com?provider=kling')
    await makeKling(gateway, 'ann', { examples: true })
    await gateway.sim.forgetRequests()
    const path = pathOf(row)
    // Kling takes an external id once.
    const body = klingBody(row)?.replaceAll('my-job-0001', `my-job-${KLING_ROWS.indexOf(row)}`)
    const headers = { 'content-type': 'application/json' }
    const init = body === undefined ? {} : { body, headers }
    const answer = await gateway.fetch(`/kling${path}`, { method: row.method, ...init })
    const text = await answer.text()
    const seen = await klingRequests(gateway)
    const jobs = await freeSlots(answer)

    expect(answer.status, text).toBe(row.successStatus)
    expect(differences(row, body, text)).toEqual([])
    expect(text).not.toMatch(/hgw[0-9a-f]{16}/)
    expect(answer.headers.get('x-gateway-account')).toBe('ann@example.com')
    expect(answer.headers.get('x-gateway-error')).toBeNull()
    expect(jobs.length).toBe(row.kind === 'creates-job' ? 1 : 0)
    expect(seen.map((one) => `${one.method} ${one.path}`)).toEqual([
      `${row.method} ${path.split('?')[0]}`,
    ])
    const { apiKey } = keysOf('ann')
    const authorization = seen[0]?.headers['authorization'] ?? ''
    expect(authorization === `Bearer ${apiKey}`).toBe(row.keys === 'api')
    if (row.keys === 'both') expect(authorization).toMatch(/^Bearer eyJ/)
    expect(JSON.stringify(seen)).not.toContain(gateway.token)
    checkBodyUp(row, body, seen[0]?.body)
  }
)

test.each(
  KLING_ROWS.filter((row) => row.keys === 'none').map((row) => ({ name: nameOf(row), row }))
)('$name is not passed on, and says what to do instead', async ({ row }) => {
  await gateway.sim.forgetRequests()
  const answer = await gateway.post(`/kling${row.path}`, row.requestExample)
  expect(answer.status).toBe(501)
  expect(answer.headers.get('x-gateway-error')).toBe('not_implemented')
  expect(((await answer.json()) as { message: string }).message).toContain('POST /accounts')
  expect(await klingRequests(gateway)).toEqual([])
})

test('after all rows no slot is taken', async () => {
  const answer = await gateway.fetch('/v1/kling/scheduler/available')
  expect(await answer.json()).toEqual({
    executing: [],
    available: [{ email: 'ann@example.com', maxJobs: 50, executing: 0, available: 50 }],
  })
})

/** Where the example names no external id, the answer has none. */
function differences(row: KlingRow, body: string | undefined, text: string): string[] {
  const found = findDifferences(row.responseExample, JSON.parse(text), '')
  const isNamed = body === undefined || body.includes('external_task_id')
  return isNamed ? found : found.filter((one) => !one.endsWith('external_task_id is missing'))
}

/**
 * The external id goes up under another name, and no callback where Kling could not call us (kling-callbacks.test.ts);
 * every other byte goes up as it came.
 */
function checkBodyUp(row: KlingRow, sent: string | undefined, up: string | undefined): void {
  if (sent === undefined) return expect(up ?? '').toBe('')
  const callback = '"callback_url": ?"[^"]+"'
  const body = sent.replace(new RegExp(`${callback}, ?|, ?${callback}|${callback}`), '')
  if (row.kind !== 'creates-job') return expect(up).toBe(body)
  const name = /"external_task_id": ?"[^"]*"/
  const added = /("options":\{)?"external_task_id":"hgw[0-9a-f]{16}g-[^"]*"\}?,?/
  const plain = (text: string) => text.replace(name, '"external_task_id":"x"')
  if (name.test(body)) expect(plain(up ?? '')).toBe(plain(body))
  else expect((up ?? '').replace(added, '')).toBe(body)
}

/** The simulator's tasks end at once; the gateway is not told, so its slots are freed by hand. */
async function freeSlots(answer: Response): Promise<string[]> {
  const jobs = answer.headers.get('x-gateway-job')?.split(',') ?? []
  await gateway.sim.finishJobs()
  for (const job of jobs) {
    const freed = await gateway.fetch(`/v1/kling/scheduler/${job}?force=true`, { method: 'DELETE' })
    expect(freed.status).toBe(204)
  }
  return jobs
}
