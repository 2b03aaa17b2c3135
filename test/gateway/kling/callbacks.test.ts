/** Kling calls us, task by task; and what its clients are told. */
import { request } from 'node:http'
import { afterAll, expect, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { advance, CLOCKED, MINUTE, stopped, untilMoved } from '../../support/clock/clock.ts'
import { UNPUBLISHED_KEYS, until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import {
  addKling,
  held,
  keysOf,
  klingRequests,
  makeKling,
  T2V,
  TEXT2VIDEO,
  TURBO,
  withLongTasks,
} from '../../support/scenes/kling.ts'
import { leastSpan, Receiver } from '../../support/receiver.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`

const gateway = await open({ vars: LOOPBACK, simVars: { JOB_MS: '600000' } })
await addKling(gateway, 'ann', { maxJobs: 20 })

async function create(at: Gateway, path: string, more: object): Promise<string> {
  const answer = await at.post(path, { ...TEXT2VIDEO, ...more })
  expect(answer.status, await answer.clone().text()).toBe(200)
  return answer.headers.get('x-gateway-job') ?? ''
}

/** Our address as it went up with the last creation. */
async function ticketOf(at: Gateway): Promise<string> {
  const last = (await klingRequests(at)).findLast((one) => one.method === 'POST')
  return /http:[^"]*\/callbacks\/kling\/[^"]*/.exec(last?.body ?? '')?.[0] ?? ''
}

test.each([
  [
    'v1',
    T2V,
    (url: string, name: string) => ({ callback_url: url, external_task_id: name }),
    'task_id',
  ],
  [
    'model in path',
    TURBO,
    (url: string, name: string) => ({ options: { callback_url: url, external_task_id: name } }),
    'id',
  ],
])(
  '%s: the callback is replaced, its task settled and told within a second, without one status call',
  async (name, path, fields, idName) => {
    const span = await leastSpan(1000, async (n) => {
      const at = `/${encodeURIComponent(name)}-${n}`
      const own = `my-${idName}-${n}`
      await gateway.sim.forgetRequests()
      const id = await create(gateway, path, fields(receiver.url + at, own))
      const up = (await klingRequests(gateway)).findLast((one) => one.method === 'POST')?.body ?? ''
      expect(up).not.toContain(receiver.url)
      expect(await ticketOf(gateway)).toContain(`${gateway.url}/callbacks/kling/`)
      await gateway.sim.forgetRequests()
      const endedAt = Date.now()
      await gateway.sim.finishJobs()
      const [told] = await receiver.heard(at)
      const task = JSON.parse(told?.body ?? '') as Record<string, unknown>
      expect(task[idName]).toBe(id)
      expect(String(task['task_status'] ?? task['status'])).toMatch(/^succeed/)
      // The name is the client's own again.
      expect(told?.body).toContain(`"${own}"`)
      expect(told?.body).not.toContain('hgw')
      expect(await held(gateway)).toBe(0)
      expect(await klingRequests(gateway)).toEqual([])
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(receiver.posts(at)).toHaveLength(1)
      return (told?.at ?? Infinity) - endedAt
    })
    expect(span).toBeLessThan(1000)
  }
)

test('a creation without a callback carries ours, so that its slot is free the moment it ends', async () => {
  await gateway.sim.forgetRequests()
  await create(gateway, T2V, {})
  await create(gateway, TURBO, {})
  expect(await held(gateway)).toBe(2)
  expect(await ticketOf(gateway)).not.toBe('')
  await gateway.sim.forgetRequests()
  await gateway.sim.finishJobs()
  await until(async () => (await held(gateway)) === 0)
  expect(await klingRequests(gateway)).toEqual([])
})

test('where Kling could not call us nothing of a callback goes up, and the alarm tells the client the whole task', async () => {
  const strict = await stopped(open({ entry: CLOCKED }))
  await addKling(strict, 'ann')
  await create(strict, T2V, {
    callback_url: 'https://client.example.com/cb',
    external_task_id: 'x',
  })
  const up = (await klingRequests(strict)).findLast((one) => one.method === 'POST')?.body ?? ''
  expect(up).not.toContain('callback_url')
  await strict.sim.finishJobs()
  const delivery = await untilMoved(strict, async () => {
    const list = await strict.fetch('/v1/deliveries')
    return ((await list.json()) as { deliveries: { id: string }[] }).deliveries[0]
  })
  const full = await strict.fetch(`/v1/deliveries/${delivery.id}`)
  const { body } = (await full.json()) as { body: string }
  expect(JSON.parse(body)).toMatchObject({
    task_status: 'succeed',
    task_info: { external_task_id: 'x' },
    task_result: { videos: [{ url: expect.any(String) as string }] },
  })
})

test('numbers beyond 2^53 come to the client as Kling wrote them, by callback and by alarm [I7]', async () => {
  const path = '/kling/v1/general/advanced-custom-elements'
  const fields = (url: string) => ({
    element_name: 'cat',
    element_description: 'a cat',
    reference_type: 'image_refer',
    element_image_list: {
      frontal_image: 'https://example.com/a.png',
      refer_images: [{ image_url: 'https://example.com/b.png' }],
    },
    callback_url: url,
  })
  const bodies: string[] = []
  const called = await gateway.post(path, fields(`${receiver.url}/element`))
  expect(called.status, await called.clone().text()).toBe(200)
  await gateway.sim.finishJobs()
  bodies.push((await receiver.heard('/element'))[0]?.body ?? '')
  const strict = await stopped(open({ entry: CLOCKED }))
  await addKling(strict, 'ann')
  await strict.post(path, fields('https://client.example.com/cb'))
  await strict.sim.finishJobs()
  const delivery = await untilMoved(strict, async () => {
    const list = await strict.fetch('/v1/deliveries')
    return ((await list.json()) as { deliveries: { id: string }[] }).deliveries[0]
  })
  const full = await strict.fetch(`/v1/deliveries/${delivery.id}`)
  bodies.push(((await full.json()) as { body: string }).body)
  for (const body of bodies) {
    const [, number] = /"element_id":\s*(\d+)/.exec(body) ?? []
    expect(Number(number)).toBeGreaterThan(2 ** 53)
    expect(String(Number(number))).not.toBe(number)
  }
})

test('a callback of an account with a webhook secret must not be signed wrongly, and unsigned it only makes the account ask', async () => {
  const email = await makeKling(gateway, 'sig', { webhookSecrets: [SECRET] })
  const added = await gateway.post('/v1/kling/accounts', {
    email,
    maxJobs: 5,
    ...keysOf('sig'),
    webhookSecret: SECRET,
  })
  expect(added.status, await added.clone().text()).toBe(201)
  expect(await added.json()).toMatchObject({ webhookSecret: '…secured…' })
  const headers = { 'x-gateway-account': email }
  const answer = await gateway.post(T2V, TEXT2VIDEO, headers)
  const id = answer.headers.get('x-gateway-job') ?? ''
  const ticket = await ticketOf(gateway)
  const body = JSON.stringify({ task_id: id, task_status: 'succeed', task_result: {} })
  const post = async (more: Record<string, string>) =>
    (await fetch(ticket, { method: 'POST', body, headers: more })).status
  const at = new Date()
  const wrong = {
    'webhook-id': '1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook('whsec_AAAA').sign('1', at, body),
  }
  expect(await post(wrong)).toBe(401)
  await gateway.sim.forgetRequests()
  expect(await post({})).toBe(204)
  // It is running, so the question changes nothing.
  await until(async () => (await klingRequests(gateway)).some((one) => one.path.includes(id)))
  const job = async () => (await (await gateway.fetch(`/v1/kling/jobs/${id}`)).json()) as object
  expect(await job()).toMatchObject({ status: 'running' })
  await gateway.sim.finishJobs()
  await until(async () => (await held(gateway)) === 0)
  expect(await job()).toMatchObject({ status: 'completed' })
  // What follows is about accounts without a secret.
  const gone = await gateway.fetch(`/v1/kling/accounts/${email}`, { method: 'DELETE' })
  expect(gone.status).toBe(204)
})

test('a ticket settles its own task and no other, and one that was changed nothing [I2]', async () => {
  const mine = await create(gateway, T2V, {})
  const ticket = await ticketOf(gateway)
  const other = await create(gateway, T2V, {})
  const body = (id: string) => JSON.stringify({ task_id: id, task_status: 'succeed' })
  const post = async (url: string, id: string) =>
    (await fetch(url, { method: 'POST', body: body(id) })).status
  expect(await post(ticket, other)).toBe(204)
  expect(await held(gateway)).toBe(2)
  expect(await post(`${ticket.slice(0, -3)}xyz`, mine)).toBe(401)
  expect(await post(ticket.replace('/kling/', '/heygen/'), mine)).toBe(401)
  expect(await held(gateway)).toBe(2)
  expect(await post(ticket, mine)).toBe(204)
  expect(await held(gateway)).toBe(1)
  await gateway.sim.finishJobs()
  await until(async () => (await held(gateway)) === 0)
})

test('useapi.net’s replyUrl is told in useapi.net’s form, with the reference [I3]', async () => {
  const made = await gateway.post('/v1/kling/videos/text2video', {
    prompt: 'A cat',
    model_name: 'kling-v3-0',
    duration: 5,
    replyUrl: `${receiver.url}/useapi`,
    replyRef: 'mine',
  })
  expect(made.status, await made.clone().text()).toBe(200)
  await gateway.sim.finishJobs()
  const [told] = await receiver.heard('/useapi')
  const { task } = (await made.json()) as { task: { id: string } }
  const body = JSON.parse(told?.body ?? '') as Record<string, unknown>
  expect(body).toMatchObject({
    status: 99,
    status_name: 'succeed',
    status_final: true,
    task: { id: task.id },
    works: [{ contentType: 'video', resource: { resource: expect.any(String) as string } }],
    replyRef: 'mine',
  })
  const shown = (await (await gateway.fetch(`/v1/kling/tasks/${task.id}`)).json()) as object
  // A link is signed for the moment at which it is shown.
  const plain = (view: object): unknown =>
    JSON.parse(JSON.stringify({ ...view, replyRef: null }).replaceAll(/\?[^"]*/g, ''))
  expect(plain(body)).toEqual(plain(shown))
})

test('a progress callback ends nothing', async () => {
  const id = await create(gateway, T2V, { callback_url: `${receiver.url}/progress` })
  const ticket = await ticketOf(gateway)
  const body = JSON.stringify({ task_id: id, task_status: 'processing' })
  expect((await fetch(ticket, { method: 'POST', body })).status).toBe(204)
  expect(await held(gateway)).toBe(1)
  expect(receiver.posts('/progress')).toEqual([])
  await gateway.sim.finishJobs()
  await receiver.heard('/progress')
})

test('a progress callback costs Kling no question', async () => {
  for (const path of [T2V, TURBO]) {
    const id = await create(gateway, path, {})
    const ticket = await ticketOf(gateway)
    await gateway.sim.forgetRequests()
    for (const word of ['submitted', 'processing']) {
      const body = path === T2V ? { task_id: id, task_status: word } : { id, status: word }
      const init = { method: 'POST', body: JSON.stringify(body) }
      expect((await fetch(ticket, init)).status).toBe(204)
      expect(await held(gateway)).toBe(1)
    }
    await gateway.sim.finishJobs()
    await until(async () => (await held(gateway)) === 0)
    const questions = (await klingRequests(gateway)).filter((one) => one.method === 'GET')
    expect(questions).toEqual([])
  }
})

/** From another address than the one under which the test reaches it. */
function postAs(at: Gateway, host: string, where: string, body: object): Promise<number> {
  const headers = {
    host,
    authorization: `Bearer ${at.token}`,
    'content-type': 'application/json',
  }
  return new Promise((resolve, reject) => {
    const sent = request(at.url + where, { method: 'POST', headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.once('error', reject)
    sent.end(JSON.stringify(body))
  })
}

test('a task that carries no callback because its account was added where nobody can call us is asked about soon', async () => {
  // A key that nobody can read anywhere: it is called at an address that is not loopback.
  const vars = { ...LOOPBACK, MASTER_KEYS: UNPUBLISHED_KEYS }
  const clocked = await open({ vars, simVars: { JOB_MS: '600000' }, entry: CLOCKED })
  const email = await makeKling(clocked, 'far')
  const account = { email, maxJobs: 2, apiKey: keysOf('far').apiKey }
  const added = await postAs(clocked, 'plain.example.com', '/v1/kling/accounts', account)
  expect(added).toBe(201)
  const id = await create(clocked, TURBO, {})
  expect(await ticketOf(clocked)).toBe('')
  await clocked.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  expect(await held(clocked)).toBe(1)
  await advance(clocked, 2 * MINUTE)
  expect(await held(clocked)).toBe(0)
})

test.each([
  ['a question about ids', (id: string) => [`/kling/tasks?task_ids=${id}`, {}] as const],
  ['the list', () => ['/kling/tasks', { method: 'POST', body: '{}' }] as const],
])(
  'a v1 task whose end is heard by %s of the newer design is told in the shape of v1 [I3]',
  async (name, callOf) => {
    const gateway = await withLongTasks(open)({ vars: LOOPBACK })
    await addKling(gateway, 'ann')
    await gateway.sim.control('POST', '/settings', { webhooks: 'off' })
    const path = `/${encodeURIComponent(name)}`
    const made = await gateway.post(T2V, {
      ...TEXT2VIDEO,
      callback_url: receiver.url + path,
      external_task_id: 'mine',
    })
    const id = made.headers.get('x-gateway-job') ?? ''
    await gateway.sim.finishJobs()
    const [asked, init] = callOf(id)
    await gateway.fetch(asked, { ...init, headers: { 'content-type': 'application/json' } })
    const [told] = await receiver.heard(path)
    expect(JSON.parse(told?.body ?? '')).toMatchObject({
      task_id: id,
      task_status: 'succeed',
      task_info: { external_task_id: 'mine' },
      task_result: { videos: [{ id: expect.any(String), url: expect.any(String) }] },
    })
  }
)
