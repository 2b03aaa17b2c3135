/** The line in the real Worker: what it writes, and what a crash, a removed token and a removed tenant leave. */
import { expect, test } from 'vitest'
import { until, VIDEO } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { advance, MINUTE, stopped } from '../../support/clock/clock.ts'
import { LINE_WORKER, RealDesk } from '../../support/queue/real-desk.ts'

const open = gatewaysOfFile()
const gateway = await stopped(open({ entry: LINE_WORKER }))

test('queueing writes three rows beside the owner of the job, one in each of three calls', async () => {
  const desk = await RealDesk.open(gateway, 'rows')
  // The first item also sets the alarm, and the first job the span of its owner.
  await desk.enqueue([desk.newItem()])
  const { answer } = await desk.pull()
  await desk.report(...answer.work.map((work) => desk.begun(work)))
  const asked = await desk.enqueue([desk.newItem()])
  expect(asked.results).toMatchObject([[{ kind: 'queued', place: 1 }]])
  const pulled = await desk.pull()
  const [work] = pulled.answer.work
  if (!work) throw new Error('nothing was chosen')
  const told = await desk.report(desk.begun(work))
  const owners = 1
  expect([asked, pulled, told].map(({ rowsWritten }) => rowsWritten)).toEqual([1, 1, 1 + owners])
})

test('a desk that dies has every item that it accepted, and hands over again what it had chosen [I3, I4]', async () => {
  const desk = await RealDesk.open(gateway, 'dies')
  const items = desk.newItems(5, 'its body')
  await desk.enqueue(items)
  const first = (await desk.pull(2)).answer.work
  await desk.die()
  const again = (await desk.pull(4)).answer.work
  expect(again.map(({ item }) => item)).toEqual(items.slice(0, 4).map(({ item }) => item))
  expect(again.map(({ earlier }) => earlier)).toEqual([
    [first[0]?.leaseId],
    [first[1]?.leaseId],
    [],
    [],
  ])
  expect(again.map(({ sealed }) => sealed)).toEqual(Array.from({ length: 4 }, () => 'its body'))
})

test('a job of the line has its owner, and its item leads to it [I5]', async () => {
  const desk = await RealDesk.open(gateway, 'owners')
  const added = desk.newItem()
  await desk.enqueue([added])
  const [work] = (await desk.pull()).answer.work
  if (!work) throw new Error('nothing was chosen')
  await desk.report(desk.begun(work))
  const [shown] = await desk.shown(added.record.names[0] ?? '')
  const { email } = desk.account
  expect(shown).toMatchObject({ state: 'begun', leaseId: work.leaseId, owner: { email } })
  const owners = await desk.call(['ownersOf', [`job-of-${added.item}`]])
  expect(owners.results).toMatchObject([[{ email, lease: work.leaseId }]])
})

test('a part of the desk that fails each time does not keep the line from its look [I3]', async () => {
  const desk = await RealDesk.open(gateway, 'broken')
  const item = desk.newItem()
  item.sort.startBy = item.sort.askedAt + 5 * MINUTE
  await desk.enqueue([item])
  await desk.call(['dropTable', 'sign_in'])
  await until(async () => {
    await advance(gateway, MINUTE)
    const [shown] = await desk.shown(item.record.names[0] ?? '')
    return shown?.state !== 'waiting'
  })
  expect(await desk.shown(item.record.names[0] ?? '')).toMatchObject([{ reason: 'start_deadline' }])
})

test('a pause or a drain that comes again after its end is not begun again', async () => {
  const desk = await RealDesk.open(gateway, 'twice')
  const by = (requestId: string) => ({ requestId: `${desk.tenant} ${requestId}` })
  const { email } = desk.account
  const paused = await desk.call<unknown[]>(
    ['pauseLine', {}, true, by('pause')],
    ['pauseLine', {}, false, by('resume')],
    ['pauseLine', {}, true, by('pause')],
    ['pauseLine', {}, false, by('later')]
  )
  expect(paused.results).toEqual([[{}], [], [{}], []])
  expect((await desk.call<{ pauses: object[] }>(['listLine', { limit: 1 }])).results).toMatchObject(
    [{ pauses: [] }]
  )
  const drained = await desk.call<{ ok: boolean }>(
    ['drainAccount', email, true, by('drain')],
    ['drainAccount', email, false, by('undrain')],
    ['drainAccount', email, true, by('drain')]
  )
  expect(drained.results).toMatchObject([{ ok: true }, { ok: true }, { ok: true }])
  const { results } = await desk.call<{ accounts: object[] }>(['snapshot'])
  expect(results).toMatchObject([{ accounts: [{ email, isDrained: false }] }])
})

test('the audit says that another token’s item was cancelled only if it was', async () => {
  const desk = await RealDesk.open(gateway, 'cancelled')
  const [late, waiting] = [desk.newItem(), desk.newItem()]
  await desk.enqueue([late, waiting])
  expect((await desk.pull()).answer.work).toMatchObject([{ item: late.item }])
  const full = gateway.as((await gateway.newToken({ tenant: desk.tenant })).token)
  const cancel = async ({ record }: typeof late) =>
    (await full.fetch(`/v1/heygen/queue/${record.names[0]}`, { method: 'DELETE' })).status
  expect([await cancel(late), await cancel(waiting), await cancel(waiting)]).toEqual([
    409, 204, 204,
  ])
  const answer = await full.fetch('/v1/audit?limit=100')
  const { lines } = (await answer.json()) as { lines: { action: string; subject: string }[] }
  const cancelled = lines.filter(({ action }) => action === 'item.cancelled')
  expect(cancelled.map(({ subject }) => subject)).toEqual([waiting.record.names[0]])
})

test('a token that the operator removes ends what it has in line at once, without an alarm', async () => {
  const desk = await RealDesk.open(gateway, 'removed')
  const items = desk.newItems(120)
  await desk.enqueue(items)
  await gateway.admin('DELETE', `/tokens/${desk.tokenId}`)
  const names = items.map(({ item }) => item)
  await until(async () =>
    (await desk.shown(...names)).every(({ reason }) => reason === 'token_removed')
  )
  expect((await desk.pull(9)).answer).toEqual({ work: [], leave: 0, isMore: false })
})

test('a token whose subscription lapses keeps its place, and starts nothing until it is active', async () => {
  const desk = await RealDesk.open(gateway, 'lapsed')
  await desk.enqueue([desk.newItem()])
  const change = (subscription: string) =>
    gateway.admin('PATCH', `/tokens/${desk.tokenId}`, { subscription })
  await change('lapsed')
  await until(async () => !(await desk.pull(0)).answer.isMore)
  expect((await desk.pull()).answer.work).toEqual([])
  await change('active')
  await until(async () => (await desk.pull()).answer.work.length === 1)
})

test('a removed account’s lane ends, and so does an item that nobody could start in time', async () => {
  const desk = await RealDesk.open(gateway, 'lanes')
  const [pinned, brief] = desk.newItems(2)
  if (!pinned || !brief) throw new Error('no items')
  const { results } = await desk.call<{ accounts: { createdAt: number }[] }>(['snapshot'])
  Object.assign(pinned.sort, {
    lane: desk.account.email,
    laneSince: results[0]?.accounts[0]?.createdAt,
  })
  brief.sort.startBy = brief.sort.askedAt + MINUTE
  await desk.enqueue([pinned, brief])
  await advance(gateway, 2 * MINUTE)
  expect(await desk.shown(pinned.item, brief.item)).toMatchObject([
    { state: 'waiting' },
    { reason: 'start_deadline' },
  ])
  await desk.gateway.fetch(`/v1/heygen/accounts/${desk.account.email}`, { method: 'DELETE' })
  await advance(gateway, MINUTE)
  expect(await desk.shown(pinned.item)).toMatchObject([{ reason: 'account_removed' }])
})

test('the desk of a removed tenant has no items left, and takes none [I5]', async () => {
  const desk = await RealDesk.open(gateway, 'closed')
  const items = desk.newItems(3)
  await desk.enqueue(items)
  const [work] = (await desk.pull()).answer.work
  if (!work) throw new Error('nothing was chosen')
  expect((await desk.call<number>(['storedRows'])).results).toEqual([4])
  await gateway.admin('DELETE', `/tenants/${desk.tenant}`)
  const rows = async () => (await desk.call<number>(['storedRows'])).results[0]
  expect(await rows()).toBe(0)
  expect(await desk.shown(...items.map(({ item }) => item))).toEqual([])
  expect((await desk.enqueue([desk.newItem()])).results).toEqual([[{ kind: 'closed' }]])
  expect((await desk.pull(9)).answer.work).toEqual([])
  expect((await desk.report(desk.begun(work))).results).toEqual([[work.item]])
  expect((await desk.call(['ownersOf', [`job-of-${work.item}`]])).results).toEqual([[]])
})

test('a client that waits goes before what is queued', async () => {
  const desk = await RealDesk.open(gateway, 'clients', 1)
  expect((await desk.gateway.createVideo()).status).toBe(200)
  const gone = new AbortController()
  const waiting = fetch(`${gateway.url}/heygen/v3/videos`, {
    method: 'POST',
    body: JSON.stringify(VIDEO),
    headers: {
      authorization: `Bearer ${desk.gateway.token}`,
      'content-type': 'application/json',
      prefer: 'wait=50',
    },
    signal: gone.signal,
  }).catch(() => undefined)
  await desk.enqueue(desk.newItems(2))
  await until(async () => (await desk.pull(0)).answer.isMore)
  let answer = (await desk.pull(2)).answer
  await until(async () => {
    if (answer.leave === 1) return true
    const backs = answer.work.map(({ item, leaseId }) => ({
      kind: 'back' as const,
      item,
      leaseId,
      why: 'full',
    }))
    await desk.report(...backs)
    answer = (await desk.pull(2)).answer
    return answer.leave === 1
  })
  expect(answer.work.length).toBeLessThanOrEqual(1)
  gone.abort()
  await waiting
})
