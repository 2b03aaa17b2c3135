/** Queued Kling tasks under a name of the client's own. */
import { expect, test } from 'vitest'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import {
  addKling,
  creationsOf,
  T2V,
  TEXT2VIDEO,
  TURBO,
  withLongTasks,
} from '../../../support/scenes/kling.ts'
import { until } from '../../../support/gateway.ts'
import { Receiver } from '../../../support/receiver.ts'
import { LOOPBACK } from '../../../support/scenes/hooked.ts'
import { addCustomer } from '../../../support/scenes/tokens/own-tokens.ts'
import { becomes, endRunning, queued } from '../../../support/queue/queued.ts'

const openGateway = withLongTasks(gatewaysOfFile())
const NAMED = { ...TEXT2VIDEO, external_task_id: 'mine' }
const REFUSED = { code: 1201, message: 'External_task_id mine already exists' }

/** A pool that is full, and what runs there. */
async function fullPool(accounts = ['ann', 'bob']) {
  const gateway = await openGateway()
  const asks: string[] = []
  for (const name of accounts) {
    await addKling(gateway, name, { maxJobs: 1 })
    const made = await (await gateway.post(T2V, TEXT2VIDEO)).json()
    asks.push(`${T2V}/${(made as { data: { task_id: string } }).data.task_id}`)
  }
  return { gateway, free: () => endRunning(gateway, asks[0] ?? '') }
}

test("a poll by the client's own task name finds the waiting item, and then its job", async () => {
  const { gateway, free } = await fullPool()
  const { names, json } = await queued(gateway, T2V, NAMED)
  const [name = ''] = names
  const info = { task_id: name, task_info: { external_task_id: 'mine' } }
  expect(json).toMatchObject({ data: info })
  const poll = async (id: string) => (await gateway.fetch(`${T2V}/${id}`)).json()
  for (const id of ['mine', name])
    expect(await poll(id)).toMatchObject({ data: { ...info, task_status: 'submitted' } })
  await free()
  await becomes(gateway, name, 'running', 'kling')
  await gateway.sim.finishJobs()
  for (const id of ['mine', name])
    expect(await poll(id)).toMatchObject({ data: { ...info, task_status: 'succeed' } })
})

test('of many creations in one call, one whose task name another has is refused for good, whether that waits or runs [I4]', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 1 })
  await gateway.post(T2V, { ...TEXT2VIDEO, external_task_id: 'runs' })
  const put = async (...names: string[]) => {
    const path = T2V.slice('/kling'.length)
    const items = names.map((name) => ({ path, body: { ...TEXT2VIDEO, external_task_id: name } }))
    const answer = await (await gateway.post('/v1/kling/queue', items)).json()
    return (answer as { items: { code?: string }[] }).items.map(({ code = 'queued' }) => code)
  }
  expect(await put('mine', 'mine', 'runs')).toEqual(['queued', 'conflict', 'conflict'])
  expect(await put('mine', 'other')).toEqual(['conflict', 'queued'])
})

test('many creations in one call that comes again under its keys answer their ids, also if they have task names [I4]', async () => {
  const { gateway, free } = await fullPool(['ann'])
  const item = {
    path: T2V.slice('/kling'.length),
    body: NAMED,
    headers: { 'Idempotency-Key': 'chapter-1' },
  }
  const put = async () => (await gateway.post('/v1/kling/queue', [item])).json()
  const first = (await put()) as { items: [{ id: string }] }
  const [{ id }] = first.items
  expect(id).toMatch(/^8\d{18}$/)
  expect(await put()).toEqual(first)
  await free()
  await becomes(gateway, id, 'running', 'kling')
  expect(await put()).toEqual(first)
})

test('a bulk status by the client’s own names shows what waits', async () => {
  const { gateway } = await fullPool()
  const body = { prompt: 'x', options: { external_task_id: 'mine' } }
  const { names } = await queued(gateway, TURBO, body)
  const bulk = await gateway.fetch('/kling/tasks?external_task_ids=mine')
  expect(await bulk.json()).toMatchObject({
    data: [{ id: names[0], external_id: 'mine', status: 'submitted' }],
  })
})

test('a second item under one task name is refused as Kling would, and so is a creation beside the line [I4]', async () => {
  const { gateway, free } = await fullPool()
  const { names } = await queued(gateway, T2V, NAMED)
  const again = (headers: Record<string, string>) => gateway.post(T2V, NAMED, headers)
  const async = { prefer: 'respond-async' }
  for (const headers of [async, {}]) {
    const refused = await again(headers)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject(REFUSED)
  }
  await free()
  await becomes(gateway, names[0] ?? '', 'running', 'kling')
  expect(await (await again(async)).json()).toMatchObject(REFUSED)
  expect(await creationsOf(gateway)).toHaveLength(3)
})

test('an end without a start is told with the client’s own task name, as Kling tells it, and with no name of the gateway’s [I3, I5]', async () => {
  const receiver = await Receiver.open()
  try {
    const gateway = await openGateway({ vars: LOOPBACK })
    await addKling(gateway, 'ann')
    await gateway.post('/v1/kling/queue/pause', {})
    const { at: customer } = await addCustomer(gateway)
    const callback = (path: string) => ({ callback_url: receiver.url + path })
    const turbo = { prompt: 'x', options: { external_task_id: 'mine', ...callback('/turbo') } }
    const all = [
      [gateway, T2V, { ...NAMED, ...callback('/older') }],
      [gateway, TURBO, { prompt: 'x', options: callback('/nameless') }],
      [customer, TURBO, turbo],
    ] as const
    for (const [at, path, body] of all) {
      const [name] = (await queued(at, path, body)).names
      const cancel = await at.fetch(`/v1/kling/queue/${name}`, { method: 'DELETE' })
      expect(cancel.status).toBe(204)
    }
    const toldAt = (path: string) =>
      until(async () => JSON.parse(receiver.posts(path)[0]?.body ?? 'null') as object | null)
    expect(await toldAt('/older')).toMatchObject({ task_info: { external_task_id: 'mine' } })
    expect(await toldAt('/turbo')).toMatchObject({ external_id: 'mine' })
    expect(Object.keys((await toldAt('/nameless')) ?? {})).not.toContain('external_id')
  } finally {
    await receiver.close()
  }
})

test('a name of a cancelled item is free again', async () => {
  const { gateway } = await fullPool(['ann'])
  const { names } = await queued(gateway, T2V, NAMED)
  const cancel = await gateway.fetch(`/v1/kling/queue/${names[0]}`, { method: 'DELETE' })
  expect(cancel.status).toBe(204)
  const again = await queued(gateway, T2V, NAMED)
  expect(again.names).not.toEqual(names)
})

test('a poll by a name that was free, or whose item was cancelled, finds the item that has it now', async () => {
  const { gateway } = await fullPool(['ann'])
  await queued(gateway, T2V, TEXT2VIDEO)
  const poll = async () => (await gateway.fetch(`${T2V}/mine`)).json()
  expect(await poll()).toMatchObject({ code: 1201 })
  for (const _ of [1, 2]) {
    const [name = ''] = (await queued(gateway, T2V, NAMED)).names
    expect(await poll()).toMatchObject({ data: { task_id: name, task_status: 'submitted' } })
    await gateway.fetch(`/v1/kling/queue/${name}`, { method: 'DELETE' })
    expect(await poll()).toMatchObject({ data: { task_id: name, task_status: 'failed' } })
  }
  const items = [{ path: T2V.slice('/kling'.length), body: NAMED }]
  const put = await (await gateway.post('/v1/kling/queue', items)).json()
  const [{ id }] = (put as { items: [{ id: string }] }).items
  expect(await poll()).toMatchObject({ data: { task_id: id, task_status: 'submitted' } })
})

test('another tenant may queue a task under the same name, and finds its own [I5]', async () => {
  const { gateway } = await fullPool(['ann'])
  const mine = await queued(gateway, T2V, NAMED)
  const other = gateway.as((await gateway.newToken()).token)
  await addKling(other, 'cid')
  const theirs = await queued(other, T2V, NAMED)
  expect(theirs.names).not.toEqual(mine.names)
  const poll = await (await gateway.fetch(`${T2V}/mine`)).json()
  expect(poll).toMatchObject({ data: { task_id: mine.names[0], task_status: 'submitted' } })
})
