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

const ASKED = {
  caller: 'full' as const,
  isInKey: false,
  wire: { method: 'POST', target: '/x', headers: [] },
}
const KNOWN = { secrets: ['hgw_secret'], foreign: ['canary'] }
const OWN = { 'x-request-id': 'id-1', 'x-content-type-options': 'nosniff' }
const good = JSON.stringify({ error: 'name: must be text', code: 400 })

test.each<[string, number, Record<string, string>, string, object?]>([
  ['no answer', 0, {}, ''],
  ['failed before or outside the Worker', 500, {}, 'Internal Server Error'],
  ['an answer without its id', 200, { 'x-content-type-options': 'nosniff' }, '{}'],
  ['an error of ours without its code', 404, OWN, '{"error":"x","code":404}'],
  [
    'an unexpected failure',
    500,
    { ...OWN, 'x-gateway-error': 'internal' },
    '{"error":"id-1","code":500}',
  ],
  [
    'a failure without its id',
    500,
    { ...OWN, 'x-gateway-error': 'internal' },
    '{"error":"x","code":500}',
  ],
  ['an unknown code', 400, { ...OWN, 'x-gateway-error': 'toString' }, good],
  ['an error without its shape', 400, { ...OWN, 'x-gateway-error': 'bad_request' }, 'bad'],
  [
    'an error without its shape',
    400,
    { ...OWN, 'x-gateway-error': 'bad_request' },
    '{"error":"x","code":404}',
  ],
  [
    'shows the code',
    400,
    { ...OWN, 'x-gateway-error': 'bad_request' },
    '{"error":"TypeError: x","code":400}',
  ],
  ['shows a secret', 200, { ...OWN, 'x-y': 'hgw_secret' }, ''],
  ['shows another tenant', 200, OWN, '{"title":"canary"}'],
  [
    'does not name the field email',
    400,
    { ...OWN, 'x-gateway-error': 'bad_request' },
    good,
    { wrongField: 'email' },
  ],
])('the run finds it: %s', (fault, status, headers, text, more = {}) => {
  const answer = { status, headers: new Headers(headers), text, isReset: false }
  const found = faultsOf({ ...ASKED, ...more }, answer, KNOWN)
  expect(found).toContainEqual(expect.stringContaining(fault))
  const fine = {
    status: 400,
    headers: new Headers({ ...OWN, 'x-gateway-error': 'bad_request' }),
    text: good,
    isReset: false,
  }
  expect(faultsOf({ ...ASKED, wrongField: 'name' }, fine, KNOWN)).toEqual([])
})
