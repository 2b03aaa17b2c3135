/** Tasks, lists and resources of the simulated Kling. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openKling, TEXT_TO_VIDEO, TURBO } from './open-kling.ts'
import { testFull } from '../../support/full.ts'
import { type Json, soon } from '../open-simulator.ts'

let kling: Awaited<ReturnType<typeof openKling>>
beforeAll(async () => {
  // Longer than the file takes: nothing ends unless it is told to or the clock is moved.
  kling = await openKling({ vars: { JOB_MS: '600000', SYNC_MS: '50' } })
})
afterAll(() => kling.dispose())

const V1 = '/v1/videos/text2video'
const create = (name: string, more: object = {}) =>
  kling.call('POST', V1, { name, body: { ...TEXT_TO_VIDEO, ...more } })
const createNew = (name: string, prompt: string, options: object = {}) =>
  kling.call('POST', TURBO, { name, body: { prompt, options } })
const codeOf = async (answer: Promise<{ status: number; body: Json }>) => {
  const { status, body } = await answer
  return [status, body.code]
}

test('a task goes through its words and ends with a playable link, in both designs', async () => {
  const made = await create('words', { prompt: '[hold] sea', external_task_id: 'w-1' })
  const { task_id } = made.body.data
  expect(task_id).toMatch(/^\d{18}$/)
  expect(made.body.data).toMatchObject({
    task_status: 'submitted',
    task_info: { external_task_id: 'w-1' },
  })
  const read = async () => (await kling.call('GET', `${V1}/w-1`, { name: 'words' })).body.data
  // It is submitted for a moment only, which is stretched by putting the clock back.
  await kling.pass(-60_000)
  expect((await read()).task_status).toBe('submitted')
  await kling.pass(61_000)
  expect(await read()).toMatchObject({ task_id, task_status: 'processing' })
  await kling.sim('POST', `jobs/${task_id}`, { status: 'succeed' })
  const done = await read()
  expect(done.task_status).toBe('succeed')
  expect((await fetch(done.task_result.videos[0].url)).headers.get('content-type')).toBe(
    'video/mp4'
  )
  const seen = await kling.call('GET', '/tasks?external_task_ids=w-1', { name: 'words' })
  expect(seen.body.data).toMatchObject([
    { id: task_id, status: 'succeeded', outputs: [{ id: done.task_result.videos[0].id }] },
  ])
})

test('a failed task is answered with 200 and code 0', async () => {
  const { body } = await create('fails', { prompt: '[fail] [ms=10]' })
  await kling.pass(1000)
  const read = await kling.call('GET', `${V1}/${body.data.task_id}`, { name: 'fails' })
  expect(read).toMatchObject({
    status: 200,
    body: {
      code: 0,
      data: {
        task_status: 'failed',
        task_status_msg: 'Failure to pass the risk control system',
      },
    },
  })
})

test('a task is asked for at the path of its creation, by its own account', async () => {
  const { body } = await create('owner')
  const ask = (at: string, name: string) =>
    kling.call('GET', `${at}/${body.data.task_id}`, { name })
  expect((await ask(V1, 'owner')).status).toBe(200)
  for (const wrong of [ask('/v1/videos/image2video', 'owner'), ask(V1, 'other')]) {
    expect(await wrong).toMatchObject({
      status: 400,
      body: { code: 1201, message: `Task not found by id/external id: ${body.data.task_id}` },
    })
  }
  const foreign = await kling.call('GET', `/tasks?task_ids=${body.data.task_id}`, { name: 'other' })
  expect(foreign.body.data).toEqual([])
})

test('above the concurrency a creation is refused and no task is made', async () => {
  await kling.make('full', { concurrency: 2 })
  const send = () => create('full', { prompt: '[hold]' })
  const answers = await Promise.all([send(), send(), send(), send()])
  expect(answers.map((each) => each.status).toSorted()).toEqual([200, 200, 429, 429])
  const refused = answers.find((each) => each.status === 429)
  expect(refused?.body).toMatchObject({
    code: 1303,
    message: 'parallel task over resource pack limit',
  })
  expect(Object.keys(refused?.body ?? {})).not.toContain('data')
  expect(await kling.account('full')).toMatchObject({
    inFlight: 2,
    maxInFlight: 2,
    jobsStarted: 2,
    refusedFull: 2,
  })
  await kling.sim('POST', 'finish', {})
  expect((await send()).status).toBe(200)
  expect((await kling.account('full')).maxInFlight).toBe(2)
  await kling.sim('POST', 'finish', {})
})

test('images take n places, and each kind of pack has its own', async () => {
  await kling.make('kinds', { concurrency: 5, concurrencyByType: { try_on: 1 } })
  const image = (n: number) =>
    kling.call('POST', '/v1/images/generations', {
      name: 'kinds',
      body: { model_name: 'kling-v3', prompt: '[hold]', n },
    })
  expect((await image(3)).status).toBe(200)
  expect(await codeOf(image(3))).toEqual([429, 1303])
  expect((await image(2)).status).toBe(200)
  expect((await create('kinds', { prompt: '[hold]' })).status).toBe(200)
  const fit = () =>
    kling.call('POST', '/v1/images/kolors-virtual-try-on', {
      name: 'kinds',
      body: { human_image: 'https://example.com/p.jpg', cloth_image: '[hold]' },
    })
  expect((await fit()).status).toBe(200)
  expect(await codeOf(fit())).toEqual([429, 1303])
  expect(await kling.account('kinds')).toMatchObject({
    inFlight: 7,
    tasksInFlight: 4,
    inFlightByType: { image: 5, video: 1, try_on: 1 },
    maxByType: { image: 5, video: 1, try_on: 1 },
    maxTasks: 4,
  })
  await kling.sim('POST', 'finish', {})
})

test('an external id makes one task in its account, whatever the path', async () => {
  const first = await create('once', { external_task_id: 'e-1' })
  const second = await createNew('once', 'Again', { external_task_id: 'e-1' })
  expect(second).toMatchObject({
    status: 400,
    body: { code: 1201, message: 'External_task_id e-1 already exists' },
  })
  expect(await kling.account('once')).toMatchObject({ jobsStarted: 1, refusedTwice: 1 })
  expect((await create('once2', { external_task_id: 'e-1' })).status).toBe(200)
  const { duplicates } = await kling.sim('GET', 'state')
  expect(duplicates).toMatchObject([{ callbackId: 'e-1', count: 2 }])
  expect(duplicates[0].jobs).toContain(first.body.data.task_id)
})

test('of twenty creations at once with one external id one makes a task', async () => {
  const twenty = Array.from({ length: 20 }, () => create('race', { external_task_id: 'r-1' }))
  const answers = await Promise.all(twenty)
  expect(answers.filter((each) => each.status === 200)).toHaveLength(1)
  expect((await kling.account('race')).jobsStarted).toBe(1)
})

test('money, models, rate and state of an account refuse with their documented codes', async () => {
  await kling.make('poor', { units: { video: 3 } })
  expect(await codeOf(create('poor'))).toEqual([429, 1102])
  expect(await codeOf(create('poor', { duration: '3' }))).toEqual([200, 0])
  await kling.make('narrow', { modelsRefused: ['kling-v3'] })
  expect(await codeOf(create('narrow'))).toEqual([403, 1103])
  expect(await codeOf(create('narrow', { model_name: 'kling-v1' }))).toEqual([200, 0])
  await kling.make('arrears', { refuseWith: 1101 })
  expect(await codeOf(create('arrears'))).toEqual([429, 1101])
  expect(await codeOf(kling.call('GET', V1, { name: 'arrears' }))).toEqual([200, 0])
  await kling.make('elsewhere', { refuseWith: 1304 })
  expect(await codeOf(kling.call('GET', V1, { name: 'elsewhere' }))).toEqual([429, 1304])
  await kling.make('fast', { ratePerSecond: 2 })
  const fast = () => codeOf(kling.call('GET', V1, { name: 'fast' }))
  expect([await fast(), await fast()]).toEqual([
    [200, 0],
    [200, 0],
  ])
  // However long the calls took, the second is not over.
  await kling.pass(-60_000)
  expect(await fast()).toEqual([429, 1302])
  await kling.pass(61_000)
  expect(await fast()).toEqual([200, 0])
  expect(await codeOf(create('marks', { prompt: '[nocredit]' }))).toEqual([429, 1102])
  expect(await codeOf(create('marks', { prompt: '[code=1301]' }))).toEqual([400, 1301])
})

test('a failed task gives its units back; the packs tell of it up to twelve hours late', async () => {
  await kling.make('lag', { units: { video: 50 } })
  const left = async () => {
    const { body } = await kling.call('GET', '/account/costs?start_time=1&end_time=2', {
      name: 'lag',
    })
    return body.data.resource_pack_subscribe_infos[0].remaining_quantity
  }
  expect(await left()).toBe(50)
  await create('lag', { prompt: '[ms=10]' })
  await create('lag', { prompt: '[fail] [ms=10]' })
  await kling.pass(1000)
  expect(await left()).toBe(50)
  expect((await kling.account('lag')).units.video).toBe(46)
  await kling.pass(12 * 3_600_000)
  expect(await left()).toBe(46)
  await kling.pass(-12 * 3_600_000)
})

test('bad bodies, unknown paths and wrong methods have codes of their own', async () => {
  const post = (at: string, body: unknown) => codeOf(kling.call('POST', at, { body }))
  expect(await post(V1, '{"prompt": ')).toEqual([400, 1200])
  expect(await post(V1, {})).toEqual([400, 1201])
  expect(await post(V1, { ...TEXT_TO_VIDEO, model_name: 'kling-v3-0' })).toEqual([400, 1201])
  expect(await post('/v1/images/generations', { prompt: 'x', n: 10 })).toEqual([400, 1201])
  expect(await post('/v1/nothing', {})).toEqual([404, 1203])
  expect(await codeOf(kling.call('GET', TURBO))).toEqual([404, 1202])
})

test('lists go by page, newest first, and hold the tasks of their path alone', async () => {
  const ids: string[] = []
  for (let n = 0; n < 5; n++) ids.push((await create('pages')).body.data.task_id)
  await createNew('pages', 'Not of v1')
  const list = async (query: string) => {
    const { body } = await kling.call('GET', `${V1}?${query}`, { name: 'pages' })
    return body.data.map((each: Json) => each.task_id)
  }
  expect(await list('')).toEqual(ids.toReversed())
  expect(await list('pageNum=2&pageSize=2')).toEqual(ids.toReversed().slice(2, 4))
  expect(await list('pageNum=9&pageSize=2')).toEqual([])
  const wrong = kling.call('GET', `${V1}?pageSize=501`, { name: 'pages' })
  expect(await codeOf(wrong)).toEqual([400, 1201])
})

test('tasks of both designs are listed by cursor and filtered by state and pack', async () => {
  for (let n = 0; n < 3; n++) await create('cursor', { prompt: '[hold]' })
  await createNew('cursor', '[ms=1]')
  await kling.call('POST', '/v1/images/generations', {
    name: 'cursor',
    body: { prompt: '[hold]', n: 1 },
  })
  await kling.pass(1000)
  const list = async (body: object) =>
    (await kling.call('POST', '/tasks', { name: 'cursor', body })).body.data
  const running = { key: 'status', values: ['submitted', 'processing'] }
  const first = await list({ limit: 2, filters: [running] })
  expect(first).toMatchObject({ count: 2, has_more: true })
  const rest = await list({ limit: 2, cursor: first.next_cursor })
  expect(rest).toMatchObject({ count: 2, has_more: false, next_cursor: '' })
  const videos = await list({ filters: [running, { key: 'product_type', values: ['video'] }] })
  expect(videos.count).toBe(3)
  expect((await list({ filters: [{ key: 'status', values: ['succeeded'] }] })).count).toBe(1)
  expect((await list({ end_time: 1000 })).count).toBe(0)
  await kling.sim('POST', 'finish', {})
})

test('at most twenty tasks are asked for at once', async () => {
  const ids = (count: number) => Array.from({ length: count }, (_, n) => n + 1).join(',')
  const ask = (query: string) => codeOf(kling.call('GET', `/tasks?${query}`))
  expect(await ask(`task_ids=${ids(20)}`)).toEqual([200, 0])
  expect(await ask(`task_ids=${ids(21)}`)).toEqual([400, 1201])
  expect(await ask('')).toEqual([400, 1201])
})

test('an element id is a bare integer that a double cannot hold, and works as such alone', async () => {
  const elements = '/v1/general/advanced-custom-elements'
  const made = await kling.call('POST', elements, {
    name: 'elements',
    body: { element_name: 'Ann', element_description: 'a woman [ms=10]' },
  })
  await kling.pass(1000)
  const { task_id } = made.body.data
  const read = await kling.call('GET', `${elements}/${task_id}`, { name: 'elements' })
  const id = /"element_id":(\d+)/.exec(read.text)?.[1] ?? ''
  const asDouble = String(read.body.data.task_result.elements[0].element_id)
  expect(id).toMatch(/^\d{18}$/)
  expect(asDouble).not.toBe(id)
  const use = (digits: string) =>
    kling.call('POST', '/v1/videos/image2video', {
      name: 'elements',
      body: `{"image": "https://example.com/a.png", "element_list": [{"element_id": ${digits}}]}`,
    })
  expect((await use(id)).status).toBe(200)
  expect((await use('829836802793406551')).status).toBe(200)
  expect(await use(asDouble)).toMatchObject({ status: 400, body: { code: 1201 } })
  const remove = { name: 'elements', body: { element_id: id } }
  expect((await kling.call('POST', '/v1/general/delete-advanced-elements', remove)).status).toBe(
    200
  )
  expect((await use(id)).status).toBe(400)
  const after = await kling.call('GET', `${elements}/${task_id}`, { name: 'elements' })
  expect(after.body.data.task_result.elements[0].status).toBe('deleted')
})

test('results bind later calls to the account that made them', async () => {
  const { body } = await create('maker', { prompt: '[ms=1]' })
  await kling.pass(1000)
  const read = await kling.call('GET', `${V1}/${body.data.task_id}`, { name: 'maker' })
  const video_id = read.body.data.task_result.videos[0].id
  const extend = (name: string) =>
    kling.call('POST', '/v1/videos/video-extend', { name, body: { video_id } })
  expect((await extend('maker')).status).toBe(200)
  expect(await codeOf(extend('thief'))).toEqual([400, 1201])
  const face = await kling.call('POST', '/v1/videos/identify-face', {
    name: 'maker',
    body: { video_id },
  })
  const sync = (name: string) =>
    kling.call('POST', '/v1/videos/advanced-lip-sync', {
      name,
      body: { session_id: face.body.data.session_id, face_choose: [] },
    })
  expect((await sync('maker')).status).toBe(200)
  expect(await codeOf(sync('thief'))).toEqual([400, 1201])
})

test('results can be named for thirty days, a session for one', async () => {
  const { body } = await create('old', { prompt: '[ms=1]' })
  await kling.pass(1000)
  const read = await kling.call('GET', `${V1}/${body.data.task_id}`, { name: 'old' })
  const video_id = read.body.data.task_result.videos[0].id
  const ask = (at: string, more: object) =>
    codeOf(kling.call('POST', `/v1/videos/${at}`, { name: 'old', body: more }))
  const face = await kling.call('POST', '/v1/videos/identify-face', {
    name: 'old',
    body: { video_id },
  })
  const { session_id } = face.body.data
  const day = 86_400_000
  expect(await ask('multi-elements/clear-selection', { session_id })).toEqual([200, 0])
  await kling.pass(day)
  expect(await ask('multi-elements/clear-selection', { session_id })).toEqual([400, 1201])
  expect(await ask('video-extend', { video_id })).toEqual([200, 0])
  await kling.pass(30 * day)
  expect(await ask('video-extend', { video_id })).toEqual([400, 1201])
  await kling.pass(-31 * day)
})

test('speech is answered in the call and is in flight for as long', async () => {
  const body = { text: 'Hello.', voice_id: 'oversea_male1', voice_language: 'en' }
  const speak = (name: string) => kling.call('POST', '/v1/audio/tts', { name, body })
  // One that outlasts the file is seen in flight; what becomes of it with the simulator's end is no matter.
  await kling.sim('POST', 'settings', { syncMs: 600_000 })
  speak('endless').catch(() => undefined)
  await soon(async () => (await kling.account('endless').catch(() => undefined))?.inFlight === 1)
  await kling.sim('POST', 'settings', { syncMs: 50 })
  expect((await speak('speech')).body.data).toMatchObject({ task_status: 'succeed' })
  expect(await kling.account('speech')).toMatchObject({ inFlight: 0, maxInFlight: 1 })
  const other = { ...body, voice_id: '829824295735410756' }
  const wrong = await kling.call('POST', '/v1/audio/tts', { name: 'speech', body: other })
  expect(wrong.body).toMatchObject({ code: 1201, message: 'Voice id not found' })
})

test('faults meet Kling paths, and a code alone is the documented answer', async () => {
  const fault = (match: object, effect: object) =>
    kling.sim('POST', 'faults', { match: { host: 'kling', ...match }, times: 1, effect })
  await fault({ account: 'fault@sim.example', path: V1 }, { code: 1303 })
  expect(await codeOf(create('fault'))).toEqual([429, 1303])
  await fault({ kind: 'creates-job' }, { status: 503 })
  expect(await codeOf(create('fault'))).toEqual([503, 5001])
  expect((await kling.account('fault')).jobsStarted).toBe(0)
  await fault({ account: 'fault@sim.example' }, { reset: 'after' })
  await expect(create('fault', { external_task_id: 'f-1' })).rejects.toThrow()
  const found = await kling.call('GET', `${V1}/f-1`, { name: 'fault' })
  expect(found.status).toBe(200)
})

test('what comes next may be told: refused, failed, slow', async () => {
  const next = (plan: object) => kling.sim('POST', 'next', { account: 'next@sim.example', ...plan })
  await next({ outcome: 'refused', code: '1302' })
  expect(await codeOf(create('next'))).toEqual([429, 1302])
  await next({ outcome: 'failed', message: 'Too dark', durationMs: 1 })
  const { body } = await create('next')
  await kling.pass(1000)
  const read = await kling.call('GET', `${V1}/${body.data.task_id}`, { name: 'next' })
  expect(read.body.data).toMatchObject({ task_status: 'failed', task_status_msg: 'Too dark' })
})

test('a task from outside takes a place of the account', async () => {
  await kling.make('outside', { concurrency: 1 })
  const order = { provider: 'kling', account: 'outside@sim.example', durationMs: -1 }
  const job = await kling.sim('POST', 'jobs', order)
  expect(await codeOf(create('outside'))).toEqual([429, 1303])
  await kling.sim('POST', `jobs/${job.id}`, { status: 'failed' })
  expect(await codeOf(create('outside'))).toEqual([200, 0])
})

// Of its kind in `npm test`: simulator/heygen/jobs.test.ts: state, clock and the books survive a restart
testFull('accounts, tasks and what was counted survive a restart', async () => {
  const persist = await mkdtemp(path.join(tmpdir(), 'kling-'))
  const before = await openKling({ persist })
  const body = { ...TEXT_TO_VIDEO, prompt: '[hold]', external_task_id: 'kept' }
  await before.call('POST', V1, { body })
  await before.dispose()
  const after = await openKling({ persist })
  expect(await after.account('ann')).toMatchObject({ inFlight: 1, maxInFlight: 1, jobsStarted: 1 })
  expect(await codeOf(after.call('POST', V1, { body }))).toEqual([400, 1201])
  await after.dispose()
  await rm(persist, { recursive: true })
})
