/** What a call of an own token may name, however it is written: public, granted and own things, names of its client's, older calls. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { addKling, T2V, TEXT2VIDEO, TURBO } from '../../support/scenes/kling.ts'
import {
  addCustomer,
  shownOf,
  startVideo,
  type Customer,
} from '../../support/scenes/tokens/own-tokens.ts'
import { upload } from '../../support/scenes/uploads.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const agency = await open({ accounts: { alice: 10, bob: 10 }, vars: LOOPBACK, timeScale: 10 })
const UNKNOWN = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99'
const errorOf = ({ headers }: Response) => headers.get('x-gateway-error')
let a: Customer
let b: Customer

beforeAll(async () => {
  await addKling(agency, 'kim', { maxJobs: 20 })
  await addKling(agency, 'kai', { maxJobs: 20 })
  a = await addCustomer(agency)
  b = await addCustomer(agency)
})

async function json(answer: Response): Promise<Record<string, never>> {
  return (await answer.json()) as Record<string, never>
}

test('public avatars and voices may be used, and private ones only where they were granted [I5]', async () => {
  const group = await agency.post('/heygen/v3/avatars', {
    type: 'prompt',
    name: 'of the agency',
    prompt: 'A person in a park',
  })
  expect(group.status, await group.clone().text()).toBe(200)
  const { data } = (await group.json()) as { data: { avatar_item: { id: string } } }
  const look = data.avatar_item.id
  expect((await a.at.createVideo()).status).toBe(200)
  const refused = await a.at.createVideo({ avatar_id: look })
  const unknown = await a.at.createVideo({ avatar_id: UNKNOWN })
  expect(refused.status).toBe(404)
  expect(await shownOf(refused, look)).toEqual(await shownOf(unknown, UNKNOWN))
  await agency.admin('PATCH', `/tokens/${a.id}`, { grants: [look] })
  const granted = await a.at.createVideo({ avatar_id: look })
  expect(granted.status, await granted.clone().text()).toBe(200)
  expect((await a.at.fetch(`/heygen/v3/avatars/looks/${look}`)).status).toBe(200)
  const changed = await a.at.fetch(`/heygen/v3/avatars/looks/${look}`, {
    method: 'PATCH',
    body: JSON.stringify({ name: 'mine' }),
    headers: { 'content-type': 'application/json' },
  })
  expect([changed.status, errorOf(changed)]).toEqual([403, 'forbidden'])
  await agency.admin('PATCH', `/tokens/${a.id}`, { grants: [] })
})

test('an upload is for the token that made it, and lists and deletes by it alone [I5]', async () => {
  const { id } = await upload(a.at)
  const used = { type: 'image', image: { type: 'asset_id', asset_id: id } }
  const own = await a.at.createVideo({ ...used, avatar_id: undefined })
  expect(own.status, await own.clone().text()).toBe(200)
  const foreign = await b.at.createVideo({ ...used, avatar_id: undefined })
  expect([foreign.status, errorOf(foreign)]).toEqual([404, 'not_found'])
  expect(await (await b.at.fetch('/heygen/v3/assets')).text()).not.toContain(id)
  expect(await (await a.at.fetch('/heygen/v3/assets')).text()).toContain(id)
  expect((await b.at.fetch(`/heygen/v3/assets/${id}`, { method: 'DELETE' })).status).toBe(404)
  expect((await a.at.fetch(`/heygen/v3/assets/${id}`, { method: 'DELETE' })).status).toBe(200)
})

test('an id that stands twice, in a list or under an escaped name is found wherever a provider may read it [I5]', async () => {
  const [own, theirs] = [await startVideo(a.at), await startVideo(b.at)]
  await agency.sim.forgetRequests()
  const send = (path: string, method = 'GET', body?: string) =>
    a.at.fetch(path, {
      method,
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    })
  const share = '/heygen/v1/video/share'
  const tricks = [
    await send(`/heygen/v1/video_status.get?video_id=${own}&video_id=${theirs}`),
    await send(`/heygen/v1/video_status.get?video_id=${own}&video_id%5B%5D=${theirs}`),
    await send(`/heygen/v1/video_status.get?video_id[]=${theirs}`),
    await send(`/heygen/v3/videos/statuses?video_ids=${own},${theirs}`),
    await send(`/heygen/v3/videos/statuses?video_ids=${own}&video_ids[]=${theirs}`),
    await send(share, 'POST', `{"video_id":"${theirs}","video_id":"${own}"}`),
    await send(share, 'POST', `{"video_id":"${own}","video_id":"${theirs}"}`),
    await send(share, 'POST', `{"video\\u005fid":"${theirs}"}`),
    await send(share, 'POST', `{"video_id":["${theirs}"]}`),
    await send(share, 'POST', `["${theirs}"]`),
    await send(share, 'POST', `video_id=${theirs}`),
    await send(`/heygen/v3/videos/${theirs}/`),
    await send(`/heygen/v3/videos/%${theirs.charCodeAt(0).toString(16)}${theirs.slice(1)}`),
  ]
  for (const answer of tricks)
    expect([400, 404], `${answer.url} ${await answer.text()}`).toContain(answer.status)
  const sent = (await agency.sim.requests()).filter((one) => JSON.stringify(one).includes(theirs))
  expect(sent).toEqual([])
})

test('a member that is named like an id is looked at wherever it stands, and a client’s own text is not [I5]', async () => {
  const theirs = await startVideo(b.at)
  await agency.sim.forgetRequests()
  for (const more of [
    { new_video_id: theirs },
    { options: [{ deep: { source_ids: ['x', theirs] } }] },
    { id: theirs },
  ]) {
    const answer = await a.at.createVideo(more)
    expect([answer.status, errorOf(answer)], JSON.stringify(more)).toEqual([404, 'not_found'])
  }
  const twice = JSON.stringify(VIDEO).replace('{', `{"new_id":"${theirs}","new_id":"short",`)
  const answer = await a.at.fetch('/heygen/v3/videos', {
    method: 'POST',
    body: twice,
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(404)
  const seen = (await agency.sim.requests()).filter(({ method }) => method === 'POST')
  expect(seen).toEqual([])
  const texts = { callback_id: theirs, title: theirs, script: `Say "new_id": "${theirs}"` }
  expect((await a.at.createVideo(texts)).status).toBe(200)
})

test('a body beside a DELETE is not sent, because no row has one [I5]', async () => {
  const [own, theirs] = [await startVideo(a.at), await startVideo(b.at)]
  await agency.sim.forgetRequests()
  await a.at.fetch(`/heygen/v1/video.delete?video_id=${own}`, {
    method: 'DELETE',
    body: JSON.stringify({ video_id: theirs }),
    headers: { 'content-type': 'application/json' },
  })
  const sent = await agency.sim.requests()
  expect(sent.length).toBeGreaterThan(0)
  const bytes = sent.map((one) => (one as { bodyBytes?: number | null }).bodyBytes ?? 0)
  expect(Math.max(...bytes)).toBe(0)
})

test('two customers may give their tasks the same name, and each finds its own by it [I5]', async () => {
  for (const [path, body] of [
    [T2V, { ...TEXT2VIDEO, external_task_id: 'promo' }],
    [TURBO, { prompt: 'A calm sunrise', options: { external_task_id: 'promo-2' } }],
  ] as const) {
    const ids = []
    for (const { at } of [a, b]) {
      const made = await at.post(path, body)
      const text = await made.text()
      expect(made.status, text).toBe(200)
      expect(text).not.toContain('hgw')
      ids.push(made.headers.get('x-gateway-job'))
    }
    expect(ids[0]).not.toBe(ids[1])
    const again = await a.at.post(path, body)
    expect(again.status, await again.clone().text()).not.toBe(200)
  }
  const found = await Promise.all(
    [a, b].map(async ({ at }) => {
      const answer = await at.fetch(`${T2V}/promo`)
      const text = await answer.text()
      expect(answer.status, text).toBe(200)
      expect(text).not.toContain('hgw')
      return (JSON.parse(text) as { data: { task_id: string; task_info: object } }).data
    })
  )
  expect(found.map((data) => data.task_info)).toEqual([
    { external_task_id: 'promo' },
    { external_task_id: 'promo' },
  ])
  expect(found[0]?.task_id).not.toBe(found[1]?.task_id)
  const c = await addCustomer(agency)
  expect((await c.at.fetch(`${T2V}/promo`)).status).toBe(404)
})

test('the event of a named task has the client’s name, without a mark [I3, I5]', async () => {
  const made = await a.at.post(T2V, {
    ...TEXT2VIDEO,
    external_task_id: 'told',
    callback_url: `${receiver.url}/told`,
  })
  const id = made.headers.get('x-gateway-job') ?? ''
  await agency.sim.control('POST', `/jobs/${id}`, { status: 'succeed' })
  await a.at.fetch(`${T2V}/${id}`)
  const event = await until(async () => receiver.posts('/told')[0])
  expect(event?.body).toContain('told')
  expect(event?.body).not.toContain('hgw')
})

test('a list of tasks has the own ones, by pages that are counted [I5]', async () => {
  const c = await addCustomer(agency)
  const ids = []
  for (let n = 0; n < 3; n += 1) {
    const made = await c.at.post(T2V, TEXT2VIDEO)
    ids.unshift(made.headers.get('x-gateway-job'))
  }
  const page = async (query: string) => {
    const answer = await c.at.fetch(`${T2V}?${query}`)
    const { data } = (await answer.json()) as unknown as { data: { task_id: string }[] }
    return data.map(({ task_id: id }) => id)
  }
  expect(await page('pageNum=1&pageSize=2')).toEqual(ids.slice(0, 2))
  expect(await page('pageNum=2&pageSize=2')).toEqual(ids.slice(2))
  expect(await page('pageNum=1&pageSize=500')).toEqual(ids)
  expect((await c.at.fetch(`${T2V}?pageSize=501`)).status).toBe(400)
})

test('a job whose creation’s answer was lost is the token’s own once it is found, and nobody else’s [I4, I5]', async () => {
  const c = await addCustomer(agency)
  await agency.sim.settings({ keyMode: 'key-first' })
  await agency.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: { reset: 'after' },
  })
  const answer = await c.at.createVideo()
  expect(answer.status, await answer.clone().text()).toBe(200)
  const id = answer.headers.get('x-gateway-job') ?? ''
  expect((await c.at.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
  expect((await b.at.fetch(`/heygen/v3/videos/${id}`)).status).toBe(404)
})

test('lists that mix public rows show those, and of the private ones the own alone [I5]', async () => {
  const voices = await json(await a.at.fetch('/heygen/v3/voices?type=public&limit=5'))
  expect((voices as unknown as { data: unknown[] }).data.length).toBeGreaterThan(0)
  const own = (await json(await a.at.fetch('/heygen/v3/voices?type=private'))) as unknown as {
    data: unknown[]
  }
  expect(own.data).toEqual([])
  const looks = await (await b.at.fetch('/heygen/v3/avatars/looks')).text()
  expect(looks).not.toContain('of the agency')
})

test('where the provider has ended its list of public voices, none is public, and a granted one works', async () => {
  const ended = await open({ accounts: { ann: 5 } })
  await ended.sim.fault({ match: { method: 'GET', path: '/v3/voices' }, effect: { status: 410 } })
  const one = await addCustomer(ended)
  const refused = await one.at.createVideo()
  expect([refused.status, errorOf(refused)]).toEqual([404, 'not_found'])
  await ended.admin('PATCH', `/tokens/${one.id}`, { grants: [VIDEO.voice_id] })
  expect((await one.at.createVideo()).status).toBe(200)
})

test('a list is filtered by what its rows say, and by an id only among own rows [I5]', async () => {
  const c = await addCustomer(agency)
  const group = await agency.post('/heygen/v3/avatars', {
    ...{ type: 'prompt', name: 'of the agency', prompt: 'A person in a park' },
  })
  const { data } = (await group.json()) as { data: { avatar_group: { id: string } } }
  const id = await startVideo(c.at)
  const ids = async (path: string) => {
    const answer = await c.at.fetch(`/heygen${path}`)
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    return (JSON.parse(text) as { data: { id: string }[] }).data.map((row) => row.id)
  }
  expect(await ids('/v3/videos?status=failed')).toEqual([])
  // A running job's word changes with time.
  await agency.sim.finishJobs()
  expect(await ids('/v3/videos?status=completed')).toEqual([id])
  await agency.sim.forgetRequests()
  const looks = `/v3/avatars/looks?group_id=${data.avatar_group.id}`
  expect(await ids(looks)).toEqual([])
  expect(await ids(`${looks}&ownership=public`)).toEqual([])
  // Whether the group is public is read in the list of all public groups.
  const asked = (await agency.sim.requests()).map(({ path, query }) => path + query)
  expect(asked.filter((one) => one !== '/v3/avatars?ownership=public&limit=50')).toEqual([])
  expect((await c.at.fetch('/heygen/v3/videos?title=Demo')).status).toBe(400)
})

test('a full pool and a parked account are told without a name and without others’ times [I5]', async () => {
  const full = await open({ accounts: { ann: 1 } })
  const one = await addCustomer(full)
  await startVideo(full)
  const answer = await one.at.createVideo()
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '15'])
  expect(await answer.text()).not.toContain('@')
  expect(answer.headers.get('x-gateway-account')).toBeNull()
})

test('an own token gets no stream token, and its own session is its own alone [I5]', async () => {
  const refused = await a.at.post('/heygen/v1/streaming.create_token', {})
  expect([refused.status, errorOf(refused)]).toEqual([403, 'forbidden'])
  const opened = await a.at.post('/heygen/v1/streaming.new', { quality: 'low' })
  const text = await opened.text()
  expect(opened.status, text).toBe(200)
  const { session_id: id } = (JSON.parse(text) as { data: { session_id: string } }).data
  const foreign = await b.at.post('/heygen/v1/streaming.stop', { session_id: id })
  expect(foreign.status).toBe(404)
  expect((await a.at.post('/heygen/v1/streaming.stop', { session_id: id })).status).toBe(200)
})

test('useapi.net’s calls pass the same gate: a task is its token’s alone [I5]', async () => {
  const body = { prompt: 'A calm sunrise', model_name: 'kling-v3-0', duration: 5 }
  const made = await a.at.post('/v1/kling/videos/text2video', body)
  const text = await made.text()
  expect(made.status, text).toBe(200)
  const { task } = JSON.parse(text) as { task: { id: string } }
  expect((await a.at.fetch(`/v1/kling/tasks/${task.id}`)).status).toBe(200)
  const foreign = await b.at.fetch(`/v1/kling/tasks/${task.id}`)
  const unknown = await b.at.fetch('/v1/kling/tasks/987654321098765432')
  expect(await shownOf(foreign, task.id)).toEqual(await shownOf(unknown, '987654321098765432'))
})

test('a repeat of an unknown outcome joins none of another token [I4, I5]', async () => {
  const [c, d] = [await addCustomer(agency), await addCustomer(agency)]
  await agency.sim.clearFaults()
  await agency.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: { reset: 'after' },
  })
  await agency.sim.fault({
    match: { method: 'GET', path: '/v3/videos' },
    times: 20,
    effect: { status: 503 },
  })
  await agency.sim.settings({ keyMode: 'validates-first' })
  const first = await c.at.createVideo({ title: 'equal' })
  const other = await d.at.createVideo({ title: 'equal' })
  expect(other.headers.get('x-gateway-joined')).toBeNull()
  expect(other.status).toBe(200)
  if (first.status === 424) {
    const again = await c.at.createVideo({ title: 'equal' })
    expect(again.headers.get('x-gateway-joined')).not.toBeNull()
  }
  await agency.sim.clearFaults()
})

test('the file of an own job comes without the name of its account, and another token’s is not there [I5]', async () => {
  const id = await startVideo(a.at)
  await agency.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  await a.at.fetch(`/heygen/v3/videos/${id}`)
  const path = `/v1/heygen/jobs/${id}/file`
  const file = await a.at.fetch(path)
  expect(file.status, await file.clone().text()).toBe(200)
  expect(file.headers.get('x-gateway-account')).toBeNull()
  expect((await agency.fetch(path)).headers.get('x-gateway-account')).toContain('@')
  expect((await b.at.fetch(path)).status).toBe(404)
})

test('the record of grants has its bounds', async () => {
  const set = (grants: unknown) => agency.admin('PATCH', `/tokens/${a.id}`, { grants })
  expect((await set(Array.from({ length: 201 }, (_, n) => `id-${n}`))).status).toBe(400)
  expect((await set([''])).status).toBe(400)
  expect((await set(['x', 'x'])).status).toBe(200)
  expect(await json((await set([])) as Response)).toMatchObject({ sees: 'own', grants: [] })
  expect((await agency.admin('PATCH', `/tokens/${a.id}`, { sees: 'some' })).status).toBe(400)
  expect(VIDEO.title).toBe('Demo')
})

async function customersOf(at: Gateway): Promise<[Customer, Customer]> {
  return [await addCustomer(at), await addCustomer(at)]
}

test('older calls over the bridge make, list and poll own things alone [I5]', async () => {
  const bridged = await open({ accounts: { ann: 10, ben: 10 }, vars: { LEGACY: 'bridge' } })
  const [one, two] = await customersOf(bridged)
  const ids = []
  for (const { at } of [one, two]) {
    const made = await at.post('/heygen/v2/video/generate', {
      title: 'older',
      video_inputs: [
        {
          character: { type: 'avatar', avatar_id: VIDEO.avatar_id },
          voice: { type: 'text', voice_id: VIDEO.voice_id, input_text: 'Hi' },
        },
      ],
    })
    const text = await made.text()
    expect(made.status, text).toBe(200)
    ids.push((JSON.parse(text) as { data: { video_id: string } }).data.video_id)
  }
  const [mine = '', theirs = ''] = ids
  const status = (id: string) => one.at.fetch(`/heygen/v1/video_status.get?video_id=${id}`)
  expect((await status(mine)).status).toBe(200)
  expect(await shownOf(await status(theirs), theirs)).toEqual(
    await shownOf(await status(UNKNOWN), UNKNOWN)
  )
  const list = await one.at.fetch('/heygen/v1/video.list')
  const said = await list.text()
  expect(list.status, said).toBe(200)
  expect(said).toContain(mine)
  expect(said).not.toContain(theirs)
  expect(JSON.stringify([...list.headers])).not.toContain('@')
  const avatars = await one.at.fetch('/heygen/v2/avatars')
  expect(avatars.status, await avatars.clone().text()).toBe(200)
  expect((await one.at.fetch('/heygen/v2/user/remaining_quota')).status).toBe(403)
})
