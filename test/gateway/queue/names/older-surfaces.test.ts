/** Queued creations of older calls, and of useapi.net's calls. */
import { expect, test } from 'vitest'
import { until, VIDEO } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { addKling, T2V, TEXT2VIDEO, withLongTasks } from '../../../support/scenes/kling.ts'
import { sceneOf } from '../../../support/scenes/legacy/legacy-videos.ts'
import { becomes, endRunning, jobOf, queued } from '../../../support/queue/queued.ts'

const openGateway = withLongTasks(gatewaysOfFile())
const SUNSET = { simVars: { SUNSET: 'true' } }
const GENERATE = '/heygen/v2/video/generate'
const older = { title: 'Old', video_inputs: [sceneOf(VIDEO.avatar_id)] }

async function statusOf(gateway: Awaited<ReturnType<typeof openGateway>>, name: string) {
  const answer = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${name}`)
  const { data } = (await answer.json()) as { data: Record<string, unknown> }
  return data
}

/** Its status is asked for by its name, as a script does. */
async function runsToTheEnd(gateway: Awaited<ReturnType<typeof openGateway>>, name: string) {
  await becomes(gateway, name, 'running')
  await gateway.sim.finishJobs()
  const done = await until(async () => {
    const data = await statusOf(gateway, name)
    return data['status'] === 'completed' && data
  })
  expect(done).toMatchObject({ id: name, video_url: expect.any(String) })
}

test('a v2 script over the bridge makes a video through the line, by the name that it got', async () => {
  const gateway = await openGateway({ accounts: { a: 1 }, ...SUNSET })
  const first = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  const { names, json } = await queued(gateway, GENERATE, older)
  const [name = ''] = names
  expect(json).toMatchObject({ data: { video_id: name } })
  expect(await statusOf(gateway, name)).toMatchObject({ id: name, status: 'pending' })
  await endRunning(gateway, `/heygen/v3/videos/${first.data.video_id}`)
  await runsToTheEnd(gateway, name)
  const { headers } = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${name}`)
  const { providerJob } = await jobOf(gateway, name)
  const ids = ['x-gateway-job', 'x-gateway-provider-job'].map((header) => headers.get(header))
  expect(ids).toEqual([name, providerJob])
})

test('an older poll that HeyGen still has shows a queued job as pending, and then its job, by its name', async () => {
  const gateway = await openGateway({ accounts: { a: 1 } })
  const first = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  await gateway.sim.forgetRequests()
  const { names } = await queued(gateway, '/heygen/v3/videos', VIDEO)
  const [name = ''] = names
  expect(await statusOf(gateway, name)).toMatchObject({ id: name, status: 'pending' })
  await endRunning(gateway, `/heygen/v3/videos/${first.data.video_id}`)
  await runsToTheEnd(gateway, name)
  const asked = (await gateway.sim.requests()).map(({ path }) => path)
  expect(asked.some((path) => path.startsWith('/v1/video_status.get'))).toBe(true)
})

test('an older call that finds all accounts full is answered 200 as HeyGen did, if its token wants the queue', async () => {
  const gateway = await openGateway({ accounts: { a: 1 }, ...SUNSET })
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const queueing = gateway.as((await gateway.newToken({ tenant, whenFull: 'queue' })).token)
  await gateway.createVideo()
  const answer = await queueing.post(GENERATE, older)
  expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null])
  expect(answer.headers.get('location')).toBeNull()
  const { data } = (await answer.json()) as { data: { video_id: string } }
  const poll = await queueing.fetch(`/heygen/v1/video_status.get?video_id=${data.video_id}`)
  expect(await poll.json()).toMatchObject({ data: { id: data.video_id, status: 'pending' } })
  for (const { headers } of [answer, poll]) expect(headers.get('x-gateway-queue-place')).toBe('1')
})

test('a repeat of a queued older call under its key gets the same name, and queues nothing [I4]', async () => {
  const gateway = await openGateway({ accounts: { a: 1 }, ...SUNSET })
  await gateway.createVideo()
  const key = { 'idempotency-key': 'older-1' }
  const made = await queued(gateway, GENERATE, older, key)
  const again = await gateway.post(GENERATE, older, { prefer: 'respond-async', ...key })
  expect(await again.json()).toEqual(made.json)
})

test("useapi.net's call queues a task, which is asked about and scheduled by its name", async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 1 })
  const first = (await (await gateway.post(T2V, TEXT2VIDEO)).json()) as {
    data: { task_id: string }
  }
  const fields = { prompt: 'A cat', model_name: 'kling-v3-0', duration: 5 }
  const { names, json, headers } = await queued(gateway, '/v1/kling/videos/text2video', fields)
  const [name = ''] = names
  expect(json).toMatchObject({ task: { id: name, status_name: 'submitted', status_final: false } })
  expect(headers.get('location')).toBe(`/v1/kling/jobs/${name}`)
  const task = async () => (await gateway.fetch(`/v1/kling/tasks/${name}`)).json()
  expect(await task()).toMatchObject({ status_name: 'submitted', task: { id: name } })

  await endRunning(gateway, `${T2V}/${first.data.task_id}`)
  const { providerJob } = await becomes(gateway, name, 'running', 'kling')
  expect(providerJob).toMatch(/^\d{18}$/)
  const scheduled = await (await gateway.fetch('/v1/kling/scheduler')).json()
  expect(scheduled).toEqual([expect.objectContaining({ id: name, providerJob })])
  const running = await (await gateway.fetch('/v1/kling/jobs')).json()
  expect(running).toMatchObject({ running: [{ jobid: name, providerJob }] })
  const { headers: shown } = await gateway.fetch(`/v1/kling/tasks/${name}`)
  const ids = ['x-gateway-job', 'x-gateway-provider-job'].map((header) => shown.get(header))
  expect(ids).toEqual([name, providerJob])
  await gateway.sim.finishJobs()
  expect(await task()).toMatchObject({
    status_name: 'succeed',
    task: { id: name },
    works: [{ taskId: name }],
  })
  const listed = await (await gateway.fetch('/v1/kling/jobs?state=ended&limit=1')).json()
  expect(listed).toMatchObject({ jobs: [{ jobid: name, providerJob }] })
})

test('the tracking of a queued job is ended by its name', async () => {
  const gateway = await openGateway({ accounts: { a: 1 } })
  const { names } = await queued(gateway, '/heygen/v3/videos', VIDEO)
  const [name = ''] = names
  await becomes(gateway, name, 'running')
  const untrack = (of: string) =>
    gateway.fetch(`/v1/heygen/scheduler/${of}?force=true`, { method: 'DELETE' })
  // What waits is not tracked yet. Whoever wants it gone is told where.
  const { names: waiting } = await queued(gateway, '/heygen/v3/videos', VIDEO)
  const refused = await untrack(waiting[0] ?? '')
  expect(refused.status).toBe(404)
  expect(await refused.text()).toContain(`DELETE /v1/heygen/queue/${waiting[0]}`)
  await gateway.fetch(`/v1/heygen/queue/${waiting[0]}`, { method: 'DELETE' })
  const forced = await untrack(name)
  expect(forced.status).toBe(204)
  expect(await gateway.heldSlots()).toBe(0)
  expect(await jobOf(gateway, name)).toMatchObject({ jobid: name, status: 'forced' })
})
