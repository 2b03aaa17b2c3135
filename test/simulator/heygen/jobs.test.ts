/** Jobs and resources of the simulated HeyGen. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSimulator, soon, V2_VIDEO, VIDEO } from '../open-simulator.ts'

// Longer than the file takes: nothing ends unless the clock is moved.
const JOB_MS = 600_000
const vars = { JOB_MS: String(JOB_MS), SYNC_MS: '20' }

let simulator: Awaited<ReturnType<typeof openSimulator>>
beforeAll(async () => {
  simulator = await openSimulator({ vars })
})
afterAll(() => simulator.dispose())

const create = (key: string, more: object = {}) =>
  simulator.call('POST', '/v3/videos', { key, body: { ...VIDEO, ...more } })

test('a trained group, an agent and a batch item are known by the ids of what they make', async () => {
  const key = 'sk_sim_agent'
  const { data } = (
    await simulator.call('POST', '/v3/video-agents', {
      key,
      body: { prompt: '[hold] Solar power' },
    })
  ).body
  const read = async () =>
    (await simulator.call('GET', `/v3/video-agents/${data.session_id}`, { key })).body.data
  await simulator.pass(1000)
  expect(await read()).toMatchObject({
    status: 'generating',
    video_id: data.video_id,
    messages: [],
  })
  await simulator.sim('POST', `jobs/${data.video_id}`, {})
  expect((await read()).status).toBe('completed')
  const video = await simulator.call('GET', `/v3/videos/${data.video_id}`, { key })
  expect(video.body.data.status).toBe('completed')
})

test('a job goes through its words and ends with a playable link', async () => {
  const { body } = await create('sk_sim_life', { callback_id: 'cb-1', title: 'T' })
  expect(body.data.status).toBe('waiting')
  const read = async () =>
    (await simulator.call('GET', `/v3/videos/${body.data.video_id}`, { key: 'sk_sim_life' })).body
      .data
  expect(await read()).toMatchObject({ status: 'pending', video_url: null, completed_at: null })
  await simulator.pass(JOB_MS / 2)
  expect((await read()).status).toBe('processing')
  await simulator.pass(JOB_MS / 2)
  const done = await read()
  expect(done).toMatchObject({ status: 'completed', title: 'T', duration: 2 })
  const media = await fetch(done.video_url)
  expect(media.headers.get('content-type')).toBe('video/mp4')
  const v1 = `/v1/video_status.get?video_id=${body.data.video_id}`
  const { data } = (await simulator.call('GET', v1, { key: 'sk_sim_life' })).body
  expect(data).toMatchObject({ status: 'completed', callback_id: 'cb-1', error: null })
})

test('a job ends by itself, without the clock being moved', async () => {
  const { body } = await create('sk_sim_alone', { script: '[ms=200]' })
  await soon(async () => {
    const path = `/v3/videos/${body.data.video_id}`
    const read = await simulator.call('GET', path, { key: 'sk_sim_alone' })
    return read.body.data.status === 'completed'
  })
})

test('marks in the text make a job fail, wait or last', async () => {
  const failed = await create('sk_sim_marks', { script: '[fail] [ms=10]' })
  const held = await create('sk_sim_marks', { title: '[hold]' })
  const lasting = await create('sk_sim_marks', { script: '[ms=3600000]' })
  await simulator.pass(JOB_MS)
  const read = async (id: string) =>
    (await simulator.call('GET', `/v3/videos/${id}`, { key: 'sk_sim_marks' })).body.data
  expect(await read(failed.body.data.video_id)).toMatchObject({
    status: 'failed',
    failure_code: 'generation_failed',
    video_url: null,
  })
  expect((await read(lasting.body.data.video_id)).status).toBe('pending')
  await simulator.pass(3_600_000)
  expect((await read(lasting.body.data.video_id)).status).toBe('completed')
  expect((await read(held.body.data.video_id)).status).toBe('processing')
  await simulator.sim('POST', `jobs/${held.body.data.video_id}`, { status: 'completed' })
  expect((await read(held.body.data.video_id)).status).toBe('completed')
})

test('above its concurrency an account refuses with 429 and Retry-After, and its counts agree', async () => {
  await simulator.sim('POST', 'accounts', { email: 'two@sim.example', concurrency: 2 })
  const answers = await Promise.all([1, 2, 3, 4].map(() => create('sk_sim_two')))
  expect(answers.map((each) => each.status).toSorted()).toEqual([200, 200, 429, 429])
  const refused = answers.find((each) => each.status === 429)
  expect(refused?.body.error.code).toBe('rate_limit_exceeded')
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  const counts = { inFlight: 2, maxInFlight: 2, jobsStarted: 2 }
  expect(await simulator.account('two@sim.example')).toMatchObject(counts)
  await simulator.pass(JOB_MS)
  expect(await simulator.account('two@sim.example')).toMatchObject({ ...counts, inFlight: 0 })
  expect((await create('sk_sim_two')).status).toBe(200)
})

test('an account that queues accepts everything and runs it in turn', async () => {
  const email = 'queue@sim.example'
  await simulator.sim('POST', 'accounts', { email, concurrency: 1, overflow: 'queue' })
  const path = '/v2/video/generate'
  const sent = await Promise.all(
    [1, 2].map(() => simulator.call('POST', path, { key: 'sk_sim_queue', body: V2_VIDEO }))
  )
  expect(sent.map((each) => each.status)).toEqual([200, 200])
  await simulator.pass(JOB_MS)
  expect(await simulator.account(email)).toMatchObject({ inFlight: 1, maxInFlight: 2 })
  await simulator.pass(JOB_MS)
  expect((await simulator.account(email)).inFlight).toBe(0)
})

test('a translation into several languages is one job for each', async () => {
  const body = {
    video: { type: 'url', url: 'https://example.com/v.mp4' },
    output_languages: ['a', 'b'],
  }
  const made = await simulator.call('POST', '/v3/video-translations', { key: 'sk_sim_lang', body })
  expect(new Set(made.body.data.video_translation_ids).size).toBe(2)
  expect(await simulator.account('lang@sim.example')).toMatchObject({ inFlight: 2, jobsStarted: 2 })
})

test('a batch is one job whose items are asked for together, with not_found for what is not ours', async () => {
  const key = 'sk_sim_batch'
  const made = await simulator.call('POST', '/v3/videos/batches', {
    key,
    body: { videos: [VIDEO, VIDEO] },
  })
  expect(made.status).toBe(202)
  expect((await simulator.account('batch@sim.example')).jobsStarted).toBe(1)
  await simulator.pass(JOB_MS)
  const batch = await simulator.call('GET', `/v3/videos/batches/${made.body.data.batch_id}`, {
    key,
  })
  expect(batch.body.data).toMatchObject({ status: 'completed', counts_by_status: { completed: 2 } })
  const ids = `${batch.body.data.items[0].video_id},unknown`
  const bulk = await simulator.call('GET', `/v3/videos/statuses?video_ids=${ids}`, { key })
  const words = bulk.body.data.map((each: { status: string }) => each.status)
  expect(words).toEqual(['completed', 'not_found'])
})

test('ids of another account answer like ids that do not exist', async () => {
  const { body } = await create('sk_sim_owner')
  const ask = (id: string) => simulator.call('GET', `/v3/videos/${id}`, { key: 'sk_sim_other' })
  const foreign = await ask(body.data.video_id)
  expect(foreign.status).toBe(404)
  expect(foreign.body).toEqual((await ask('0'.repeat(32))).body)
})

test('a wrong body is refused in the shape of its family and starts nothing', async () => {
  const key = 'sk_sim_strict'
  const bodies = [
    '{',
    '[]',
    { ...VIDEO, script: 3 },
    { avatar_id: VIDEO.avatar_id },
    { ...VIDEO, sauce: 1 },
  ]
  for (const body of bodies) {
    const refused = await simulator.call('POST', '/v3/videos', { key, body })
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid_parameter' } } })
  }
  const v2 = await simulator.call('POST', '/v2/video/generate', { key, body: {} })
  expect(v2).toMatchObject({
    status: 400,
    body: { data: null, error: { code: 'invalid_parameter' } },
  })
  expect((await simulator.account('strict@sim.example')).jobsStarted).toBe(0)
})

test('without credit v3 refuses with 402 and v2 fails when it is looked at', async () => {
  await simulator.sim('POST', 'accounts', { email: 'poor@sim.example', credits: 0 })
  expect(await create('sk_sim_poor')).toMatchObject({
    status: 402,
    body: { error: { code: 'insufficient_credit' } },
  })
  const made = await simulator.call('POST', '/v2/video/generate', {
    key: 'sk_sim_poor',
    body: V2_VIDEO,
  })
  await simulator.sim('POST', 'finish', {
    status: 'failed',
    code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT',
  })
  const status = `/v1/video_status.get?video_id=${made.body.data.video_id}`
  const { data } = (await simulator.call('GET', status, { key: 'sk_sim_poor' })).body
  expect(data).toMatchObject({
    status: 'failed',
    error: { code: 'MOVIO_PAYMENT_INSUFFICIENT_CREDIT' },
  })
})

test('an Idempotency-Key replays the first answer and starts nothing again', async () => {
  const headers = { 'idempotency-key': 'once-1' }
  const send = () =>
    simulator.call('POST', '/v3/videos', { key: 'sk_sim_once', body: VIDEO, headers })
  const [first, second] = [await send(), await send()]
  expect(second.body).toEqual(first.body)
  expect((await simulator.account('once@sim.example')).jobsStarted).toBe(1)
})

test('lists page through everything once, newest first, own before public', async () => {
  const key = 'sk_sim_pages'
  for (const title of ['a', 'b', 'c', 'd', 'e']) await create(key, { title })
  const titles: string[] = []
  let token = ''
  do {
    const { body } = await simulator.call('GET', `/v3/videos?limit=2&token=${token}`, { key })
    titles.push(...body.data.map((each: { title: string }) => each.title))
    token = encodeURIComponent(body.next_token ?? '')
    expect(body.has_more).toBe(token !== '')
  } while (token)
  expect(titles).toEqual(['e', 'd', 'c', 'b', 'a'])
  const first = (await simulator.call('GET', '/v1/video.list?limit=3', { key })).body.data
  const next = `/v1/video.list?limit=3&token=${encodeURIComponent(first.token)}`
  const last = (await simulator.call('GET', next, { key })).body.data
  expect([first.videos.length, last.videos.length, last.token]).toEqual([3, 2, null])
})

test('what is deleted is gone', async () => {
  const key = 'sk_sim_gone'
  const { video_id: id } = (await create(key)).body.data
  expect((await simulator.call('DELETE', `/v3/videos/${id}`, { key })).body.data.deleted).toBe(true)
  expect((await simulator.call('GET', `/v3/videos/${id}`, { key })).status).toBe(404)
  expect((await simulator.account('gone@sim.example')).inFlight).toBe(0)
})

test('a streaming session lives until it is stopped or sleeps too long', async () => {
  const key = 'sk_sim_talk'
  const call = (name: string, body: object) =>
    simulator.call('POST', `/v1/streaming.${name}`, { key, body })
  const open = () => call('new', { version: 'v2', avatar_name: 'Wayne_20240711' })
  const { session_id } = (await open()).body.data
  expect((await call('start', { session_id })).status).toBe(200)
  expect((await call('task', { session_id, text: 'hi' })).body.data.task_id).toBeTruthy()
  await Promise.all([open(), open()])
  expect(await open()).toMatchObject({ status: 400, body: { message: 'Concurrent limit reached' } })
  expect((await simulator.account('talk@sim.example')).inFlight).toBe(3)
  expect((await call('stop', { session_id })).status).toBe(200)
  expect(await call('task', { session_id, text: 'x' })).toMatchObject({
    status: 400,
    body: { code: 10004 },
  })
  await simulator.pass(130_000)
  expect((await simulator.account('talk@sim.example')).inFlight).toBe(0)
})

test('a realtime avatar is pending, streams, and completes when it is cancelled', async () => {
  const key = 'sk_sim_live'
  const body = { avatar_id: VIDEO.avatar_id }
  const { stream_id } = (await simulator.call('POST', '/v3/avatar-realtime', { key, body })).body
    .data
  const read = async () =>
    (await simulator.call('GET', `/v3/avatar-realtime/${stream_id}`, { key })).body.data
  // It is pending for a moment only, which is stretched by putting the clock back.
  await simulator.pass(-60_000)
  expect(await read()).toMatchObject({ status: 'pending', hls_url: null })
  await simulator.pass(61_000)
  expect(await read()).toMatchObject({
    status: 'streaming',
    hls_url: expect.stringContaining('.m3u8'),
  })
  await simulator.call('POST', `/v3/avatar-realtime/${stream_id}/cancel`, { key, body: {} })
  expect(await read()).toMatchObject({ status: 'completed', end_reason: 'cancelled' })
})

test('state, clock and the books survive a restart on the same folder', async () => {
  const persist = await mkdtemp(path.join(tmpdir(), 'simulator-'))
  const before = await openSimulator({ persist, vars })
  const { body } = await before.call('POST', '/v3/videos', { body: VIDEO })
  await before.pass(JOB_MS / 2)
  process.kill(Number(before.pid), 'SIGKILL')
  await before.dispose()
  const after = await openSimulator({ persist, vars })
  expect(await after.account('ann@sim.example')).toMatchObject({ inFlight: 1, maxInFlight: 1 })
  await after.pass(JOB_MS / 2)
  const { data } = (await after.call('GET', `/v3/videos/${body.data.video_id}`)).body
  expect(data.status).toBe('completed')
  await after.dispose()
  await rm(persist, { recursive: true })
})
