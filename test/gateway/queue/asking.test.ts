/** Asking for the line in every way, at the real Worker with the simulator behind it. */
import { expect, test } from 'vitest'
import { ADMIN_TOKEN, until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'

const open = gatewaysOfFile()

interface Page {
  waiting: number
  starting: number
  tokens: { token: string; waiting: number; weight: number }[]
  items: { id: string; place: number | null; priority: number; account: string | null }[]
  next: string | null
}

/** A pool of two slots, in which jobs do not end by themselves, and a token that queues. */
async function queueing(fields: object = {}): Promise<{ gateway: Gateway; id: string }> {
  const gateway = await open({ simVars: { JOB_MS: '600000' } })
  const { token, id } = await gateway.newToken()
  await patch(gateway, id, { whenFull: 'queue', ...fields })
  const own = gateway.as(token)
  await own.addAccount('a', 1)
  await own.addAccount('b', 1)
  return { gateway: own, id }
}

async function patch(gateway: Gateway, id: string, fields: object): Promise<void> {
  const answer = await fetch(`${gateway.url}/admin/tokens/${id}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

const lineOf = async (gateway: Gateway, query = '') =>
  (await (await gateway.fetch(`/v1/heygen/queue${query}`)).json()) as Page

const settled = (gateway: Gateway, waiting: number) =>
  until(async () => {
    const page = await lineOf(gateway)
    return page.waiting === waiting && page.starting === 0 ? page : undefined
  })

async function put(gateway: Gateway, items: unknown[]) {
  const body = items.map((item) => JSON.stringify(item)).join('\n')
  const answer = await gateway.fetch('/v1/heygen/queue', { method: 'POST', body })
  const { items: answers } = (await answer.json()) as {
    items: { id?: string; code?: string }[]
  }
  return answers
}

test("a full pool answers a queueing token 200 with the provider's word, and the jobs run in their turn", async () => {
  const { gateway } = await queueing()
  const begun = [await gateway.createVideo(), await gateway.createVideo()]
  const third = await gateway.createVideo()
  const fourth = await gateway.createVideo()
  expect([...begun, third, fourth].map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const { data } = (await third.json()) as { data: { video_id: string; status: string } }
  expect(data.status).toBe('waiting')
  expect(third.headers.get('x-gateway-queue-place')).toBe('1')
  expect(fourth.headers.get('x-gateway-queue-place')).toBe('2')
  expect(Date.parse(fourth.headers.get('x-gateway-starts-around') ?? '')).toBeGreaterThan(0)
  expect(await settled(gateway, 2)).toMatchObject({ waiting: 2 })
  await gateway.sim.finishJobs()
  await settled(gateway, 0)
  const status = await until(async () => {
    const poll = await gateway.fetch(`/heygen/v3/videos/${data.video_id}`)
    const { data: shown } = (await poll.json()) as { data: { status: string } }
    return shown.status === 'waiting' ? undefined : shown.status
  })
  expect(status).not.toBe('failed')
})

test('a repeat of bulk items with keys adds nothing at the desk, also one by one', async () => {
  const { gateway } = await queueing()
  const items = [1, 2, 3, 4].map((n) => ({
    path: '/v3/videos',
    body: VIDEO,
    headers: { 'Idempotency-Key': `bulk-${n}` },
  }))
  const first = await put(gateway, items)
  await settled(gateway, 2)
  expect(await put(gateway, items)).toEqual(first)
  const alone = await gateway.createVideo({}, { 'idempotency-key': 'bulk-4' })
  expect(alone.headers.get('x-gateway-job')).toBe(first[3]?.id)
  const direct = await gateway.createVideo({}, { 'idempotency-key': 'alone' })
  const again = await put(gateway, [
    { path: '/v3/videos', body: VIDEO, headers: { 'Idempotency-Key': 'alone' } },
  ])
  expect(again[0]?.id).toBe(direct.headers.get('x-gateway-job'))
  expect((await settled(gateway, 3)).waiting).toBe(3)
})

test('a page of the line shows place, priority, lane and token, and goes on', async () => {
  const { gateway, id } = await queueing({ weight: 30 })
  const line = (headers: object) => ({ path: '/v3/videos', body: VIDEO, headers })
  await put(gateway, [line({}), line({})])
  await settled(gateway, 0)
  const list = await gateway.fetch('/v1/heygen/accounts')
  const [{ email = '' } = {}] = Object.values(
    (await list.json()) as Record<string, { email?: string }>
  )
  const answers = await put(gateway, [
    line({}),
    line({ 'X-Gateway-Priority': '1' }),
    line({ 'X-Gateway-Account': email }),
  ])
  const first = await lineOf(gateway, '?limit=2')
  expect(first.tokens).toMatchObject([{ token: id, waiting: 3, weight: 30 }])
  expect(first.items.map((item) => [item.id, item.place, item.priority])).toEqual([
    [answers[0]?.id, 2, 3],
    [answers[1]?.id, 1, 1],
  ])
  // Nobody has to escape the cursor.
  expect(encodeURIComponent(first.next ?? '')).toBe(first.next)
  const second = await lineOf(gateway, `?limit=2&cursor=${first.next}`)
  expect(second.items).toMatchObject([{ id: answers[2]?.id, place: 3, account: email }])
  expect(second.next).toBeNull()
  const other = await gateway.fetch('/v1/heygen/queue?cursor=01a22abc-702e')
  expect([other.status, await other.text()]).toEqual([400, expect.stringContaining('cursor')])
})

test('a token that has as much in line as it may is told queue_full, and a change of that reaches the desk', async () => {
  const { gateway, id } = await queueing({ maxQueued: 1 })
  await gateway.createVideo()
  await gateway.createVideo()
  await settled(gateway, 0)
  expect((await gateway.createVideo()).status).toBe(200)
  const refused = await gateway.createVideo()
  expect([refused.status, refused.headers.get('x-gateway-error')]).toEqual([429, 'queue_full'])
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  expect(refused.headers.get('x-gateway-limit')).toMatch(/^maxQueued=1; until=\d{4}-.*Z$/)
  expect(await refused.text()).toContain('has as many creations there as it may (maxQueued)')
  await patch(gateway, id, { maxQueued: 2 })
  const taken = await until(async () => {
    const answer = await gateway.createVideo()
    return answer.status === 200 ? answer : undefined
  })
  expect(taken.headers.get('x-gateway-queue-place')).toBe('2')
})

test('the view of a job that waits has its place and when it starts', async () => {
  const { gateway } = await queueing()
  await gateway.createVideo()
  await gateway.createVideo()
  const waiting = await gateway.createVideo()
  const name = waiting.headers.get('x-gateway-job') ?? ''
  const shown = (await (await gateway.fetch(`/v1/heygen/jobs/${name}`)).json()) as object
  expect(shown).toMatchObject({ jobid: name, status: 'queued', place: 1 })
  expect(shown).toHaveProperty('startsAround')
})
