/** Every creation that has a list × every way in which its times can mislead: the slot is held while the job runs. */
import { afterAll, expect, test } from 'vitest'
import { MINUTE, pass, SECOND, untilMoved } from '../../support/clock/clock.ts'
import { KINDS } from '../../support/witness/witness-kinds.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'
import type { KeyMode, TimeForm, WitnessAccount } from '../../support/witness/witness-types.ts'

interface Case {
  times?: TimeForm
  skewMs?: number
  newer?: number
  keys?: KeyMode
  hasEdgeLost?: boolean
}

const CASES: Record<string, Case> = {
  missing: { times: 'missing' },
  zero: { times: 'zero' },
  local: { times: 'local' },
  behind: { skewMs: -30 * SECOND },
  ahead: { skewMs: 30 * SECOND },
  newer: { newer: 100 },
  edge: { hasEdgeLost: true },
  validates: { keys: 'validates' },
  stores: { keys: 'stores' },
}

// A video meets every case, every other kind one of them, and every case two kinds.
const rows = KINDS.flatMap((kind, k) =>
  Object.keys(CASES)
    .filter((_, c) => k === 0 || (k + c) % 8 === 0)
    .map((name) => ({ kind, name }))
)
const shared = await openWitnessed({
  accounts: Object.fromEntries(rows.map(({ kind, name }) => [`${kind.name}-${name}`, 1])),
  witness: { keys: 'ignores' },
})
const { gateway, witness } = shared
afterAll(() => shared.close())

function prepare(account: WitnessAccount, { times, skewMs, keys }: Case): void {
  Object.assign(account, {
    ...(times === undefined ? {} : { times }),
    ...(skewMs === undefined ? {} : { skewMs }),
    ...(keys === undefined ? {} : { keys }),
  })
}

for (const { kind, name } of rows) {
  test(`a lost ${kind.name} keeps its slot while it runs: ${name} [I1]`, async () => {
    const email = `${kind.name}-${name}@example.com`
    const account = witness.account(email)
    const how = CASES[name] ?? {}
    prepare(account, how)
    const mark = `mark-${kind.name}-${name}`
    witness.fault({ isCreation: true, mark }, { reset: 'after' })
    const pinned = { 'x-gateway-account': email }
    const answer = await create(gateway, kind, mark, {}, pinned)
    const id = answer.headers.get('x-request-id') ?? ''
    const [job] = witness.marked(mark)
    if (how.newer !== undefined) witness.addForeign(email, kind.name, how.newer)
    if (how.hasEdgeLost) account.isEdgeLost = true
    await pass(gateway, 16 * MINUTE, {
      stepMs: 30 * SECOND,
      each: async () => {
        const { status, status_final: isFinal } = await viewOf(gateway, id)
        expect([status, isFinal]).toEqual([
          expect.stringMatching(/^(outcome_unknown|running)$/),
          false,
        ])
        if (!account.isEdgeLost) await create(gateway, kind, `${mark}-more`, {}, pinned)
      },
    })
    expect(account.maxInFlight).toBe(1)
    account.isEdgeLost = false
    if (job) witness.end(job)
    await untilMoved(gateway, async () => {
      const again = await create(gateway, kind, `${mark}-again`, {}, pinned)
      return again.ok
    })
    expect(account.maxInFlight).toBe(1)
    expect(witness.doubled.filter((one) => one.startsWith(`${mark}`))).toEqual([])
  })
}
