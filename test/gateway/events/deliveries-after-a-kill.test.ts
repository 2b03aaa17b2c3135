/**
 * A delivery about a job's end has no row until its first attempt has ended (RFC 0007, section 4). Killed at any moment before, the
 * gateway sends it when it comes back.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { advance, MINUTE } from '../../support/clock/clock.ts'
import { testFull } from '../../support/full.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { addEndpoint, hookOf, LOOPBACK } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
import { Simulator } from '../../support/simulator.ts'

const folder = await mkdtemp(path.join(tmpdir(), 'heygen-gateway-test-'))
const receiver = await Receiver.open()
const simulator = await Simulator.start({ vars: { JOB_MS: '-1' } })
let running: Gateway | undefined
let port: number | undefined
let token = ''

async function start(): Promise<Gateway> {
  running = await openGateway({
    simulator,
    persist: folder,
    isAlone: true,
    vars: LOOPBACK,
    entry: 'test/support/workers/events/sending-worker.ts',
    ...(port === undefined ? {} : { port }),
  })
  port = Number(new URL(running.url).port)
  if (token === '') token = running.token
  running.token = token
  return running
}

const first = await start()
await first.addAccount('a', 5)
await hookOf(first, 'a')

afterAll(async () => {
  await running?.dispose()
  await simulator.dispose()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

/** The whole of workerd, at once, with whatever it was doing. Then it starts again. */
async function kill(): Promise<void> {
  if (running?.pid === undefined) throw new Error('no workerd to kill')
  process.kill(running.pid, 'SIGKILL')
  await running.dispose()
  await start()
}

function gateway(): Gateway {
  if (!running) throw new Error('not running')
  return running
}

async function sendingStops(at?: 'before' | 'after'): Promise<{ stopped: number }> {
  const body = JSON.stringify({ at })
  const answer = await fetch(`${gateway().url}/__sending`, { method: 'POST', body })
  return (await answer.json()) as { stopped: number }
}

async function stopped(count: number): Promise<void> {
  const ask = async () => (await (await fetch(`${gateway().url}/__sending`)).json()) as object
  await until(async () => ((await ask()) as { stopped: number }).stopped >= count)
}

interface View {
  id: string
  state: string
  job: string
  attempts: number
}

async function deliveriesOf(job: string): Promise<View[]> {
  const answer = await gateway().fetch(`/v1/deliveries?job=${job}`)
  return ((await answer.json()) as { deliveries: View[] }).deliveries
}

/** A job whose end is told at this place. */
async function endJob(place: string): Promise<string> {
  const own = { 'x-gateway-reply-url': `${receiver.url}${place}` }
  const created = await gateway().createVideo({}, own)
  const job = created.headers.get('x-gateway-job') ?? ''
  await simulator.control('POST', `/jobs/${job}`, { status: 'completed' })
  return job
}

async function isDelivered(job: string, count = 1): Promise<void> {
  await until(async () => {
    const found = await deliveriesOf(job)
    return found.length === count && found.every(({ state }) => state === 'delivered')
  })
}

test('killed before the first attempt is sent, it is sent when the gateway comes back, and is listed meanwhile [I3]', async () => {
  await sendingStops('before')
  const job = await endJob('/before')
  await stopped(1)
  const [owed] = await deliveriesOf(job)
  expect(owed).toMatchObject({ state: 'pending', job, attempts: 0 })
  const shown = await gateway().fetch(`/v1/deliveries/${owed?.id}`)
  expect(await shown.json()).toMatchObject({ id: owed?.id, state: 'pending' })
  await kill()
  await isDelivered(job)
  expect(receiver.posts('/before')).toHaveLength(1)
  expect((await deliveriesOf(job)).map(({ id }) => id)).toEqual([owed?.id])
})

test('killed while the receiver answers, it is sent again as the same event, and then no more [I3]', async () => {
  await sendingStops('after')
  const job = await endJob('/after')
  await stopped(1)
  expect(receiver.posts('/after')).toHaveLength(1)
  await kill()
  await isDelivered(job)
  const [one, again] = await receiver.heard('/after', 2)
  expect(again?.headers['webhook-id']).toBe(one?.headers['webhook-id'])
  expect(again?.body).toBe(one?.body)
  await kill()
  await isDelivered(job)
  expect(receiver.posts('/after')).toHaveLength(2)
})

testFull(
  'killed again and again, with a job’s own URL and an endpoint, nothing is lost [I3]',
  async () => {
    const { endpoint_id: id } = await addEndpoint(gateway(), `${receiver.url}/every`)
    const jobs: string[] = []
    for (const at of ['before', 'after', 'before', 'after'] as const) {
      await sendingStops(at)
      const before = (await sendingStops(at)).stopped
      jobs.push(await endJob('/own'), await endJob('/own'))
      await stopped(before + 2)
      await kill()
    }
    for (const job of jobs) await isDelivered(job, 2)
    const told = (place: string) => receiver.posts(place).map(({ body }) => body)
    for (const job of jobs)
      for (const place of ['/own', '/every'])
        expect(told(place).some((body) => body.includes(job))).toBe(true)
    await gateway().fetch(`/heygen/v3/webhooks/endpoints/${id}`, { method: 'DELETE' })
  }
)

testFull('failed at the first attempt and killed, it is tried again at its time [I3]', async () => {
  receiver.answer = () => 500
  const job = await endJob('/fails')
  await until(async () => (await deliveriesOf(job))[0]?.attempts === 1)
  await kill()
  receiver.answer = () => 200
  await advance(gateway(), MINUTE)
  await isDelivered(job)
  expect(new Set(receiver.posts('/fails').map(({ headers }) => headers['webhook-id'])).size).toBe(1)
})
