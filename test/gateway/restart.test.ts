import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openGateway, until, type Gateway } from '../support/gateway.ts'
import { Simulator } from '../support/simulator.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const simulator = await Simulator.start({ vars: { JOB_MS: '600000' } })
afterAll(async () => {
  await simulator.dispose()
  await rm(folder, { recursive: true, force: true })
})

const CREATE = { method: 'POST', path: '/v3/videos' }

function start(persist: string): Promise<Gateway> {
  return openGateway({ simulator, persist: path.join(folder, persist), timeScale: 100 })
}

/** The whole of workerd, at once, with whatever it was doing. */
async function kill(gateway: Gateway): Promise<void> {
  if (gateway.pid === undefined) throw new Error('no workerd to kill')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.dispose()
}

async function again(persist: string, token: string): Promise<Gateway> {
  const gateway = await start(persist)
  gateway.token = token
  return gateway
}

test('killed with jobs running and a creation in flight, it comes back with no slot lost and none too many', async () => {
  const first = await start('jobs')
  const { token } = first
  await first.addAccount('killed', 3)
  const created = await Promise.all([first.createVideo(), first.createVideo()])
  await simulator.fault({ match: CREATE, times: 1, effect: { latencyMs: 400 } })
  const cut = first.createVideo({ callback_id: 'in-flight' }).then(
    () => 'answered',
    () => 'cut off'
  )
  await until(async () => (await first.heldSlots()) === 3)
  await kill(first)
  expect(await cut).toBe('cut off')

  const second = await again('jobs', token)
  const storm = await Promise.all(Array.from({ length: 20 }, () => second.createVideo()))
  expect(new Set(storm.map((answer) => answer.status))).toEqual(new Set([429]))
  for (const answer of created) {
    const id = answer.headers.get('x-gateway-job')
    expect((await second.fetch(`/heygen/v3/videos/${id}`)).headers.get('x-gateway-account')).toBe(
      'killed@example.com'
    )
  }
  await new Promise((resolve) => setTimeout(resolve, 3000))
  await kill(second)

  const third = await again('jobs', token)
  await simulator.finishJobs()
  await until(async () => (await third.heldSlots()) === 0)
  const fit = await Promise.all(Array.from({ length: 10 }, () => third.createVideo()))
  expect(fit.filter((answer) => answer.status === 200)).toHaveLength(3)
  const witness = await simulator.account('killed@example.com')
  expect(witness.maxInFlight).toBeLessThanOrEqual(3)
  expect(witness.jobsStarted).toBeLessThanOrEqual(6)
  await third.dispose()
})
