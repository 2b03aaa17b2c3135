/** Lists of tasks and packs over several Kling accounts. */
import { expect, test } from 'vitest'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  create,
  held,
  T2V,
  TEXT2VIDEO,
  TURBO,
  withLongTasks,
  type Task,
} from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfTests())

test('a list counts pages over all accounts: whole pages, newest first, each task once', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name, { maxJobs: 50 })
  const made: string[] = []
  for (let index = 0; index < 11; index += 1) {
    const name = index % 3 === 0 ? 'ann' : 'bob'
    const answer = await gateway.post(T2V, TEXT2VIDEO, {
      'X-Gateway-Account': `${name}@example.com`,
    })
    made.unshift(((await answer.json()) as Task).data.task_id)
  }
  const page = async (number: number) => {
    const answer = await gateway.fetch(`${T2V}?pageNum=${number}&pageSize=4`)
    return ((await answer.json()) as { data: { task_id: string }[] }).data.map((row) => row.task_id)
  }
  expect([...(await page(1)), ...(await page(2)), ...(await page(3))]).toEqual(made)
  expect((await page(2)).length).toBe(4)
  expect(await page(4)).toEqual([])
})

test('the list with a cursor goes through all tasks of all accounts', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name, { maxJobs: 50 })
  const made = new Set<string>()
  for (let index = 0; index < 9; index += 1) made.add((await create(gateway)).data.task_id)
  const seen: string[] = []
  let cursor: string | undefined
  for (let round = 0; round < 20; round += 1) {
    const answer = await gateway.post('/kling/tasks', { limit: 2, ...(cursor ? { cursor } : {}) })
    const { data } = (await answer.json()) as {
      data: { result: { id: string }[]; count: number; next_cursor: string; has_more: boolean }
    }
    expect(data.count).toBe(data.result.length)
    seen.push(...data.result.map((row) => row.id))
    if (!data.has_more) break
    cursor = data.next_cursor
  }
  expect(seen.length).toBe(9)
  expect(new Set(seen)).toEqual(made)
})

test('a question about tasks of several accounts is one answer, in the order asked', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const ids: string[] = []
  for (const name of ['ann', 'bob', 'ann']) {
    const answer = await gateway.post(
      TURBO,
      { prompt: 'x' },
      { 'X-Gateway-Account': `${name}@example.com` }
    )
    ids.push(((await answer.json()) as Task).data.id)
  }
  await gateway.sim.finishJobs()
  const answer = await gateway.fetch(`/kling/tasks?task_ids=${ids.join(',')}`)
  const { data } = (await answer.json()) as { data: { id: string }[] }
  expect(data.map((row) => row.id)).toEqual(ids)
  expect(await held(gateway)).toBe(0)
})

test('the packs of all accounts are listed together', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const packs = async (email?: string) => {
    const headers: Record<string, string> = email ? { 'X-Gateway-Account': email } : {}
    const now = Date.now()
    const path = `/kling/account/costs?start_time=${now - 86_400_000}&end_time=${now}`
    const answer = await gateway.fetch(path, { headers })
    const { data } = (await answer.json()) as { data: { resource_pack_subscribe_infos: object[] } }
    return data.resource_pack_subscribe_infos.length
  }
  const [ann, bob] = [await packs('ann@example.com'), await packs('bob@example.com')]
  expect(ann).toBeGreaterThan(0)
  expect(await packs()).toBe(ann + bob)
})

test('a page larger than Kling gives is refused, however many accounts there are', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) {
    await addKling(gateway, name)
    for (const [path, size] of [
      [T2V, 501],
      ['/kling/v1/general/custom-voices', 1001],
    ] as const) {
      const answer = await gateway.fetch(`${path}?pageSize=${size}`)
      expect([answer.status, await answer.json()], name).toEqual([
        400,
        expect.objectContaining({ code: 1201, message: expect.stringContaining('pageSize') }),
      ])
      expect((await gateway.fetch(`${path}?pageSize=${size - 1}`)).status).toBe(200)
    }
  }
})
