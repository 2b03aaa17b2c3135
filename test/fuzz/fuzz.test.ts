/** A sample of `npm run fuzz`, always the same requests, and what longer runs have found. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { isFull } from '../support/full.ts'
import { faultsOf } from './checks.ts'
import { FOUND } from './found.ts'
import { fuzz, printed } from './run.ts'
import { send } from './wire.ts'

const open = gatewaysOfFile()
const REQUESTS = isFull ? 10_000 : 1000

test('whatever is sent, each answer is whole, tells nothing of others, and starts nothing that nobody was told of [I4]', async () => {
  const report = await fuzz({ seed: 2026, requests: REQUESTS })
  expect(report.failures.map(printed)).toEqual([])
  expect(report.requests).toBe(REQUESTS)
  // The requests are near enough to good ones that all layers are reached.
  const count = (status: number) => report.statuses.get(status) ?? 0
  for (const status of [200, 400, 401, 402, 403, 404])
    expect([status, count(status)]).toEqual([
      status,
      expect.toSatisfy((n: number) => n > REQUESTS / 100),
    ])
})

test('what the fuzz run has found stays mended', async () => {
  const gateway = await open({ accounts: { ann: 10 } })
  for (const { name, wire, status, code } of FOUND) {
    const headers = [['Authorization', `Bearer ${gateway.token}`], ...wire.headers] as [
      string,
      string,
    ][]
    const answer = await send(gateway.url, { ...wire, headers })
    expect([name, answer.status, answer.headers.get('x-gateway-error')]).toEqual([
      name,
      status,
      code,
    ])
    const drawn = { caller: 'full' as const, isInKey: false, wire }
    expect([name, faultsOf(drawn, answer, { secrets: [], foreign: [] })]).toEqual([name, []])
  }
})
