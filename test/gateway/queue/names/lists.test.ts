/** Lists of a provider show the names of jobs that were queued. */
import { expect, test } from 'vitest'
import { until, VIDEO, type Gateway } from '../../../support/gateway.ts'
import { gatewaysOfFile } from '../../../support/gateways-of-file.ts'
import { addKling, T2V, TEXT2VIDEO, withLongTasks } from '../../../support/scenes/kling.ts'
import { becomes, queued } from '../../../support/queue/queued.ts'

const openGateway = withLongTasks(gatewaysOfFile())

async function videosOf(gateway: Gateway): Promise<string[]> {
  // Without a limit a page is as long as that of one account.
  const answer = await gateway.fetch('/heygen/v3/videos?limit=10')
  expect(answer.status).toBe(200)
  const { data } = (await answer.json()) as { data: { id: string }[] }
  return data.map(({ id }) => id)
}

for (const accounts of [{ a: 2 }, { a: 2, b: 2 }]) {
  const count = Object.keys(accounts).length
  test(`a list over ${count} accounts shows a queued job by its name, and others by their ids`, async () => {
    const gateway = await openGateway({ accounts })
    const made = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
    expect(await videosOf(gateway)).toEqual([made.data.video_id])
    const { names } = await queued(gateway, '/heygen/v3/videos', VIDEO)
    const [name = ''] = names
    await becomes(gateway, name, 'running')
    // Until an isolate knows that the tenant queues: a minute at most.
    const listed = await until(async () => {
      const ids = await videosOf(gateway)
      return ids.includes(name) && ids
    })
    expect(listed.toSorted()).toEqual([made.data.video_id, name].toSorted())
    const found = await gateway.fetch(`/heygen/v3/videos/${name}`)
    expect(await found.json()).toMatchObject({ data: { id: name } })
  })
}

test("Kling's counted list shows a queued task by its name, and 64-bit numbers survive [I7]", async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const { names } = await queued(gateway, T2V, TEXT2VIDEO)
  const [name = ''] = names
  await becomes(gateway, name, 'running', 'kling')
  const listed = await until(async () => {
    const text = await (await gateway.fetch(T2V)).text()
    return text.includes(`"task_id":"${name}"`) && text
  })
  expect(JSON.parse(listed)).toMatchObject({ data: [{ task_id: name }] })
})

test("HeyGen's list of events shows a queued job by its name, and other jobs by their ids", async () => {
  const gateway = await openGateway({ accounts: { a: 2 } })
  const made = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  const [name = ''] = (await queued(gateway, '/heygen/v3/videos', VIDEO)).names
  await becomes(gateway, name, 'running')
  await gateway.sim.finishJobs()
  const idsIn = async (query = '') => {
    const answer = await gateway.fetch(`/heygen/v3/webhooks/events${query}`)
    const { data } = (await answer.json()) as { data: { event_data: { video_id: string } }[] }
    return data.map(({ event_data }) => event_data.video_id)
  }
  const listed = await until(async () => {
    const ids = await idsIn()
    return ids.includes(name) && ids
  })
  expect(listed.toSorted()).toEqual([made.data.video_id, name].toSorted())
  expect(await idsIn(`?entity_id=${name}`)).toEqual([name])
})

test('lists of another tenant show no name of ours [I5]', async () => {
  const gateway = await openGateway({ accounts: { a: 2 } })
  const { names } = await queued(gateway, '/heygen/v3/videos', VIDEO)
  const [name = ''] = names
  const { providerJob = '' } = await becomes(gateway, name, 'running')
  await gateway.sim.finishJobs()
  await (await gateway.fetch(`/heygen/v3/videos/${name}`)).text()
  await until(async () => (await videosOf(gateway)).includes(name))
  const removed = await gateway.fetch('/v1/heygen/accounts/a@example.com', { method: 'DELETE' })
  expect(removed.status).toBeLessThan(300)
  const other = gateway.as((await gateway.newToken()).token)
  const form = { email: 'a@example.com', apiKey: 'sk_test_a', maxJobs: 2 }
  await until(async () => (await other.post('/v1/heygen/accounts', form)).status === 201)
  await queued(other, '/heygen/v3/videos', VIDEO)
  const listed = await until(async () => {
    const ids = await videosOf(other)
    return ids.length === 2 && ids
  })
  expect(listed).toContain(providerJob)
  expect(listed).not.toContain(name)
})
