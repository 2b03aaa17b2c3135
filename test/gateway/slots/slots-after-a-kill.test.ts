import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { Simulator } from '../../support/simulator.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '600000' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(folder, { recursive: true, force: true })
})

const CREATE = { method: 'POST', path: '/v3/videos' }

function start(persist: string, timeScale: number): Promise<Gateway> {
  return openGateway({ simulator, persist: path.join(folder, persist), timeScale })
}

/** As the simulator saw them, answered or not. */
async function creations() {
  return (await simulator.requests()).filter((one) => one.method === 'POST')
}

/** The whole of workerd, at once, with whatever it was doing. */
async function kill(gateway: Gateway): Promise<void> {
  if (gateway.pid === undefined) throw new Error('no workerd to kill')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.dispose()
}

async function again(persist: string, token: string, timeScale: number): Promise<Gateway> {
  const gateway = await start(persist, timeScale)
  gateway.token = token
  return gateway
}

test('killed with jobs running and a creation in flight, it comes back with no slot lost and none too many [I1, I2]', async () => {
  // Its creation is given up after 15 s, and its first alarm, which the second answers for, is 5 s away.
  const first = await start('jobs', 6)
  const { token } = first
  await first.addAccount('killed', 3)
  const created = await Promise.all([first.createVideo(), first.createVideo()])
  await simulator.fault({ match: CREATE, times: 1, effect: { latencyMs: 600_000 } })
  const cut = first.createVideo({ callback_id: 'in-flight' }).then(
    () => 'answered',
    () => 'cut off'
  )
  await until(async () => (await first.heldSlots()) === 3)
  await until(async () => (await creations()).length === 3)
  await kill(first)
  expect(await cut).toBe('cut off')
  // The provider takes it all the same.
  await simulator.control('POST', '/jobs', {
    account: 'killed@example.com',
    callbackId: 'in-flight',
  })

  const second = await again('jobs', token, 20)
  const storm = await Promise.all(Array.from({ length: 20 }, () => second.createVideo()))
  expect(new Set(storm.map((answer) => answer.status))).toEqual(new Set([429]))
  for (const answer of created) {
    const id = answer.headers.get('x-gateway-job')
    expect((await second.fetch(`/heygen/v3/videos/${id}`)).headers.get('x-gateway-account')).toBe(
      'killed@example.com'
    )
  }
  // Its alarms have asked about what ran, as we did above, and have looked for what was cut off.
  await until(async () => {
    const paths = (await simulator.requests()).map((one) => one.path)
    const isAsked = created.every((answer) => {
      const id = answer.headers.get('x-gateway-job')
      return paths.filter((one) => one === `/v3/videos/${id}`).length > 1
    })
    return isAsked && paths.includes('/v1/video_status.get')
  })
  expect((await second.createVideo()).status).toBe(429)
  await kill(second)

  // What ended meanwhile is seen by the alarms that the second left behind; creations again have 15 s.
  await simulator.finishJobs()
  const third = await again('jobs', token, 6)
  await until(async () => (await third.heldSlots()) === 0)
  const fit = await Promise.all(Array.from({ length: 10 }, () => third.createVideo()))
  expect(fit.filter((answer) => answer.status === 200)).toHaveLength(3)
  const witness = await simulator.account('killed@example.com')
  expect(witness.maxInFlight).toBeLessThanOrEqual(3)
  expect(witness.jobsStarted).toBeLessThanOrEqual(6)
  await third.dispose()
})
