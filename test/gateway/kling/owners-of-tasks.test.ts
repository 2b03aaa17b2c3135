/** Kling with several accounts: whose task it is, and how much each account ever does at once. */
import { expect, test } from 'vitest'
import { oneOfEach, testFull } from '../../support/full.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import { nameOf, pathOf } from '../../support/catalogue/catalogue.ts'
import { KLING_ROWS } from '../../support/catalogue/kling-catalogue.ts'
import {
  addKling,
  create,
  IMAGES,
  keysOf,
  klingRequests,
  sign,
  T2V,
  TEXT2VIDEO,
  withLongTasks,
  type Task,
} from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfTests())
const JSON_TYPE = { 'content-type': 'application/json' }
const STATUS_ROWS = KLING_ROWS.filter((row) => row.path.endsWith('/{id}'))
/** By design, and by what the task makes. */
const ASKED = oneOfEach(STATUS_ROWS, (row) => row.path.split('/').slice(1, 3).join('/'))

test('every kind of task that nobody has seen is found at its owner, by its own path', async () => {
  const gateway = await openGateway()
  for (const [name, kind] of [
    ['ann', 'both'],
    ['bob', 'pair'],
    ['cid', 'apiKey'],
  ] as const) {
    await addKling(gateway, name, { kind, sim: { examples: name === 'bob' } })
  }
  expect(STATUS_ROWS.length).toBeGreaterThan(20)
  for (const row of ASKED) {
    const answer = await gateway.fetch(`/kling${pathOf(row)}`)
    expect(answer.status, nameOf(row)).toBe(200)
    expect(answer.headers.get('x-gateway-account'), nameOf(row)).toBe('bob@example.com')
  }
})

test('a video that nobody has seen made is looked for among the tasks of every account', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  await gateway.sim.control('POST', '/jobs', { provider: 'kling', account: 'bob@example.com' })
  await gateway.sim.finishJobs()
  const named = { 'X-Gateway-Account': 'bob@example.com' }
  const list = (await (await gateway.fetch(T2V, { headers: named })).json()) as {
    data: { task_result: { videos: { id: string }[] } }[]
  }
  const video_id = list.data[0]?.task_result.videos[0]?.id
  expect(video_id).toMatch(/^\d+$/)
  const answer = await gateway.post('/kling/v1/videos/video-extend', { video_id })
  expect(answer.status, await answer.text()).toBe(200)
  expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
})

test('voices and elements that nobody has seen are found at their owner', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) {
    await addKling(gateway, name, { sim: { examples: name === 'cid' } })
  }
  const list = (await (
    await gateway.fetch('/kling/v1/general/custom-voices', {
      headers: { 'X-Gateway-Account': 'cid@example.com' },
    })
  ).json()) as { data: { task_result: { voices: { voice_id: string }[] } }[] }
  const voice = list.data[0]?.task_result.voices[0]?.voice_id
  await gateway.sim.forgetRequests()
  const answer = await gateway.post('/kling/v1/general/delete-voices', { voice_id: voice })
  expect(answer.headers.get('x-gateway-account')).toBe('cid@example.com')
  const seen = await klingRequests(gateway)
  expect(seen.filter((one) => one.method === 'POST').map((one) => one.account)).toEqual([
    'cid@example.com',
  ])
})

// Its kind in npm test: test/contract/slots.ts, creations, polls and ends all at once.
testFull(
  'two accounts with three slots each never have more than three tasks, and all that was asked for is made',
  async () => {
    const gateway = await openGateway({ timeScale: 10, simVars: { JOB_MS: '150' } })
    for (const name of ['ann', 'bob']) await addKling(gateway, name, { maxJobs: 3 })
    const paths = [T2V, '/kling/text-to-video/kling-3.0', '/kling/v1/images/generations']
    let made = 0
    const client = async (path: string) => {
      while (made < 24) {
        const body = JSON.stringify({ ...TEXT2VIDEO, n: 2 })
        const headers = { 'content-type': 'application/json', prefer: 'wait=5' }
        const answer = await gateway.fetch(path, { method: 'POST', body, headers })
        if (answer.status === 200) made += 1
        else expect(answer.status, await answer.text()).toBe(429)
      }
    }
    await Promise.all([...paths, ...paths, ...paths].map(client))
    await until(async () => {
      const answer = await gateway.fetch('/v1/kling/scheduler')
      return ((await answer.json()) as unknown[]).length === 0
    })
    for (const name of ['ann', 'bob']) {
      const facts = await gateway.sim.control<{
        maxInFlight: number
        jobsStarted: number
        refusedTwice: number
      }>('GET', `/accounts/${name}@example.com?provider=kling`)
      expect(facts.maxInFlight).toBeLessThanOrEqual(3)
      expect(facts.jobsStarted).toBeGreaterThan(2)
      expect(facts.refusedTwice).toBe(0)
    }
  }
)

test('a question about the tasks of an account without an API key says what is missing', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  await addKling(gateway, 'bob', { kind: 'apiKey' })
  const ids: string[] = []
  for (const name of ['ann', 'bob']) {
    const named = { 'X-Gateway-Account': `${name}@example.com` }
    const answer = await gateway.post(T2V, TEXT2VIDEO, named)
    ids.push(((await answer.json()) as { data: { task_id: string } }).data.task_id)
  }
  const alone = await gateway.fetch(`/kling/tasks?task_ids=${ids[0]}`)
  expect([alone.status, await alone.json()]).toEqual([
    403,
    expect.objectContaining({ code: 1103, message: expect.stringContaining('apiKey') }),
  ])
  const both = await gateway.fetch(`/kling/tasks?task_ids=${ids.join(',')}`)
  expect(both.headers.get('x-gateway-partial')).toBe('ann@example.com')
  expect(((await both.json()) as { data: { id: string }[] }).data.map((row) => row.id)).toEqual([
    ids[1],
  ])
})

test('what a task made is found at an account without an API key too', async () => {
  const gateway = await openGateway()
  for (const [name, kind] of [
    ['ann', 'both'],
    ['bob', 'pair'],
    ['cid', 'pair'],
  ] as const) {
    await addKling(gateway, name, { kind })
  }
  const account = 'bob@example.com'
  const path = '/v1/videos/image2video'
  await gateway.sim.control('POST', '/jobs', { provider: 'kling', account, path })
  await gateway.sim.finishJobs()
  const token = await sign(keysOf('bob').accessKey, keysOf('bob').secretKey)
  // Not through the gateway, which would remember whose it is.
  const list = await fetch(`${gateway.sim.url}/api-singapore.klingai.com${path}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { data } = (await list.json()) as { data: { task_result: { videos: { id: string }[] } }[] }
  const video_id = data[0]?.task_result.videos[0]?.id
  expect(video_id).toMatch(/^\d+$/)
  for (let index = 0; index < 4; index += 1) {
    const answer = await gateway.post('/kling/v1/videos/identify-face', { video_id })
    expect(answer.status, await answer.text()).toBe(200)
    expect(answer.headers.get('x-gateway-account')).toBe(account)
  }
  const unknown = { video_id: '1'.repeat(18) }
  expect((await gateway.post('/kling/v1/videos/identify-face', unknown)).status).toBe(400)
})

test('follow-ups of a task and of what it made go to its account', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  const made = await create(gateway)
  await gateway.sim.finishJobs()
  const done = await gateway.fetch(`${T2V}/${made.data.task_id}`)
  const owner = done.headers.get('x-gateway-account')
  const video = ((await done.json()) as Task).data.task_result.videos[0]?.id
  for (let index = 0; index < 4; index += 1) {
    const extended = await gateway.post('/kling/v1/videos/video-extend', { video_id: video })
    expect(await extended.json()).toMatchObject({ code: 0 })
    expect(extended.headers.get('x-gateway-account')).toBe(owner)
  }
})

test('an element’s number beyond 2^53 survives both ways and leads to its account [I7]', async () => {
  const gateway = await openGateway()
  const [small, large] = ['829836802793406561', '829836802793406563']
  for (const [name, id] of [
    ['ann', small],
    ['bob', large],
  ] as const) {
    await addKling(gateway, name)
    await gateway.sim.control('POST', '/resources', {
      provider: 'kling',
      account: `${name}@example.com`,
      resource: 'element',
      id,
      doc: { old: true, element_name: 'probe' },
    })
  }
  const list = await (await gateway.fetch('/kling/v1/general/custom-elements')).text()
  expect(list).toContain(`"element_id":${small},`)
  expect(list).toContain(`"element_id":${large},`)
  for (const [name, id] of [
    ['ann', small],
    ['bob', large],
  ] as const) {
    const body = `{"model_name":"kling-v3","prompt":"x","n":1,"element_list":[{"element_id":${id}}]}`
    const answer = await gateway.fetch(IMAGES, { method: 'POST', body, headers: JSON_TYPE })
    expect(answer.status, await answer.text()).toBe(200)
    expect(answer.headers.get('x-gateway-account')).toBe(`${name}@example.com`)
  }
  const bodies = (await klingRequests(gateway)).map((one) => one.body ?? '')
  expect(bodies.filter((body) => body.includes(`"element_id":${large}`))).toHaveLength(1)
})

test('tasks that nobody knows are asked of an account whose credential can serve the call', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  await addKling(gateway, 'bob', { kind: 'apiKey' })
  const answer = await gateway.fetch('/kling/tasks?task_ids=123456789012345678')
  expect(answer.status, await answer.clone().text()).toBe(200)
  expect(await answer.json()).toMatchObject({ code: 0, data: [] })
  const view = await gateway.fetch('/v1/kling/tasks/123456789012345678')
  expect(view.status, await view.clone().text()).toBe(404)
})

test('a task id may come as a number larger than JavaScript’s', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const id = '866889456698785799'
  const task = { provider: 'kling', account: 'ann@example.com', id }
  await gateway.sim.control('POST', '/jobs', task)
  await gateway.sim.finishJobs()
  const extended = await gateway.fetch('/v1/kling/videos/extend', {
    method: 'POST',
    body: `{"task_id": ${id}}`,
    headers: { 'content-type': 'application/json' },
  })
  expect(extended.status, await extended.text()).toBe(200)
})
