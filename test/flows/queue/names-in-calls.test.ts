/** Names of queued creations in calls and in answers. */
import { expect, test } from 'vitest'
import { namesOf } from '#domain/queue/item-name.ts'
import { Door } from '../../support/queue/door.ts'

const ASYNC = { prefer: 'respond-async' }
const BODY = { type: 'avatar', script: 'Hello.' }

async function queueOne(door: Door): Promise<string> {
  const answer = await door.call('POST', '/heygen/v3/videos', BODY, { headers: ASYNC })
  const { data } = (await answer.json()) as { data: { video_id: string } }
  return data.video_id
}

for (const accounts of [1, 2]) {
  test(`a first poll by name finds the item in a cold isolate, with ${accounts} account`, async () => {
    const door = new Door({ accounts })
    const name = await queueOne(door)
    door.forgetIsolate()
    const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
    expect(poll.status).toBe(200)
    expect(await poll.json()).toMatchObject({
      data: { id: name, status: 'waiting', video_url: null, failure_code: null },
    })
    expect(door.sent).toEqual([])
  })
}

test('a poll of a waiting item asks the desk at most once in its time', async () => {
  const door = new Door()
  const name = await queueOne(door)
  door.asked.length = 0
  const poll = () => door.call('GET', `/heygen/v3/videos/${name}`)
  await poll()
  await poll()
  expect(door.asked).toEqual(['itemsOf'])
  door.now += 1001
  await poll()
  expect(door.asked).toEqual(['itemsOf', 'itemsOf'])
})

test('a name goes to the provider as the real id once the job runs, and the owner is not asked for', async () => {
  const door = new Door()
  const name = await queueOne(door)
  await door.begin(['real-1'])
  door.forgetIsolate()
  door.asked.length = 0
  door.answer = () => Response.json({ data: { id: 'real-1', status: 'processing' } })
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.json()).toEqual({ data: { id: name, status: 'processing' } })
  expect(door.sent.map(({ path }) => path)).toEqual(['/v3/videos/real-1'])
  expect(poll.headers.get('x-gateway-job')).toBe(name)
  expect(poll.headers.get('x-gateway-provider-job')).toBe('real-1')
  expect(door.asked).toEqual(['itemsOf'])
})

test('what a client names by its real id is answered with the real id', async () => {
  const door = new Door()
  await queueOne(door)
  await door.begin(['real-1'])
  door.answer = () => Response.json({ data: { id: 'real-1', status: 'processing' } })
  const poll = await door.call('GET', '/heygen/v3/videos/real-1')
  expect(await poll.json()).toEqual({ data: { id: 'real-1', status: 'processing' } })
})

test('a name is translated only where a row names an id', async () => {
  const door = new Door()
  const name = await queueOne(door)
  await door.begin(['real-1'])
  const said = `{"data":{"id":"real-1","title":"real-1","video_page_url":"https://x/real-1","status":"completed"}}`
  door.answer = () => new Response(said, { headers: { 'content-type': 'application/json' } })
  const poll = await door.call('GET', `/heygen/v3/videos/${name}?note=${name}`)
  expect(door.sent[0]?.path).toBe(`/v3/videos/real-1?note=${name}`)
  expect(await poll.text()).toBe(said.replace('"id":"real-1"', `"id":"${name}"`))
})

test('a name in a list of a query is replaced, and the rest of the query stays byte for byte', async () => {
  const door = new Door({ accounts: 1 })
  const name = await queueOne(door)
  await door.begin(['real-1'])
  door.answer = () =>
    Response.json({ data: [{ video_id: 'real-1' }, { video_id: 'other' }, { title: 'real-1' }] })
  const poll = await door.call(
    'GET',
    `/heygen/v3/videos/statuses?x=%2f${name}&y=${name}&video_ids=${name},other`
  )
  expect(door.sent[0]?.path).toBe(
    `/v3/videos/statuses?x=%2f${name}&y=${name}&video_ids=real-1,other`
  )
  expect(await poll.json()).toEqual({
    data: [{ video_id: name }, { video_id: 'other' }, { title: 'real-1' }],
  })
})

test('a name in a body is replaced at the place that the row names, and nowhere else', async () => {
  const door = new Door({ provider: 'kling', accounts: 1 })
  const made = await door.call(
    'POST',
    '/kling/v1/videos/text2video',
    { prompt: 'x' },
    { headers: ASYNC }
  )
  const { data } = (await made.json()) as { data: { task_id: string } }
  await door.begin(['762000000000000001'])
  const body = `{"input": {"task_id":"${data.task_id}", "seed": 9007199254740993001},"note":"${data.task_id}"}`
  door.isFree = true
  door.answer = () => Response.json({ code: 0, data: { task_id: '762000000000000002' } })
  await door.call('POST', '/kling/v1/videos/lip-sync', body)
  const [sent] = door.sent.filter(({ path }) => path === '/v1/videos/lip-sync')
  expect(sent?.body).toBe(
    body.replace(`"task_id":"${data.task_id}"`, '"task_id":"762000000000000001"')
  )
})

test('a byte order mark before a body hides no name in it, and is not sent', async () => {
  const door = new Door({ provider: 'kling', accounts: 1 })
  const path = '/kling/v1/videos/text2video'
  const made = await door.call('POST', path, { prompt: 'x' }, { headers: ASYNC })
  const name = made.headers.get('x-gateway-job') ?? ''
  await door.begin(['762000000000000001'])
  door.isFree = true
  door.answer = () => Response.json({ code: 0, data: { task_id: '762000000000000002' } })
  await door.call('POST', '/kling/v1/videos/lip-sync', `\uFEFF{"input":{"task_id":"${name}"}}`)
  expect(door.sent.at(-1)?.body).toBe('{"input":{"task_id":"762000000000000001"}}')
})

test('a streaming session may name a voice that was cloned through the line, also where older calls go up as they are', async () => {
  const door = new Door({ accounts: 1 })
  const made = await door.call('POST', '/heygen/v3/voices/clone', {}, { headers: ASYNC })
  const name = made.headers.get('x-gateway-job') ?? ''
  await door.begin(['real-voice'])
  door.isFree = true
  door.legacy = 'pass'
  door.answer = () => Response.json({ code: 100, data: { session_id: 's1' } })
  await door.call('POST', '/heygen/v1/streaming.new', { voice: { voice_id: name } })
  expect(door.sent.at(-1)).toMatchObject({
    path: '/v1/streaming.new',
    body: '{"voice":{"voice_id":"real-voice"}}',
  })
})

test('a 64-bit number beside a name survives [I7]', async () => {
  const door = new Door()
  const name = await queueOne(door)
  await door.begin(['real-1'])
  const said = '{"data": {"seed": 9007199254740993001,\n "id": "real-1", "note": "\\u00fc"}}'
  door.answer = () => new Response(said, { headers: { 'content-type': 'application/json' } })
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(await poll.text()).toBe(said.replace('"real-1"', `"${name}"`))
})

test("another tenant's name answers like an unknown id [I5]", async () => {
  const ofOther = new Door()
  const name = await queueOne(ofOther)
  const door = new Door()
  const unknown = Response.json({ error: { code: 'not_found', message: 'no' } }, { status: 404 })
  door.answer = () => unknown.clone()
  const foreign = await door.call('GET', `/heygen/v3/videos/${name}`)
  const unknownId = '9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b84'
  const made = await door.call('GET', `/heygen/v3/videos/${unknownId}`)
  expect(foreign.status).toBe(404)
  expect(made.status).toBe(404)
  expect(await foreign.text()).toBe(await made.text())
  expect([...foreign.headers.keys()]).toEqual([...made.headers.keys()])
})

test('a call about a job that waits is refused until it has begun, and says when to ask again', async () => {
  const door = new Door({ provider: 'kling', accounts: 1 })
  const made = await door.call(
    'POST',
    '/kling/v1/videos/text2video',
    { prompt: 'x' },
    { headers: ASYNC }
  )
  const { data } = (await made.json()) as { data: { task_id: string } }
  const other = await door.call('POST', '/kling/v1/videos/lip-sync', {
    input: { task_id: data.task_id },
  })
  expect(other.status).toBe(409)
  expect(other.headers.get('x-gateway-error')).toBe('resource_not_ready')
  expect(Number(other.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  expect(door.sent).toEqual([])
})

test('a desk that cannot be asked is no 404 of the provider', async () => {
  const door = new Door()
  const name = await queueOne(door)
  door.forgetIsolate()
  door.line.itemsOf = async () => {
    throw new Error('the desk is away')
  }
  const poll = await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(poll.status).toBe(503)
  expect(door.sent).toEqual([])
})

test('a text that only looks like a name is asked about once, and then goes to the provider', async () => {
  const door = new Door()
  const [name = ''] = namesOf('019bb000-0000-7000-8000-000000000000', 1, { kind: 'hex' })
  door.answer = () =>
    Response.json({ error: { code: 'not_found', message: 'no' } }, { status: 404 })
  await door.call('GET', `/heygen/v3/videos/${name}`)
  await door.call('GET', `/heygen/v3/videos/${name}`)
  expect(door.asked.filter((what) => what === 'itemsOf')).toHaveLength(1)
  expect(door.sent.some(({ path }) => path === `/v3/videos/${name}`)).toBe(true)
})

test('a task name that another isolate has given to an item is found, whatever this one knew of it before', async () => {
  const door = new Door({ provider: 'kling', accounts: 1 })
  const path = '/kling/v1/videos/text2video'
  const unknown = { code: 1201, message: 'Task not found' }
  door.answer = () => Response.json(unknown, { status: 400 })
  const queue = async (external_task_id: string) => {
    const back = door.leaveIsolate()
    const made = await door.call('POST', path, { external_task_id }, { headers: ASYNC })
    back()
    door.now += 1
    return made.headers.get('x-gateway-job') ?? ''
  }
  const poll = async (id: string) => (await door.call('GET', `${path}/${id}`)).json()
  await queue('other')
  // The second has the form of Kling's own ids.
  for (const id of ['mine', '123456789012345678']) {
    expect(await poll(id)).toEqual(unknown)
    const first = await queue(id)
    expect(await poll(id)).toMatchObject({ data: { task_id: first, task_status: 'submitted' } })
    await door.call('DELETE', `/v1/kling/queue/${first}`)
    expect(await poll(id)).toMatchObject({ data: { task_id: first, task_status: 'failed' } })
    const second = await queue(id)
    door.now += 1001
    expect(await poll(id)).toMatchObject({ data: { task_id: second, task_status: 'submitted' } })
  }
})
