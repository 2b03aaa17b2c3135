/** What clients see of a queued creation that waits, is cancelled, or ends without a start. */
import { expect, test } from 'vitest'
import { sealRefusal } from '#flows/queue/refusal.ts'
import { heygen } from '#providers/heygen/index.ts'
import { Door } from '../../support/queue/door.ts'

const ASYNC = { prefer: 'respond-async' }
const FULL = { id: 'tok_full', scope: 'full' } as const

async function queueOne(door: Door): Promise<string> {
  const isKling = door.provider === 'kling'
  const path = isKling ? '/kling/v1/videos/text2video' : '/heygen/v3/videos'
  const answer = await door.call('POST', path, { type: 'avatar' }, { headers: ASYNC })
  const { data } = (await answer.json()) as { data: { video_id?: string; task_id?: string } }
  return data.video_id ?? data.task_id ?? ''
}

test('a cancelled item answers as failed', async () => {
  const door = new Door()
  const name = await queueOne(door)
  await door.call('GET', `/heygen/v3/videos/${name}`)
  expect((await door.call('DELETE', `/v1/heygen/queue/${name}`)).status).toBe(204)
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.json()).toMatchObject({
    data: { id: name, status: 'failed', failure_code: 'cancelled' },
  })
  const view = await door.call('GET', `/v1/heygen/jobs/${name}`)
  expect(await view.json()).toMatchObject({ jobid: name, status: 'failed', status_final: true })
})

test('a cancelled task of Kling answers as failed, and its code stays that of success', async () => {
  const door = new Door({ provider: 'kling' })
  const name = await queueOne(door)
  await door.call('DELETE', `/v1/kling/queue/${name}`)
  const poll = await door.call('GET', `/kling/v1/videos/text2video/${name}`)
  expect(await poll.json()).toMatchObject({
    code: 0,
    data: {
      task_id: name,
      task_status: 'failed',
      task_status_msg: expect.stringMatching(/cancel/),
    },
  })
})

test("the provider's own delete of a waiting job cancels it, and sends nothing", async () => {
  const door = new Door()
  const name = await queueOne(door)
  const deleted = await door.call('DELETE', `/heygen/v3/videos/${name}`)
  expect(await deleted.json()).toEqual({ data: { deleted: true, id: name } })
  expect(door.line.untold().map(({ sort }) => sort.reason)).toEqual(['cancelled'])
  expect(door.sent).toEqual([])
})

test('a creation that is being started cannot be cancelled, and says so', async () => {
  const door = new Door()
  const name = await queueOne(door)
  const [{ key = '' } = {}] = door.accounts
  await door.line.takeWork({
    account: key,
    tenant: 't',
    free: 1,
    held: 0,
    underWay: [],
    parkings: [],
  })
  for (const path of [`/v1/heygen/queue/${name}`, `/heygen/v3/videos/${name}`]) {
    const answer = await door.call('DELETE', path)
    expect(answer.headers.get('x-gateway-error')).toBe('resource_not_ready')
  }
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.json()).toMatchObject({ data: { status: 'waiting' } })
})

test("HeyGen's own cancellation of a run that waits cancels it, and sends nothing", async () => {
  const door = new Door()
  const made = await door.call('POST', '/heygen/v3/workflow-runs', {}, { headers: ASYNC })
  const name = made.headers.get('x-gateway-job') ?? ''
  const cancelled = await door.call('POST', `/heygen/v3/workflow-runs/${name}/cancel`, {})
  expect(await cancelled.json()).toEqual({ data: { id: name, status: 'cancelled' } })
  expect(door.line.untold().map(({ sort }) => sort.reason)).toEqual(['cancelled'])
  expect(door.sent).toEqual([])
})

test("the provider's own delete goes to a job that has begun a moment ago, and the line says that it is too late", async () => {
  const door = new Door()
  const name = await queueOne(door)
  await door.call('GET', `/heygen/v3/videos/${name}`)
  await door.begin(['real-1'])
  door.answer = () => Response.json({ data: { deleted: true, id: 'real-1' } })
  const deleted = await door.call('DELETE', `/heygen/v3/videos/${name}`)
  expect(await deleted.json()).toEqual({ data: { deleted: true, id: name } })
  expect(door.sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'DELETE /v3/videos/real-1',
  ])
  const late = await door.call('DELETE', `/v1/heygen/queue/${name}`)
  expect([late.status, late.headers.get('x-gateway-error')]).toEqual([409, 'conflict'])
  expect(late.headers.get('retry-after')).toBeNull()
})

test('a token cancels its own items only, and a full token any of its tenant, with a line in the audit', async () => {
  const door = new Door()
  const name = await queueOne(door)
  const other = { id: 'tok_2' }
  const refused = await door.call('DELETE', `/v1/heygen/queue/${name}`, undefined, {
    caller: other,
  })
  expect(refused.status).toBe(404)
  expect(door.line.untold()).toEqual([])
  expect(door.audit).toEqual([])
  const done = await door.call('DELETE', `/v1/heygen/queue/${name}`, undefined, { caller: FULL })
  expect(done.status).toBe(204)
  expect(door.audit).toMatchObject([{ action: 'item.cancelled', subject: name }])
})

test('a desk of an older release cancels no item of another token before the audit has a line', async () => {
  const door = new Door()
  door.isDeskOlder = true
  const name = await queueOne(door)
  const done = await door.call('DELETE', `/v1/heygen/queue/${name}`, undefined, { caller: FULL })
  expect(done.status).toBe(204)
  expect(door.audit).toMatchObject([{ action: 'item.cancelled', subject: name }])
})

test("another token's item is not cancelled while it cannot be read for the audit", async () => {
  const door = new Door()
  door.isDeskOlder = true
  const name = await queueOne(door)
  door.line.itemsOf = async () => {
    throw new Error('the desk is away')
  }
  const failed = await door.call('DELETE', `/v1/heygen/queue/${name}`, undefined, { caller: FULL })
  expect(failed.status).toBe(500)
  expect(door.line.untold()).toEqual([])
  expect(door.audit).toEqual([])
})

test("what the provider's refusal said is shown in its words", async () => {
  const door = new Door()
  const name = await queueOne(door)
  const body = JSON.stringify({ error: { code: 'content_policy_violation', message: 'Not this.' } })
  const said = { message: 'Not this.', status: 400, body }
  const refusal = await sealRefusal(door.ports(), heygen, 't', said)
  const [{ key = '' } = {}] = door.accounts
  const pull = { account: key, tenant: 't', free: 1, held: 0, underWay: [], parkings: [] }
  const [work] = (await door.line.takeWork(pull)).work
  const { item = '', leaseId = '' } = work ?? {}
  await door.line.report(key, [{ item, leaseId, kind: 'over', reason: 'refused', refusal }])
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.json()).toMatchObject({
    data: {
      status: 'failed',
      failure_code: 'content_policy_violation',
      failure_message: 'Not this.',
    },
  })
})

test('a refusal that no master key opens any more still shows that the job failed', async () => {
  const door = new Door()
  const name = await queueOne(door)
  const [{ key = '' } = {}] = door.accounts
  const pull = { account: key, tenant: 't', free: 1, held: 0, underWay: [], parkings: [] }
  const [work] = (await door.line.takeWork(pull)).work
  const { item = '', leaseId = '' } = work ?? {}
  const refusal = 'v1.gone.nonsense'
  await door.line.report(key, [{ item, leaseId, kind: 'over', reason: 'refused', refusal }])
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.json()).toMatchObject({ data: { status: 'failed' } })
})

test('a job that waits is shown as queued, by its name and by the id of its request', async () => {
  const door = new Door()
  const name = await queueOne(door)
  const { requestId = '' } = door.items[0]?.record ?? {}
  for (const id of [name, requestId]) {
    const view = await door.call('GET', `/v1/heygen/jobs/${id}`)
    expect(await view.json()).toMatchObject({
      jobid: name,
      requestId,
      email: null,
      status: 'queued',
      status_final: false,
      type: 'POST /v3/videos',
    })
  }
})

test('a job that has begun is found by its name and by the id of its request', async () => {
  const door = new Door()
  const name = await queueOne(door)
  const { requestId = '' } = door.items[0]?.record ?? {}
  await door.begin(['real-1'])
  door.addJob('real-1')
  for (const id of [name, requestId, 'real-1']) {
    const view = await door.call('GET', `/v1/heygen/jobs/${id}`)
    expect(await view.json()).toMatchObject({ jobid: 'real-1', status: 'running' })
  }
})

test('a name that was never given answers 404 on our own paths', async () => {
  const door = new Door()
  const answer = await door.call('DELETE', '/v1/heygen/queue/9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b84')
  expect(answer.status).toBe(404)
})
