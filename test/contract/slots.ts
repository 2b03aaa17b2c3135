/** I1 and I2: slots are never overdrawn and always come back. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { advance, MINUTE, untilMoved } from '../support/clock/clock.ts'
import { isFull, oneOfEach } from '../support/full.ts'
import { openGateway, until, type Gateway } from '../support/gateway.ts'
import { Simulator } from '../support/simulator.ts'
import type { Bench } from './bench.ts'
import { errorOf, jobOf, pause, Tenant } from './tenant.ts'

const LIMITS = [1, 2, 3]
const ROOM = 6
const ROUNDS = isFull ? 3 : 1

async function maximaOf(tenant: Tenant): Promise<number[]> {
  return (await tenant.seen()).accounts.map((one) => one.maxInFlight)
}

export function holdsTheLimits({ kit, calm }: Bench): void {
  test('60 creations at once fill every slot exactly, and when they have ended exactly as many fit again [I1]', async () => {
    const tenant = await Tenant.open(calm, kit, ...LIMITS)
    const storm = async () => {
      const answers = await Promise.all(Array.from({ length: 60 }, () => tenant.create()))
      const counts = [200, 429].map((status) => answers.filter((one) => one.status === status))
      const others = answers.filter(({ status }) => status !== 200 && status !== 429)
      expect(await Promise.all(others.map((one) => one.text()))).toEqual([])
      expect(counts.map((some) => some.length)).toEqual([ROOM, 60 - ROOM])
      return (counts[0] ?? []).map(jobOf)
    }
    for (const id of await storm()) await tenant.end(id)
    await until(async () => (await tenant.held()) === 0)
    expect(new Set(await storm()).size).toBe(ROOM)
    expect(await maximaOf(tenant)).toEqual(LIMITS)
    expect(await tenant.startedJobs()).toBe(2 * ROOM)
  })

  if (!kit.isStormed && !isFull) return
  test('creations, polls, ends and tellings that come twice, all at once, never overdraw an account [I1]', async () => {
    const tenant = await Tenant.open(calm, kit, ...LIMITS)
    await calm.sim.settings({ jobMs: 60, doubleRate: 1 })
    const ids: string[] = []
    const client = async () => {
      while (ids.length < 40) {
        const answer = await tenant.create({}, { prefer: 'wait=5' })
        if (answer.status === 200) ids.push(jobOf(answer))
        else expect(answer.status, await answer.text()).toBe(429)
        const known = ids[Math.floor(Math.random() * ids.length)]
        if (known !== undefined) expect((await tenant.poll(known)).status).toBe(200)
      }
    }
    await Promise.all(Array.from({ length: 12 }, client))
    await until(async () => (await tenant.held()) === 0)
    for (const [index, most] of (await maximaOf(tenant)).entries()) {
      expect(most).toBeLessThanOrEqual(LIMITS[index] ?? 0)
    }
    expect(await tenant.startedJobs()).toBe(new Set(ids).size)
  })

  test('killed at any moment of a storm, it comes back with the same limits and every slot [I1, I2]', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
    const simulator = await Simulator.start({ vars: { JOB_MS: '300' } })
    const start = (timeScale: number) => openGateway({ simulator, persist: folder, timeScale })
    let gateway = await start(100)
    try {
      const tenant = await Tenant.open(gateway, { ...kit, isHeard: async () => undefined }, 2, 3)
      const { token } = tenant.at
      const resumed = () => tenant.seenBy(gateway.as(token))
      for (let round = 0; round < ROUNDS; round += 1) {
        const at = resumed()
        const storm = Array.from({ length: 40 }, (_, index) =>
          at.create({ name: `storm-${round}-${index}` }).catch(() => undefined)
        )
        await pause(20 + round * 40)
        await kill(gateway)
        await Promise.all(storm)
        gateway = await start(100)
      }
      await until(async () => (await resumed().held()) === 0)
      // Not hurried any more: a creation that is given up early would be missed in the count.
      await gateway.dispose()
      gateway = await start(1)
      await simulator.settings({ jobMs: -1 })
      const fit = await Promise.all(Array.from({ length: 20 }, () => resumed().create()))
      expect(fit.filter((answer) => answer.status === 200)).toHaveLength(5)
      const [one = 0, two = 0] = await maximaOf(resumed())
      expect([one <= 2, two <= 3]).toEqual([true, true])
      expect(await simulator.control('GET', '/state')).toMatchObject({ duplicates: [] })
    } finally {
      await gateway.dispose()
      await simulator.dispose()
      await rm(folder, { recursive: true, force: true })
    }
  })
}

/** The whole of workerd, at once, with whatever it was doing. */
async function kill(gateway: Gateway): Promise<void> {
  if (gateway.pid === undefined) throw new Error('no workerd to kill')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.dispose()
}

export function givesEverySlotBack({ kit, calm, moved }: Bench): void {
  test('as soon as the provider tells of the end, without one question [I2]', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    // Only the end is told: of a change that is none the alarm asks at once, and that may come before the end.
    await calm.sim.settings({ webhooks: 'held' })
    const id = await tenant.start({ callback: 'https://client.example.com/none' })
    expect(await tenant.held()).toBe(1)
    await calm.sim.control('DELETE', '/webhooks')
    await calm.sim.settings({ webhooks: 'auto' })
    // Only about this account: those of other tests have alarms of their own.
    const questions = async () =>
      (await calm.sim.requests()).filter((one) => one.account === tenant.emails[0])
    const before = await questions()
    await tenant.end(id)
    await until(async () => (await tenant.held()) === 0)
    expect(await questions()).toEqual(before)
    expect((await tenant.create()).status).toBe(200)
  })

  test('with the first answer to a poll that shows the end, when nothing was told [I2]', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    await calm.sim.settings({ webhooks: 'off' })
    const id = await tenant.start()
    const running = await tenant.poll(id)
    expect(kit.statusIn(await running.json())).not.toBe(kit.words.done)
    expect((await tenant.create()).status).toBe(429)
    await tenant.end(id)
    expect(kit.statusIn(await (await tenant.poll(id)).json())).toBe(kit.words.done)
    expect((await tenant.create()).status).toBe(200)
  })

  test('by the alarm alone, when nothing was told and nobody asks; not before the provider answers it [I2]', async () => {
    const tenant = await Tenant.open(moved, kit, 2)
    await moved.sim.settings({ webhooks: 'off' })
    const [account = ''] = tenant.emails
    await moved.sim.fault({ match: { method: 'GET', account }, effect: { status: 503 } })
    for (const id of [await tenant.start(), await tenant.start()]) await tenant.end(id)
    await moved.sim.forgetRequests()
    for (let minutes = 0; minutes < 12; minutes += 1) await advance(moved, MINUTE)
    const refused = (await moved.sim.requests()).filter((one) => one.status === 503)
    expect(refused.some((one) => one.account === account)).toBe(true)
    expect(await tenant.held()).toBe(2)
    expect((await tenant.create()).status).toBe(429)
    await moved.sim.clearFaults()
    await untilMoved(moved, async () => (await tenant.held()) === 0)
    expect((await tenant.create()).status).toBe(200)
  })

  test('of a job that failed, which is shown as failed', async () => {
    const tenant = await Tenant.open(calm, kit, 1)
    const id = await tenant.start()
    await tenant.end(id, 'failed')
    await until(async () => (await tenant.held()) === 0)
    expect(await tenant.job(id)).toMatchObject({ jobid: id, status: 'failed', status_final: true })
  })

  test('of a creation whose answer was lost: its job is found and followed to its end [I2]', async () => {
    const tenant = await Tenant.open(moved, kit, 1)
    await tenant.faultCreations({ reset: 'after' })
    const lost = await tenant.create({ name: 'order-77' })
    expect(lost.status).toBe(200)
    const request = lost.headers.get('x-request-id') ?? ''
    const { jobid } = await untilMoved(moved, async () => {
      const job = await tenant.job(request)
      return job.jobid !== null && job
    })
    expect((await tenant.seen()).jobs.map((job) => job.id)).toEqual([jobid])
    expect(await tenant.held()).toBe(1)
    await tenant.end(jobid ?? '')
    await untilMoved(moved, async () => (await tenant.job(request)).status === 'completed')
    expect(await tenant.held()).toBe(0)
  })

  const ways: Record<string, unknown>[] = [{ reset: 'before' }, { status: 500 }, { status: 503 }]
  const kindOf = (way: object) => (kit.isStormed ? Object.keys(way).join() : 'never arrived')
  test.each(oneOfEach(ways, kindOf))(
    'of a creation that never arrived (%j), which ends as absent',
    async (effect) => {
      const tenant = await Tenant.open(moved, kit, 1)
      await tenant.faultCreations(effect)
      const lost = await tenant.create({ name: 'never' })
      expect([lost.status, errorOf(lost)]).toEqual([424, 'outcome_unknown'])
      expect(await tenant.held()).toBe(1)
      const request = lost.headers.get('x-request-id') ?? ''
      await untilMoved(moved, async () => (await tenant.job(request)).status === 'absent')
      expect(await tenant.held()).toBe(0)
      expect(await tenant.startedJobs()).toBe(0)
    }
  )

  if (!kit.isStormed && !isFull) return
  test('of a creation under a key that never arrived: the client’s own retry makes the job [I2, I4]', async () => {
    const tenant = await Tenant.open(moved, kit, 1)
    await tenant.faultCreations({ reset: 'before' })
    const key = { 'idempotency-key': 'never' }
    const made = await untilMoved(moved, async () => {
      const answer = await tenant.create({ name: 'never-under-key' }, key)
      if (answer.status !== 200) expect([409, 424]).toContain(answer.status)
      return answer.status === 200 && answer
    })
    expect(jobOf(made)).not.toBe('')
    expect([await tenant.held(), await tenant.startedJobs()]).toEqual([1, 1])
  })
}
