/** One job's life, and the file that it made, from the gateway's own origin. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addKling, IMAGES, T2V, TEXT2VIDEO, TURBO } from '../../support/scenes/kling.ts'
import { Receiver } from '../../support/receiver.ts'
import { operatorCall } from '../../support/scenes/operator.ts'

const receiver = await Receiver.open()
const gateway = await openGateway({
  entry: CLOCKED,
  accounts: { a: 9, b: 9 },
  simVars: { JOB_MS: '-1' },
  vars: LOOPBACK,
})
afterAll(async () => {
  await gateway.dispose()
  await receiver.close()
})
await stopClock(gateway)
await addKling(gateway, 'k', { maxJobs: 9 })
beforeEach(() => gateway.sim.clearFaults())

interface Job {
  jobid: string
  email: string
  status: string
  title?: string
  times: { asked: string; started: string; accepted: string; ended: string | null }
  waitedMs: number
  tookMs: number | null
  deliveries: string
  files?: Record<string, string>
}

async function jobOf(id: string, provider = 'heygen'): Promise<Job> {
  const answer = await gateway.fetch(`/v1/${provider}/jobs/${id}`)
  expect(answer.status, await answer.clone().text()).toBe(200)
  return (await answer.json()) as Job
}

/** A job that has ended, and whose end the gateway knows. */
async function ended(outcome: 'completed' | 'failed' = 'completed'): Promise<string> {
  const created = await gateway.createVideo({ title: 'My film' })
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: outcome })
  await gateway.fetch(`/heygen/v3/videos/${id}`)
  return id
}

function fileOf(id: string, init: RequestInit = {}, provider = 'heygen'): Promise<Response> {
  return gateway.fetch(`/v1/${provider}/jobs/${id}/file`, init)
}

async function refusal(id: string): Promise<string> {
  const answer = await fileOf(id)
  const { error } = (await answer.json()) as { error: string }
  return `${answer.status} ${error}`
}

const files = { host: 'files' }

test('a job tells when it was asked for, started, accepted and ended, and where its file and deliveries are', async () => {
  const created = await gateway.createVideo({ title: 'My film' })
  const id = created.headers.get('x-gateway-job') ?? ''
  const before = await jobOf(id)
  expect(before).toMatchObject({ status: 'running', title: 'My film', waitedMs: 0, tookMs: null })
  expect(before.times.ended).toBeNull()
  expect(before).not.toHaveProperty('files')
  await advance(gateway, 5 * MINUTE)
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await gateway.fetch(`/heygen/v3/videos/${id}`)
  const after = await jobOf(id)
  const { asked, started, accepted, ended: end } = after.times
  expect(asked).toBe(started)
  expect(accepted).toBe(started)
  expect(Date.parse(end ?? '') - Date.parse(started)).toBe(5 * MINUTE)
  expect(after).toMatchObject({
    status: 'completed',
    tookMs: 5 * MINUTE,
    files: { video: `/v1/heygen/jobs/${id}/file` },
    deliveries: `/v1/deliveries?job=${id}`,
  })
  expect((await gateway.fetch(after.deliveries)).status).toBe(200)
})

test('the file of a finished job is served whole, by ranges and by HEAD, and no browser runs or keeps it', async () => {
  const id = await ended()
  const whole = await fileOf(id)
  expect(whole.status, await whole.clone().text()).toBe(200)
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-type': 'video/mp4',
    'content-disposition': `attachment; filename="${id}.mp4"`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  const bytes = new Uint8Array(await whole.arrayBuffer())
  expect(bytes.length).toBe(Number(whole.headers.get('content-length')))
  const part = await fileOf(id, { headers: { range: 'bytes=4-7' } })
  expect([part.status, await part.text()]).toEqual([206, 'ftyp'])
  expect(part.headers.get('content-range')).toBe(`bytes 4-7/${bytes.length}`)
  const head = await fileOf(id, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  expect(head.headers.get('content-length')).toBe(String(bytes.length))
})

test('the request for the file carries no credential and nothing of the client but its range', async () => {
  const id = await ended()
  const url = `${receiver.url}/video.mp4?Signature=x`
  await gateway.sim.fault({
    match: { path: '/v3/videos/', method: 'GET' },
    effect: { status: 200, body: { data: { id, status: 'completed', video_url: url } } },
  })
  receiver.answer = () => 206
  const headers = { range: 'bytes=0-1', cookie: 'CANARY', 'x-canary': 'CANARY' }
  const answer = await fileOf(id, { headers })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([206, 'video/mp4'])
  const [call, ...others] = receiver.received
  expect(others).toEqual([])
  expect([call?.method, call?.path]).toEqual(['GET', '/video.mp4?Signature=x'])
  expect(call?.headers['range']).toBe('bytes=0-1')
  const sent = JSON.stringify(call)
  for (const secret of [gateway.token, 'sk_test', 'CANARY', 'authorization', 'x-api-key', id])
    expect(sent).not.toContain(secret)
})

test('the account of the job is asked for its link', async () => {
  const id = await ended()
  await gateway.sim.forgetRequests()
  const answer = await fileOf(id)
  const { email } = await jobOf(id)
  expect(answer.headers.get('x-gateway-account')).toBe(email)
  const asked = (await gateway.sim.requests()).filter((one) => one.path.startsWith('/v3/videos/'))
  expect(asked.map(({ account }) => account)).toEqual([email])
})

test('a link that has ended is asked for anew once', async () => {
  const id = await ended()
  await gateway.sim.fault({ match: files, times: 1, effect: { status: 403 } })
  expect((await fileOf(id)).status).toBe(200)
  await gateway.sim.fault({ match: files, effect: { status: 403 } })
  expect(await refusal(id)).toContain('404 The provider gives a link to the file, but')
})

test('where there is no file the answer says why', async () => {
  const created = await gateway.createVideo()
  const running = created.headers.get('x-gateway-job') ?? ''
  expect(await refusal(running)).toContain('404 The job has not ended yet')
  expect(await refusal(await ended('failed'))).toContain('404 The job ended as failed')
  expect(await refusal('no_such_job')).toContain('404 Unable to locate job')
  await gateway.post('/v1/heygen/queue/pause', {})
  const waiting = await gateway.createVideo({}, { prefer: 'respond-async' })
  const name = waiting.headers.get('x-gateway-job') ?? ''
  expect(await refusal(name)).toContain('404 The job has not ended yet')
  await gateway.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
  await gateway.post('/v1/heygen/queue/resume', {})
  expect(await refusal(name)).toContain('404 It never started')
  const id = await ended()
  const stranger = gateway.as((await gateway.newToken({ tenant: 'stranger' })).token)
  expect((await stranger.fetch(`/v1/heygen/jobs/${id}/file`)).status).toBe(404)
  await gateway.sim.fault({
    match: { path: '/v3/videos/', method: 'GET' },
    effect: { status: 404, body: { error: { code: 'video_not_found', message: 'no' } } },
  })
  expect(await refusal(id)).toContain('404 The provider no longer has this job')
})

test.each([
  ['http on a public host', 'http://files.example.com/v.mp4'],
  ['a private address', 'https://10.0.0.1/v.mp4'],
  ['a metadata service', 'http://169.254.169.254/latest'],
  ['another scheme', 'file:///etc/passwd'],
])('a link to %s is not called, in the answer or by a redirect', async (_what, url) => {
  const id = await ended()
  await gateway.sim.fault({
    match: { path: '/v3/videos/', method: 'GET' },
    effect: { status: 200, body: { data: { id, status: 'completed', video_url: url } } },
  })
  expect(await refusal(id)).toContain('does not lead to a public https address')
  await gateway.sim.clearFaults()
  await gateway.sim.fault({ match: files, effect: { redirect: url } })
  expect(await refusal(id)).toContain('does not lead to a public https address')
})

test('what a browser could run is not served', async () => {
  const id = await ended()
  for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/javascript']) {
    const headers = { 'content-type': type }
    const body = '<script>alert(1)</script>'
    await gateway.sim.fault({ match: files, times: 1, effect: { status: 200, body, headers } })
    expect(await refusal(id)).toContain('is no video, picture or sound')
  }
})

test('Kling’s tasks of each shape show their file', async () => {
  for (const [path, kind, type] of [
    [T2V, 'video', 'video/mp4'],
    [TURBO, 'video', 'video/mp4'],
    [IMAGES, 'image', 'image/png'],
  ] as const) {
    const body = path === TURBO ? { prompt: 'A calm sunrise' } : TEXT2VIDEO
    const created = await gateway.post(path, body)
    const id = created.headers.get('x-gateway-job') ?? ''
    await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
    await advance(gateway, 15 * MINUTE)
    const job = await jobOf(id, 'kling')
    expect([path, job.files]).toEqual([path, { [kind]: `/v1/kling/jobs/${id}/file` }])
    const file = await fileOf(id, {}, 'kling')
    expect([path, file.status, file.headers.get('content-type')]).toEqual([path, 200, type])
    await file.body?.cancel()
  }
})

test('the operator who acts for a tenant sees its files', async () => {
  const id = await ended()
  const { id: tenant } = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const answer = await operatorCall(gateway, tenant)('GET', `/v1/heygen/jobs/${id}/file`)
  expect(answer.status).toBe(200)
  await answer.body?.cancel()
})
