/** How `/mcp` speaks: methods, origins, revisions, streams, and a wait that goes on from an event's id. */
import { afterAll, expect, test } from 'vitest'
import { openGateway, VIDEO } from '../../support/gateway.ts'
import { call, request, send, toTold } from './agent.ts'

const gateway = await openGateway({
  accounts: { waits: 5 },
  timeScale: 20,
  simVars: { JOB_MS: '-1' },
})
afterAll(() => gateway.dispose())

const { avatar_id, voice_id, script } = VIDEO

async function newJob(): Promise<string> {
  const made = await call(gateway, 'make_video', { avatar_id, voice_id, script })
  return made.structuredContent['job_id'] as string
}

test('a call without a good token is refused with 401 before anything is read', async () => {
  for (const authorization of ['Bearer hgw_wrong', 'Basic x', '']) {
    const { status } = await send(gateway, request('tools/list'), { authorization })
    expect(status).toBe(401)
  }
})

test('a page of another origin is refused, a page of the gateway itself is served', async () => {
  const asked = request('tools/list')
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1'])
    expect((await send(gateway, asked, { origin })).status).toBe(403)
  expect((await send(gateway, asked, { origin: gateway.url })).status).toBe(200)
})

test('DELETE, and GET without an event id, are 405', async () => {
  for (const method of ['DELETE', 'PUT', 'GET']) {
    const answer = await gateway.fetch('/mcp', { method, headers: { accept: 'text/event-stream' } })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toContain('POST')
    await answer.text()
  }
})

test('a notification is answered 202 without a body', async () => {
  const { status, message } = await send(gateway, {
    jsonrpc: '2.0',
    method: 'notifications/initialized',
  })
  expect([status, message]).toEqual([202, undefined])
})

test('what is no message of JSON-RPC, and what asks for an unknown revision, is 400 with its code', async () => {
  const wrong = [
    ['{', -32_700],
    [[], -32_600],
    [{ jsonrpc: '1.0', id: 1, method: 'ping' }, -32_600],
    [{ jsonrpc: '2.0', id: null, method: 'ping' }, -32_600],
    [{ jsonrpc: '2.0', id: 1, method: 'ping', params: [] }, -32_602],
  ] as const
  for (const [body, code] of wrong) {
    const { status, message } = await send(gateway, body)
    expect([status, message.error.code]).toEqual([400, code])
  }
  const old = { 'mcp-protocol-version': '2024-01-01' }
  const { status, message } = await send(gateway, request('ping'), old)
  expect([status, message.error.code]).toEqual([400, -32_022])
  expect(message.error.data.supported).toContain('2025-11-25')
})

test('a body beyond 256 KiB is refused', async () => {
  const { status } = await send(gateway, request('ping', { text: 'x'.repeat(300_000) }))
  expect(status).toBe(413)
})

test('initialize agrees on the revision of the client, or on the newest with sessions', async () => {
  const versionFor = async (protocolVersion: string) =>
    (await send(gateway, request('initialize', { protocolVersion }))).message.result.protocolVersion
  expect(await versionFor('2025-03-26')).toBe('2025-03-26')
  expect(await versionFor('2025-06-18')).toBe('2025-06-18')
  expect(await versionFor('2031-01-01')).toBe('2025-11-25')
})

test('a wait tells of progress that grows, and after its time says that the job still runs', async () => {
  const job_id = await newJob()
  const params = {
    name: 'wait_for_job',
    arguments: { job_id, max_seconds: 20 },
    _meta: { progressToken: 'p' },
  }
  const { events, message } = await send(gateway, request('tools/call', params, 'w'))
  const told = events.flatMap((event) => event.message?.params ?? [])
  expect(told.length).toBeGreaterThan(0)
  expect(told.every(({ progressToken, total }) => progressToken === 'p' && total === 20)).toBe(true)
  const progress = told.map((one) => one.progress)
  expect(progress).toEqual([...progress].toSorted((a, b) => a - b))
  expect(message).toMatchObject({ id: 'w', result: { structuredContent: { done: false, job_id } } })
  expect(message.result.structuredContent['next']).toContain('wait_for_job')
})

test('a wait goes on from the id of its last event, and ends with the job', async () => {
  const job_id = await newJob()
  const params = { name: 'wait_for_job', arguments: { job_id, max_seconds: 20 } }
  const { events } = await send(gateway, request('tools/call', params, 7))
  const id = events[0]?.id ?? ''
  expect(id).toMatch(/^[\w-]+\.1$/)
  await gateway.sim.finishJobs()
  const headers = { accept: 'text/event-stream', 'last-event-id': id }
  const answer = await gateway.fetch('/mcp', { headers })
  const { message } = toTold(answer, await answer.text())
  expect(message).toMatchObject({ id: 7, result: { structuredContent: { job_id, done: true } } })
})

test('an event id of another tenant’s wait shows nothing of its job [I5]', async () => {
  const job_id = await newJob()
  const params = { name: 'wait_for_job', arguments: { job_id, max_seconds: 1 } }
  const { events } = await send(gateway, request('tools/call', params))
  const other = gateway.as((await gateway.newToken({ tenant: 'another' })).token)
  const headers = { accept: 'text/event-stream', 'last-event-id': events[0]?.id ?? '' }
  const answer = await other.fetch('/mcp', { headers })
  const { message } = toTold(answer, await answer.text())
  expect(message.result.isError).toBe(true)
  expect(message.result.content[0].text).toMatch(/^(not_found|no_accounts): /)
})

test('an event id that is not ours, or of a tool that does not wait, is 400', async () => {
  const video = {
    id: 1,
    tool: 'make_video',
    arguments: { avatar_id, voice_id, script },
    startedAt: 0,
  }
  const forged = `${Buffer.from(JSON.stringify(video)).toString('base64url')}.1`
  for (const id of ['x', 'e30.1', forged]) {
    const answer = await gateway.fetch('/mcp', {
      headers: { accept: 'text/event-stream', 'last-event-id': id },
    })
    expect(answer.status).toBe(400)
    await answer.text()
  }
})

test('a wait for a client that takes no stream is answered as one message', async () => {
  const job_id = await newJob()
  await gateway.sim.finishJobs()
  const asked = request('tools/call', { name: 'wait_for_job', arguments: { job_id } })
  const { headers, message } = await send(gateway, asked, { accept: 'application/json' })
  expect(headers.get('content-type')).toContain('application/json')
  expect(message.result.structuredContent).toMatchObject({ job_id, done: true })
})
