/** Carried creations whose Worker dies. Its kind in npm test: test/gateway/creations/keys-on-every-path.test.ts. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { advance, SECOND, stopClock } from '../../support/clock/clock.ts'
import { Gate } from '../../support/gate.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { Simulator } from '../../support/simulator.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '-1', SUNSET: 'true' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(folder, { recursive: true, force: true })
})

const generate = (gateway: Gateway, more: object, key?: string) =>
  gateway.post(
    '/heygen/v2/video/generate',
    { video_inputs: [sceneOf('Abigail_expressive_2024112501')], ...more },
    key === undefined ? {} : { 'idempotency-key': key }
  )

test('a carried creation whose Worker ends before it is sent starts nothing, and frees its key [I4]', async () => {
  const mortal = await openGateway({
    simulator,
    accounts: { dan: 2 },
    entry: 'test/support/workers/dying-worker.ts',
  })
  try {
    await stopClock(mortal)
    const create = () => generate(mortal, { title: 'dies here' }, 'burnt')
    expect((await create()).ok).toBe(false)
    expect((await create()).status).toBe(409)
    expect((await simulator.account('dan@example.com')).jobsStarted).toBe(0)
    await advance(mortal, 151 * SECOND)
    const made = await create()
    expect([made.status, made.headers.has('x-gateway-carried')]).toEqual([200, true])
    expect(await (await create()).text()).toBe(await made.text())
    expect((await simulator.account('dan@example.com')).jobsStarted).toBe(1)
  } finally {
    await mortal.dispose()
  }
})

test('carried creations that are killed before HeyGen answers are made once: their slots stay held, and a key gets its job [I1, I4]', async () => {
  const gate = await Gate.open()
  gate.target = simulator.url
  const start = (timeScale: number) =>
    openGateway({ simulator, persist: path.join(folder, 'jobs'), timeScale, vars: gate.vars })
  const first = await start(1)
  const { token } = first
  const email = await first.addAccount('killed', 3)
  const jobs = async () => (await simulator.account(email)).jobsStarted
  const held = [gate.hold('POST', '/v3/videos'), gate.hold('POST', '/v3/videos')]
  const cut = ['order', undefined].map((key) =>
    generate(first, { title: key ?? 'no key' }, key).catch(() => 'cut off')
  )
  await Promise.all(held.map(({ arrived }) => arrived))
  if (first.pid === undefined) throw new Error('no workerd to kill')
  process.kill(first.pid, 'SIGKILL')
  await first.dispose()
  expect(await Promise.all(cut)).toEqual(['cut off', 'cut off'])
  for (const { pass } of held) pass()
  await until(async () => (await jobs()) === 2)

  const second = await start(20)
  second.token = token
  try {
    expect(await second.heldSlots()).toBe(2)
    const keyed = await until(async () => {
      const answer = await generate(second, { title: 'order' }, 'order')
      if (answer.status !== 200) expect([409, 424]).toContain(answer.status)
      return answer.status === 200 && answer
    })
    const { data } = (await keyed.json()) as { data: { video_id: string } }
    const status = await second.fetch(`/heygen/v1/video_status.get?video_id=${data.video_id}`)
    expect([status.status, status.headers.get('x-gateway-account')]).toEqual([200, email])
    expect([await jobs(), await second.heldSlots()]).toEqual([2, 2])
    expect((await simulator.account(email)).maxInFlight).toBeLessThanOrEqual(3)
  } finally {
    await second.dispose()
    await gate.close()
  }
})
