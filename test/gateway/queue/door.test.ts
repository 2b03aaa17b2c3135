/** The door of the line at the real Worker, and names of ours that nobody queued. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { itemIdOf, namesOf } from '#domain/queue/item-name.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'

let gateway: Gateway
const [name = ''] = namesOf(itemIdOf('r', 1_800_000_000_000), 1, { kind: 'hex' })

beforeAll(async () => {
  gateway = await openGateway({ accounts: { a: 2, b: 2 } })
})
afterAll(() => gateway.dispose())

test('a tenant that queues is answered 202, with the name of the job and where to look', async () => {
  const answer = await gateway.createVideo({}, { prefer: 'respond-async' })
  expect(answer.status).toBe(202)
  const { data } = (await answer.json()) as { data: { status: string; video_id: string } }
  expect(data.status).toBe('waiting')
  expect(answer.headers.get('preference-applied')).toBe('respond-async')
  expect(answer.headers.get('location')).toBe(`/v1/heygen/jobs/${data.video_id}`)
  expect(answer.headers.get('x-gateway-account')).toBeNull()
})

test('a priority that is none is refused by name, and nothing is queued', async () => {
  const headers = { prefer: 'respond-async', 'x-gateway-priority': '9' }
  const answer = await gateway.createVideo({}, headers)
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('X-Gateway-Priority')
})

test('an id that looks like a name of ours, and is none, answers like any unknown id [I5]', async () => {
  const [odd, plain] = await Promise.all(
    [name, '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b84'].map((id) => gateway.fetch(`/heygen/v3/videos/${id}`))
  )
  expect(odd?.status).toBe(404)
  expect(await odd?.json()).toEqual(await plain?.json())
  expect((await gateway.fetch(`/v1/heygen/jobs/${name}`)).status).toBe(404)
})

test('what nobody queued cannot be cancelled, and nobody without a token may ask', async () => {
  const cancel = (of: Gateway) => of.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
  const answer = await cancel(gateway)
  expect(answer.status).toBe(404)
  expect(await answer.json()).toEqual({ error: `Unable to locate queued job ${name}`, code: 404 })
  expect((await cancel(gateway.as('nobody'))).status).toBe(401)
  expect((await gateway.fetch('/v1/heygen/queue/x', { method: 'PUT' })).status).toBe(405)
})

test('a job that runs is found by the id of its request, as before', async () => {
  const made = await gateway.createVideo()
  const requestId = made.headers.get('x-request-id') ?? ''
  const view = await gateway.fetch(`/v1/heygen/jobs/${requestId}`)
  expect(await view.json()).toMatchObject({
    requestId,
    status: 'running',
    times: { started: expect.any(String) },
  })
})

test('a desk of a release that had no line answers for what is no item, as during a deploy', async () => {
  const older = await openGateway({
    accounts: { a: 2 },
    entry: 'test/support/workers/lineless-worker.ts',
  })
  try {
    expect((await older.fetch(`/heygen/v3/videos/${name}`)).status).toBe(404)
    const cancel = await older.fetch(`/v1/heygen/queue/${name}`, { method: 'DELETE' })
    expect(cancel.status).toBe(404)
    const unknown = '01a3185c-5000-7310-9b20-7d6c9b23c1f8'
    expect((await older.fetch(`/v1/heygen/jobs/${unknown}`)).status).toBe(404)
  } finally {
    await older.dispose()
  }
})
