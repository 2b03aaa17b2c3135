/** Names of tasks: a client’s own, and ours, under which a task is found when its answer was lost. One name starts one task. */
import { expect, test } from 'vitest'
import { CLOCKED, stopClock, stopped, untilMoved } from '../../support/clock/clock.ts'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'
import {
  addKling,
  creationsOf,
  create,
  held,
  klingRequests,
  loseAnswer,
  read,
  T2V,
  TEXT2VIDEO,
  TURBO,
  withLongTasks,
} from '../../support/scenes/kling.ts'
import { testFull } from '../../support/full.ts'

const openGateway = withLongTasks(gatewaysOfTests())

const openStopped = () => stopped(openGateway({ entry: CLOCKED }))

test('a client’s own name for a task works in answers, paths, queries and lists, and is another one upstream', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  await addKling(gateway, 'bob')
  const old = await create(gateway, T2V, { external_task_id: 'mine' })
  expect(old.data.task_info).toEqual({ external_task_id: 'mine' })
  const answer = await gateway.post(TURBO, {
    prompt: 'x',
    options: { external_task_id: 'mine too' },
  })
  expect(await answer.json()).toMatchObject({ data: { external_id: 'mine too' } })
  const creations = (await klingRequests(gateway)).filter((one) => one.method === 'POST')
  for (const { body } of creations) expect(body).toMatch(/"hgw[0-9a-f]{16}c-mine( too)?"/)
  expect((await read(gateway, '/v1/videos/text2video/mine')).data.task_id).toBe(old.data.task_id)
  const both = await gateway.fetch('/kling/tasks?external_task_ids=mine,mine%20too')
  expect(await both.json()).toMatchObject({
    data: [{ external_id: 'mine' }, { external_id: 'mine too' }],
  })
  const list = await (await gateway.fetch(T2V)).text()
  expect(list).toContain('"external_task_id":"mine"')
  expect(list).not.toContain('hgw')
})

test('a second creation under the same name starts nothing, whichever account has the first [I4]', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid']) await addKling(gateway, name)
  await create(gateway, T2V, { external_task_id: 'once' })
  for (let index = 0; index < 4; index += 1) {
    const again = await gateway.post(T2V, { ...TEXT2VIDEO, external_task_id: 'once' })
    expect(again.status).toBe(400)
    expect(await again.json()).toMatchObject({
      code: 1201,
      message: 'External_task_id once already exists',
    })
  }
  expect(await held(gateway)).toBe(1)
})

test('a creation whose answer is lost is found by its name, and never sent again [I4]', async () => {
  const isFound = async (gateway: Gateway, path: string, kind: 'pair' | 'apiKey') => {
    await addKling(gateway, 'ann', { kind })
    await addKling(gateway, 'bob', { kind })
    const lost = await loseAnswer(gateway, path, TEXT2VIDEO)
    expect(lost.status).toBe(200)
    const request = lost.headers.get('x-request-id') ?? ''
    const job = await untilMoved(gateway, async () => {
      const answer = await gateway.fetch(`/v1/kling/jobs/${request}`)
      const view = (await answer.json()) as { jobid: string | null; status: string }
      return view.status === 'running' && view
    })
    expect(job.jobid).toMatch(/^\d+$/)
    await gateway.sim.finishJobs()
    await untilMoved(gateway, async () => (await held(gateway)) === 0)
    const creations = (await klingRequests(gateway)).filter(
      (one) => one.method === 'POST' && one.path === path.slice('/kling'.length)
    )
    // Each of them went up under a name of its own.
    const names = creations.map((one) => /hgw[^"]*/.exec(one.body ?? '')?.[0])
    expect(new Set(names).size).toBe(creations.length)
    const started = (await gateway.sim.state()).jobs.map((one) => one.callbackId)
    expect(new Set(started).size).toBe(started.length)
  }
  // One after the other: the first begins with the shared simulator reset, the second has its own.
  const first = await openStopped()
  const second = await openStopped()
  await Promise.all([isFound(first, T2V, 'pair'), isFound(second, TURBO, 'apiKey')])
})

test('a creation that never arrived gives its slot back after two looks [I2]', async () => {
  const gateway = await openStopped()
  await addKling(gateway, 'ann')
  await gateway.sim.fault({ match: { method: 'POST' }, effect: { reset: 'before' } })
  const lost = await gateway.post(TURBO, { prompt: 'x' })
  expect(lost.status).toBe(424)
  await untilMoved(gateway, async () => (await held(gateway)) === 0)
  const answer = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
  expect(await answer.json()).toMatchObject({ status: 'absent', status_final: true })
})

test('options that are null do not keep a creation from its name: it is found when its answer is lost', async () => {
  const gateway = await openStopped()
  await addKling(gateway, 'ann')
  const lost = await loseAnswer(gateway, TURBO, { prompt: 'x', options: null })
  expect(lost.status).toBe(200)
  const [body] = await creationsOf(gateway)
  expect(JSON.parse(body ?? '')).toMatchObject({
    options: { external_task_id: expect.stringMatching(/^hgw/) },
  })
  const job = await untilMoved(gateway, async () => {
    const path = `/v1/kling/jobs/${lost.headers.get('x-request-id')}`
    const view = (await (await gateway.fetch(path)).json()) as { jobid: string; status: string }
    return ['running', 'absent'].includes(view.status) && view
  })
  expect(job.status).toBe('running')
})

test('a creation that is sent again under its name after its answer was lost starts nothing twice [I4]', async () => {
  for (const path of [T2V, TURBO]) {
    const gateway = await openGateway()
    for (const name of ['ann', 'bob', 'cid', 'dan']) await addKling(gateway, name)
    const fields =
      path === T2V ? { external_task_id: 'once' } : { options: { external_task_id: 'once' } }
    await gateway.sim.fault({
      match: { method: 'POST', path: path.slice('/kling'.length) },
      times: 1,
      effect: { reset: 'after' },
    })
    expect((await gateway.post(path, { ...TEXT2VIDEO, ...fields })).status).toBe(200)
    for (let index = 0; index < 4; index += 1) {
      const again = await gateway.post(path, { ...TEXT2VIDEO, ...fields })
      expect(again.status, await again.clone().text()).toBe(400)
      expect(await again.json()).toMatchObject({ code: 1201 })
    }
  }
})

test('creations at the same time under one name start one task, whatever account each would have taken [I4]', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob', 'cid', 'dan']) await addKling(gateway, name)
  for (const [path, fields] of [
    [T2V, { external_task_id: 'same time' }],
    [TURBO, { options: { external_task_id: 'same time, too' } }],
  ] as const) {
    const before = (await gateway.sim.state()).jobs.length
    const send = () => gateway.post(path, { ...TEXT2VIDEO, ...fields })
    const answers = await Promise.all(Array.from({ length: 8 }, send))
    expect(answers.filter((one) => one.status === 200)).toHaveLength(1)
    for (const other of answers.filter((one) => one.status !== 200)) {
      // Those that came while it ran, and those that came after it.
      const body = (await other.json()) as { code: number }
      expect([other.status, other.headers.get('x-gateway-error'), body.code]).toEqual(
        other.status === 409 ? [409, 'request_in_progress', body.code] : [400, null, 1201]
      )
    }
    expect((await gateway.sim.state()).jobs.length).toBe(before + 1)
    expect((await send()).status).toBe(400)
  }
})

// Of its kind in `npm test`: runtime/budget.test.ts
testFull(
  'a creation that the client names costs at most three requests and three rows more than one without a name',
  async () => {
    const gateway = await openGateway({ entry: 'test/support/workers/counting-worker.ts' })
    const emails = [await addKling(gateway, 'ann'), await addKling(gateway, 'bob')]
    await stopClock(gateway)
    // An account's first creation also sets its alarm.
    for (const email of emails) {
      const created = await gateway.post(T2V, TEXT2VIDEO, { 'x-gateway-account': email })
      expect(created.status).toBe(200)
    }
    const cost = async (fields: object) => {
      await fetch(`${gateway.url}/__count`)
      expect((await gateway.post(T2V, { ...TEXT2VIDEO, ...fields })).status).toBe(200)
      return (await (await fetch(`${gateway.url}/__count`)).json()) as Record<string, number>
    }
    await cost({ external_task_id: 'warm' })
    await cost({})
    const plain = await cost({})
    const named = await cost({ external_task_id: 'counted' })
    expect(plain).toMatchObject({ kv: 0, requests: 3 })
    expect(plain['rows']).toBeLessThanOrEqual(4)
    expect(named['kv']).toBe(0)
    // Two for the name as a key, and one to ask whose it is.
    expect(named['requests']).toBeLessThanOrEqual(3 + 2 + 1)
    expect(named['rows']).toBeLessThanOrEqual((plain['rows'] ?? 0) + 3)
  }
)

test('what a lost creation was only taken for is not shown as its task', async () => {
  const gateway = await openStopped()
  await addKling(gateway, 'ann')
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: { reset: 'after' } })
  const urls = {
    video: 'https://files.example.com/v.mp4',
    audio: 'https://files.example.com/a.mp3',
  }
  const lost = await gateway.post('/v1/kling/videos/lipsync', urls)
  expect(lost.status).toBe(424)
  // A lip-sync has no name of its own, so its task is only a likely one: it is looked for on the list, twice at least.
  await untilMoved(gateway, async () => {
    const requests = await klingRequests(gateway)
    const looks = requests.filter(
      ({ method, path }) => method === 'GET' && path === '/v1/videos/lip-sync'
    )
    return looks.length >= 2
  })
  const { jobs } = await gateway.sim.state()
  const shown = await gateway.fetch(`/v1/kling/tasks/${lost.headers.get('x-request-id')}`)
  expect([shown.status, await shown.json()]).toEqual([
    404,
    { error: expect.stringContaining('Unable to locate task_id'), code: 404 },
  ])
  const own = await gateway.fetch(`/v1/kling/tasks/${jobs[0]?.id}`)
  expect(own.status).toBe(200)
})

// Of its kind in `npm test`: this file: a creation whose answer is lost is found by its name
testFull('a lost creation is found by its name however many tasks were made after it', async () => {
  const gateway = await openStopped()
  await addKling(gateway, 'ann')
  const path = '/v1/videos/text2video'
  await gateway.sim.fault({
    match: { method: 'POST', path },
    times: 1,
    effect: { reset: 'after' },
  })
  await gateway.sim.fault({ match: { method: 'GET', path }, effect: { code: 5001 } })
  const lost = await gateway.post(T2V, TEXT2VIDEO)
  expect(lost.status).toBe(424)
  const outside = { provider: 'kling', account: 'ann@example.com', path }
  for (let index = 0; index < 220; index += 1) {
    await gateway.sim.control('POST', '/jobs', outside)
  }
  await gateway.sim.clearFaults()
  const job = await untilMoved(gateway, async () => {
    const answer = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
    const view = (await answer.json()) as { jobid: string | null; status: string }
    return (view.status !== 'outcome_unknown' || view.jobid !== null) && view
  })
  expect(job.status).toBe('running')
})

test('a lost creation that never arrived is not taken for a task of somebody else', async () => {
  const gateway = await openStopped()
  await addKling(gateway, 'ann')
  const fault = { match: { method: 'POST' }, times: 1, effect: { reset: 'before' } }
  await gateway.sim.fault(fault)
  const lost = await gateway.post(T2V, TEXT2VIDEO)
  expect(lost.status).toBe(424)
  const outside = { provider: 'kling', account: 'ann@example.com', path: '/v1/videos/text2video' }
  await gateway.sim.control('POST', '/jobs', outside)
  await untilMoved(gateway, async () => (await gateway.heldSlots('kling')) === 0)
  const job = await gateway.fetch(`/v1/kling/jobs/${lost.headers.get('x-request-id')}`)
  expect(await job.json()).toMatchObject({ jobid: null, status: 'absent', status_final: true })
})
