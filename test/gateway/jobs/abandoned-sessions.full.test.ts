/** Hundreds of sessions that nobody comes back to: what they cost is bounded, and so is their number. */
import { afterAll, expect, test } from 'vitest'
import { HOUR, MINUTE, pass } from '../../support/clock/clock.ts'
import { create, openWitnessed, viewOf } from '../../support/witness/witness-gateway.ts'

const SESSIONS = 230
const WAITING_MAX = 200
const DAY = 24 * HOUR

const shared = await openWitnessed({ accounts: { human: 10 } })
const { gateway, witness } = shared
afterAll(() => shared.close())

test('of abandoned sessions at most two hundred are waited for, ever more seldom, and none after seven days', async () => {
  const ids: string[] = []
  for (let n = 0; n < SESSIONS; n += 1) {
    const made = await create(gateway, 'agent', `mark-human-${n}`)
    expect(made.status).toBe(200)
    const [job] = witness.marked(`mark-human-${n}`)
    if (!job) throw new Error('it did not reach the witness')
    witness.wait(job, 'waiting_for_input')
    await gateway.fetch(`/heygen/v3/video-agents/${job.id}`)
    ids.push(job.id)
  }
  const open = async () => {
    const views = await Promise.all(ids.map((id) => viewOf(gateway, id)))
    return views.filter((view) => !view.status_final).length
  }
  const asked = (since: number) =>
    witness.calls.filter(({ at, path }) => at >= since && path.startsWith('/v3/video-agents/'))
      .length
  expect(await gateway.heldSlots()).toBe(0)
  await pass(gateway, HOUR, { stepMs: 10 * MINUTE })
  expect(await open()).toBeLessThanOrEqual(WAITING_MAX)
  await pass(gateway, 4 * DAY, { stepMs: 3 * HOUR })
  const since = witness.now()
  await pass(gateway, 6 * HOUR, { stepMs: 10 * MINUTE })
  // Each at most once an hour by then.
  expect(asked(since)).toBeLessThanOrEqual(7 * WAITING_MAX)
  await pass(gateway, 3.5 * DAY, { stepMs: 3 * HOUR })
  expect(await open()).toBe(0)
  const after = witness.now()
  await pass(gateway, DAY, { stepMs: 3 * HOUR })
  expect(asked(after)).toBe(0)
}, 600_000)
