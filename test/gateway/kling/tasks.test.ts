/** The drop-in for Kling: a task holds its slots until it ends, on an account that has the credential for its path. */
import { expect, test } from 'vitest'
import { CLOCKED, stopped, untilMoved } from '../../support/clock/clock.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  create,
  held,
  IMAGES,
  keysOf,
  klingRequests,
  read,
  T2V,
  TEXT2VIDEO,
  TURBO,
  withLongTasks,
  type Task,
} from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfTests())
const JSON_TYPE = { 'content-type': 'application/json' }

test('a task of either design holds a slot until its own status tells its end [I2]', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 2 })
  const old = await create(gateway)
  const young = await create(gateway, TURBO)
  expect(await held(gateway)).toBe(2)
  const full = await gateway.post(T2V, TEXT2VIDEO)
  expect([full.status, full.headers.get('retry-after')]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
  ])
  expect(await full.json()).toEqual({
    code: 1303,
    message: expect.stringContaining('taken'),
    request_id: full.headers.get('x-request-id'),
  })
  await gateway.sim.finishJobs()
  const done = await read(gateway, `/v1/videos/text2video/${old.data.task_id}`)
  expect(done.data.task_status).toBe('succeed')
  expect(await held(gateway)).toBe(1)
  await read(gateway, `/tasks?task_ids=${young.data.id}`)
  expect(await held(gateway)).toBe(0)
})

test('a slot comes back by itself when nobody asks [I2]', async () => {
  const gateway = await stopped(openGateway({ entry: CLOCKED }))
  await addKling(gateway, 'ann', { maxJobs: 2 })
  await create(gateway)
  await create(gateway, TURBO)
  await gateway.sim.finishJobs()
  await untilMoved(gateway, async () => (await held(gateway)) === 0)
})

test('an image task takes a slot for each image, all or none, and gives them back together [I1]', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 5, sim: { concurrency: 5 } })
  const made = await create(gateway, IMAGES, { n: 3 })
  expect(await held(gateway)).toBe(3)
  expect((await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 3 })).status).toBe(429)
  await create(gateway, IMAGES, { n: 2 })
  expect(await held(gateway)).toBe(5)
  const never = await gateway.post(IMAGES, { ...TEXT2VIDEO, n: 9 })
  expect(never.status).toBe(400)
  expect(await never.json()).toMatchObject({
    code: 1201,
    message: expect.stringContaining('9 slots'),
  })
  await gateway.sim.finishJobs()
  await read(gateway, `/v1/images/generations/${made.data.task_id}`)
  expect(await held(gateway)).toBe(2)
})

test('the newer paths go to an account with an API key, whatever its share of slots', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair', maxJobs: 50 })
  await addKling(gateway, 'bob', { kind: 'apiKey', maxJobs: 6 })
  for (let index = 0; index < 6; index += 1) {
    const answer = await gateway.post(TURBO, { prompt: 'x' })
    expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  }
  expect((await gateway.post(TURBO, { prompt: 'x' })).status).toBe(429)
  expect((await gateway.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-account')).toBe(
    'ann@example.com'
  )
})

test('where no account has the credential that a path takes, the error says which is missing', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { kind: 'pair' })
  await gateway.sim.forgetRequests()
  for (const [method, path] of [
    ['POST', TURBO],
    ['GET', '/kling/tasks?task_ids=1'],
    ['POST', '/kling/tasks'],
  ] as const) {
    const answer = await gateway.fetch(
      path,
      method === 'POST' ? { method, body: '{"prompt":"x"}', headers: JSON_TYPE } : {}
    )
    expect(answer.status, path).toBe(403)
    expect(await answer.json()).toMatchObject({
      code: 1103,
      message: expect.stringContaining('apiKey'),
    })
  }
  expect(await klingRequests(gateway)).toEqual([])
})

test('speech and face sessions hold a slot for their call, and lead later calls back to their account', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  const found = await gateway.post('/kling/v1/videos/identify-face', {
    video_url: 'https://example.com/in.mp4',
  })
  const { data } = (await found.json()) as { data: { session_id: string } }
  for (let index = 0; index < 3; index += 1) {
    const face = {
      face_id: '0',
      sound_file: 'https://example.com/a.mp3',
      sound_start_time: 0,
      sound_end_time: 3000,
      sound_insert_time: 1000,
    }
    const answer = await gateway.post('/kling/v1/videos/advanced-lip-sync', {
      session_id: data.session_id,
      face_choose: [face],
    })
    expect(answer.status, await answer.text()).toBe(200)
    expect(answer.headers.get('x-gateway-account')).toBe(found.headers.get('x-gateway-account'))
  }
  const spoken = await gateway.post('/kling/v1/audio/tts', {
    text: 'Hello',
    voice_id: 'oversea_male1',
    voice_language: 'en',
  })
  expect(spoken.status).toBe(200)
  expect(await held(gateway)).toBe(3)
})

test('a model that the table does not name is a creation all the same', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const answer = await gateway.post('/kling/text-to-video/kling-9.0', { prompt: 'x' })
  expect([answer.status, ((await answer.json()) as Task).code]).toEqual([404, 1203])
  expect(await held(gateway)).toBe(0)
})

test('keys of an account are neither in answers nor in the log [I6]', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const texts = [
    await (await gateway.fetch('/v1/kling/accounts')).text(),
    await (await gateway.post(T2V, TEXT2VIDEO)).text(),
    ...gateway.logs,
  ].join('\n')
  const { apiKey, secretKey } = keysOf('ann')
  expect(texts).not.toContain(apiKey)
  expect(texts).not.toContain(secretKey)
})
