/** Queued creations that name the job of another queued creation. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, SECOND, stopped } from '../../../support/clock/clock.ts'
import { until, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import {
  addKling,
  klingRequests,
  T2V,
  TEXT2VIDEO,
  withLongTasks,
} from '../../../support/scenes/kling.ts'
import type { SimRequest } from '../../../support/simulator.ts'
import { endRunning, jobOf, queued, type JobView } from '../../../support/queue/queued.ts'

const openGateway = withLongTasks(gatewaysOfFile())
const LIP_SYNC = '/kling/v1/videos/lip-sync'

function speech(taskId: string): object {
  return { input: { task_id: taskId, mode: 'text2video', text: 'Hello.', voice_id: 'v' } }
}

/** The job, once its view says so. What an isolate shows of a job that waits may be 15 seconds old. */
function becomes(gateway: Gateway, name: string, status: string): Promise<JobView> {
  return until(async () => {
    await advance(gateway, 2 * SECOND)
    const view = await jobOf(gateway, name, 'kling')
    return view.status === status && view
  })
}

/** Waits until Kling got so many creations. No clock is moved meanwhile. */
async function sends(gateway: Gateway, count: number): Promise<void> {
  await until(async () => (await creations(gateway)).length >= count)
}

async function creations(gateway: Gateway): Promise<SimRequest[]> {
  return (await klingRequests(gateway)).filter(({ method }) => method === 'POST')
}

/** A pool of two full accounts, and an item and one that names it. */
async function waitingPair(): Promise<{
  gateway: Gateway
  first: string
  second: string
  free: () => Promise<void>
}> {
  const gateway = await stopped(openGateway({ entry: CLOCKED }))
  const asks: string[] = []
  for (const name of ['ann', 'bob']) {
    await addKling(gateway, name, { maxJobs: 1 })
    const made = await (await gateway.post(T2V, TEXT2VIDEO)).json()
    asks.push(`${T2V}/${(made as { data: { task_id: string } }).data.task_id}`)
  }
  const free = async () => {
    for (const ask of asks) await endRunning(gateway, ask)
  }
  const [first = ''] = (await queued(gateway, T2V, TEXT2VIDEO)).names
  const [second = ''] = (await queued(gateway, LIP_SYNC, speech(first))).names
  return { gateway, first, second, free }
}

test('an item waits for the job that it names, and is sent with its real id to its account', async () => {
  const { gateway, first, second, free } = await waitingPair()
  const poll = await (await gateway.fetch(`${LIP_SYNC}/${second}`)).json()
  expect(poll).toMatchObject({ data: { task_id: second, task_status: 'submitted' } })
  await free()
  await sends(gateway, 3)
  const { providerJob, email } = await becomes(gateway, first, 'running')
  expect(await jobOf(gateway, second, 'kling')).toMatchObject({ status: 'queued' })
  await endRunning(gateway, `${T2V}/${first}`)
  await sends(gateway, 4)
  await becomes(gateway, first, 'completed')
  expect(await becomes(gateway, second, 'running')).toMatchObject({ email })
  const sent = (await creations(gateway)).filter(({ path }) => path === '/v1/videos/lip-sync')
  expect(sent).toHaveLength(1)
  expect(sent[0]?.body).toContain(`"task_id":"${providerJob}"`)
  expect(sent[0]?.body).not.toContain(first)
})

test('a creation that would try first waits for the job that it names, also while slots are free, and is not sent under its name', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 5 })
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const queueing = gateway.as((await gateway.newToken({ tenant, whenFull: 'queue' })).token)
  expect((await gateway.post('/v1/kling/queue/pause', {})).status).toBe(200)
  const [first = ''] = (await queued(gateway, T2V, TEXT2VIDEO)).names
  const answers = [
    await queueing.post(LIP_SYNC, speech(first)),
    await gateway.post(LIP_SYNC, speech(first), { prefer: 'respond-async, wait=5' }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 202])
  for (const answer of answers) {
    const { data } = (await answer.json()) as { data: { task_id: string } }
    expect(await jobOf(gateway, data.task_id, 'kling')).toMatchObject({ status: 'queued' })
  }
  expect((await klingRequests(gateway)).filter(({ method }) => method === 'POST')).toEqual([])
})

test('of a chain of three each waits for the one before, what comes later and names nobody goes first, and a failure ends the rest', async () => {
  const { gateway, first, second, free } = await waitingPair()
  const [third = ''] = (await queued(gateway, LIP_SYNC, speech(second))).names
  const [other = ''] = (await queued(gateway, T2V, TEXT2VIDEO)).names
  await free()
  // Two were there before.
  await sends(gateway, 4)
  await becomes(gateway, first, 'running')
  await becomes(gateway, other, 'running')
  await endRunning(gateway, `${T2V}/${first}`)
  await sends(gateway, 5)
  const { providerJob = '' } = await becomes(gateway, second, 'running')
  expect(await jobOf(gateway, third, 'kling')).toMatchObject({ status: 'queued' })
  await gateway.sim.control('POST', `/jobs/${providerJob}`, { status: 'failed' })
  await gateway.fetch(`${LIP_SYNC}/${second}`)
  const ended = await becomes(gateway, third, 'failed')
  expect(ended.detail).toBe('A job that it needs failed.')
  const sent = await creations(gateway)
  expect(sent.filter(({ path }) => path === '/v1/videos/lip-sync')).toHaveLength(1)
})

test('an item ends with the job that it names, and is told why', async () => {
  const { gateway, first, second } = await waitingPair()
  await gateway.fetch(`/v1/kling/queue/${first}`, { method: 'DELETE' })
  const ended = await becomes(gateway, second, 'failed')
  expect(ended.detail).toBe('A job that it needs failed.')
  const poll = await (await gateway.fetch(`${LIP_SYNC}/${second}`)).json()
  expect(poll).toMatchObject({ data: { task_id: second, task_status: 'failed' } })
})

test('a creation beside the line that names a queued job is refused until that has ended', async () => {
  const { gateway, first } = await waitingPair()
  const refused = await gateway.post(LIP_SYNC, speech(first))
  expect(refused.status).toBe(409)
  expect(refused.headers.get('x-gateway-error')).toBe('resource_not_ready')
})

test('an item that waits for another one can be cancelled', async () => {
  const { gateway, second } = await waitingPair()
  const cancel = await gateway.fetch(`/v1/kling/queue/${second}`, { method: 'DELETE' })
  expect(cancel.status).toBe(204)
  await becomes(gateway, second, 'failed')
})
