/** examples/receiver.mjs and examples/receiver.py as a user starts them, called by a gateway. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { afterAll, expect, test } from 'vitest'
import { until } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { openHooked } from '../../support/scenes/hooked.ts'

const open = gatewaysOfFile()
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill()
})

const gateway = await openHooked(open, { accounts: { one: 3 } })
const made = await gateway.fetch('/v1/callback-secret', { method: 'POST' })
const { secret } = (await made.json()) as { secret: string }
/** What it said of what it did not take. */
const refusals: string[] = []

async function start(
  key: string,
  [program, file]: readonly [string, string] = [process.execPath, 'examples/receiver.mjs']
): Promise<{ url: string; said: string[] }> {
  const child = spawn(program, [file], {
    env: { ...process.env, SECRET: key, PORT: '0' },
  })
  children.push(child)
  const said: string[] = []
  child.stdout.on('data', (chunk) => said.push(...String(chunk).trim().split('\n')))
  child.stderr.on('data', (chunk) => refusals.push(...String(chunk).trim().split('\n')))
  const url = await until(async () => /http:\S+/.exec(said[0] ?? '')?.[0])
  return { url, said }
}

const receiver = await start(secret)

async function endJob(url = receiver.url): Promise<string> {
  const created = await gateway.createVideo({ callback_url: url, callback_id: 'example' })
  const id = created.headers.get('x-gateway-job') ?? ''
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
  return id
}

function lineOf(id: string): Promise<string> {
  return until(async () => receiver.said.find((one) => one.includes(id)))
}

const BODY = '{"event_type":"x","event_data":{}}'

function signed(seconds: number, key = secret, text = BODY, id = 'evt_x'): Record<string, string> {
  const time = String(Math.floor(Date.now() / 1000) + seconds)
  const bytes = Buffer.from(key.slice(6), 'base64')
  const standard = createHmac('sha256', bytes).update(`${id}.${time}.${text}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${standard}`,
    signature: createHmac('sha256', key).update(text).digest('hex'),
  }
}

async function post(
  headers: Record<string, string>,
  body = BODY,
  url = receiver.url
): Promise<number> {
  return (await fetch(url, { method: 'POST', body, headers })).status
}

test('it takes what the gateway delivers, once each [I3]', async () => {
  const id = await endJob()
  const line = await lineOf(id)
  expect(line).toMatch(/^avatar_video\.success /)
  // It says so before it answers, and the gateway notes the answer after that.
  const deliveries = await until(async () => {
    const list = await gateway.fetch(`/v1/deliveries?job=${id}`)
    const all = ((await list.json()) as { deliveries: { id: string; state: string }[] }).deliveries
    return all.some((one) => one.state === 'delivered') && all
  })
  expect(deliveries).toMatchObject([{ state: 'delivered' }])
  await gateway.fetch(`/v1/deliveries/${deliveries[0]?.id}/retry`, { method: 'POST' })
  await until(async () => {
    const again = await gateway.fetch(`/v1/deliveries/${deliveries[0]?.id}`)
    const { state, attempts } = (await again.json()) as { state: string; attempts: unknown[] }
    return state === 'delivered' && attempts.length === 2
  })
  // What it says comes in order: a second line would stand before that of a later job.
  await lineOf(await endJob())
  expect(receiver.said.filter((one) => one.includes(id))).toHaveLength(1)
})

test('it still takes what comes when the secret was rotated', async () => {
  const rotated = await gateway.fetch('/v1/callback-secret', { method: 'POST' })
  expect(rotated.status).toBe(201)
  const id = await endJob()
  expect(await lineOf(id)).toMatch(/^avatar_video\.success /)
})

test('it shows the bare task that Kling sends', async () => {
  const body = '{"task_id":"kling-1","task_status":"succeed"}'
  expect(await post(signed(0, secret, body, 'evt_kling'), body)).toBe(204)
  expect(await lineOf('kling-1')).toBe(`task ${body}`)
})

test('it refuses what is not signed, signed with another secret, changed, or old', async () => {
  expect(await post({})).toBe(401)
  expect(await post(signed(0, 'whsec_AAAA'))).toBe(401)
  expect(await post(signed(0, secret, `${BODY} `))).toBe(401)
  expect(await post(signed(-3600))).toBe(401)
  expect(await post(signed(0))).toBe(204)
})

test('of what it refuses it prints why: no signature, another secret, another time', async () => {
  await post({})
  await post(signed(0, 'whsec_AAAA'))
  await post(signed(-3600))
  for (const why of ['is not signed', 'another secret', 'more than five minutes off'])
    await until(async () =>
      refusals.some((line) => line.startsWith('refused: ') && line.includes(why))
    )
})

/** The Python examples need Python 3.9. On a machine without it, only the one for Node is tested. */
const python = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))'])
const OTHERS: [string, string][] = python.status === 0 ? [['python3', 'examples/receiver.py']] : []

test.each(OTHERS)(
  'the one for %s takes what the gateway delivers, and refuses what is unsigned, forged or old',
  async (program, file) => {
    const rotated = await gateway.fetch('/v1/callback-secret', { method: 'POST' })
    const { secret: newest } = (await rotated.json()) as { secret: string }
    const other = await start(newest, [program, file])
    const id = await endJob(other.url)
    const line = await until(async () => other.said.find((one) => one.includes(id)))
    expect(line).toMatch(/^avatar_video\.success /)
    const status = (headers: Record<string, string>) => post(headers, BODY, other.url)
    expect(await status({})).toBe(401)
    expect(await status(signed(0, 'whsec_AAAA'))).toBe(401)
    expect(await status(signed(0, newest, `${BODY} `))).toBe(401)
    expect(await status(signed(-3600, newest))).toBe(401)
    for (let time = 0; time < 2; time += 1) expect(await status(signed(0, newest))).toBe(204)
    expect(other.said.filter((one) => one.startsWith('x '))).toHaveLength(1)
  }
)
