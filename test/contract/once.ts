/** I4: one wish, one job. */
import { expect, test } from 'vitest'
import { oneOfEach } from '../support/full.ts'
import { accountOf, errorOf, jobOf, Tenant } from './tenant.ts'
import type { Bench } from './bench.ts'

const key = (text: string) => ({ 'idempotency-key': text })

export function startsEachJobOnce({ kit, calm, gate }: Bench): void {
  test('fifty calls at once with one Idempotency-Key start one job; the others are replays or told that it runs [I4]', async () => {
    const tenant = await Tenant.open(calm, kit, 9, 9)
    await calm.sim.settings({ latencyMs: 200 })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => tenant.create({}, key('order-1')))
    )
    const fresh = answers.filter((answer) => answer.status === 200)
    const waiting = answers.filter((answer) => answer.status === 409)
    expect([fresh.length + waiting.length, fresh.length > 0]).toEqual([50, true])
    expect(waiting.every((answer) => errorOf(answer) === 'request_in_progress')).toBe(true)
    const again = await tenant.create({ name: 'another body' }, key('order-1'))
    const [first] = fresh as [Response]
    expect([jobOf(again), accountOf(again)]).toEqual([jobOf(first), accountOf(first)])
    expect(await again.text()).toBe(await first.text())
    expect(await tenant.startedJobs()).toBe(1)
  })

  const effects: { reset?: string; badJson?: boolean; status?: number }[] = [
    { reset: 'after' },
    { badJson: true },
    { reset: 'before' },
    { status: 500 },
  ]
  const wasTaken = ({ reset, badJson }: { reset?: string; badJson?: boolean }) =>
    reset === 'after' || badJson === true
  const kindOf = (effect: (typeof effects)[number]) =>
    kit.isStormed ? JSON.stringify(effect) : String(wasTaken(effect))
  test.each(oneOfEach(effects, kindOf))(
    'what may have been accepted (%j) is sent to nobody else, and its key starts nothing more',
    async (effect) => {
      const tenant = await Tenant.open(calm, kit, 9, 9)
      await tenant.faultCreations(effect)
      await calm.sim.forgetRequests()
      for (const _ of [1, 2, 3]) {
        const lost = await tenant.create({ name: 'paid' }, key('lost'))
        expect([200, 409]).toContain(lost.status)
        if (lost.status === 409) expect(errorOf(lost)).toBe('request_in_progress')
      }
      expect(new Set(await tenant.creators()).size).toBe(1)
      expect(await tenant.startedJobs()).toBe(wasTaken(effect) ? 1 : 0)
    }
  )

  test.each(Object.keys(kit.refusals))(
    'a refusal for %s goes to the other account, and one creation is accepted',
    async (name) => {
      const tenant = await Tenant.open(calm, kit, 9, 9)
      const [email = '', other] = tenant.emails
      const effect = kit.refusals[name] ?? {}
      await tenant.faultCreations(effect, { email, times: null })
      // A key is refused everywhere, or it is not the key.
      if (name === 'a refused key') await calm.sim.fault({ match: { account: email }, effect })
      await calm.sim.forgetRequests()
      for (let round = 1; round <= 6; round += 1) {
        const answer = await tenant.create()
        expect([answer.status, accountOf(answer)]).toEqual([200, other])
        expect(await tenant.startedJobs()).toBe(round)
      }
      expect(await tenant.creationsSeen()).toBeGreaterThanOrEqual(6)
      expect(await tenant.held()).toBe(6)
    }
  )

  test('a refusal forgets the key, so that the client may try again', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    const id = await tenant.start()
    expect((await tenant.create({}, key('later'))).status).toBe(429)
    await tenant.end(id)
    await tenant.poll(id)
    expect((await tenant.create({}, key('later'))).status).toBe(200)
  })

  test('a client that goes away does not stop its creation, and asking again under its key starts no other [I4]', async () => {
    const tenant = await Tenant.open(calm, kit, 9)
    const { path, body } = kit.creation
    const held = gate.hold('POST', path)
    const leaving = new AbortController()
    const gone = tenant.at.fetch(tenant.dropIn(path), {
      method: 'POST',
      body: JSON.stringify(body({})),
      headers: { 'content-type': 'application/json', ...key('left') },
      signal: leaving.signal,
    })
    await held.arrived
    leaving.abort()
    await expect(gone).rejects.toThrow()
    expect((await tenant.create({}, key('left'))).status).toBe(409)
    held.pass()
    await expect.poll(async () => (await tenant.create({}, key('left'))).status).toBe(200)
    expect(await tenant.startedJobs()).toBe(1)
  })
}
