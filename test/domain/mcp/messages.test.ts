import { expect, test } from 'vitest'
import { readMessage, type McpHeaders } from '../../../src/domain/mcp/message.ts'
import { isOwnOrigin } from '../../../src/domain/mcp/origin.ts'
import { callOfEventId, eventId } from '../../../src/domain/mcp/resume.ts'
import { faultsOf, READS, toListed } from '../../../src/domain/mcp/tool.ts'
import { pauseBeforeAsking } from '../../../src/domain/mcp/waiting.ts'

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

function read(method: string, params: object, headers: Partial<McpHeaders>) {
  const all = { version: null, method: null, name: null, ...headers }
  return readMessage({ jsonrpc: '2.0', id: 1, method, params }, all)
}

const MODERN = { version: '2026-07-28', method: 'tools/call' }

test('a message without headers is one of the oldest revision', () => {
  expect(read('ping', {}, {})).toMatchObject({
    kind: 'request',
    isModern: false,
    version: '2025-03-26',
  })
})

test('a message of the revision without sessions must say the same in its headers', () => {
  const params = { name: 'get_job', _meta: META }
  expect(read('tools/call', params, { ...MODERN, name: 'get_job' })).toMatchObject({
    isModern: true,
  })
  const encoded = `=?base64?${btoa('get_job')}?=`
  expect(read('tools/call', params, { ...MODERN, name: encoded })).toMatchObject({ isModern: true })
  const wrong = [
    { ...MODERN, name: 'make_video' },
    { ...MODERN, name: '=?base64?%?=' },
    { ...MODERN, name: null },
    { ...MODERN, method: 'tools/list', name: 'get_job' },
    { ...MODERN, version: '2025-11-25', name: 'get_job' },
  ]
  for (const headers of wrong)
    expect(read('tools/call', params, headers)).toMatchObject({
      status: 400,
      error: { code: -32_020 },
    })
})

test('a message of the revision without sessions must name its revision and the client’s capabilities', () => {
  const { 'io.modelcontextprotocol/clientCapabilities': _, ...lacking } = META
  for (const _meta of [{}, lacking])
    expect(read('tools/list', { _meta }, MODERN)).toMatchObject({ error: { code: -32_602 } })
})

test('a response of a client has no answer', () => {
  const headers = { version: null, method: null, name: null }
  expect(readMessage({ jsonrpc: '2.0', id: 1, result: {} }, headers)).toEqual({ kind: 'notice' })
})

const CALL = { id: 'ä', tool: 'wait_for_job', arguments: { job_id: 'x' }, startedAt: 1000 }

test('an event id brings back its call, fits into a header, and no wait begins in the future', () => {
  const id = eventId(CALL, 3) ?? ''
  expect(id).toMatch(/^[\w-]+\.3$/)
  expect(callOfEventId(id, 5000)).toEqual({ call: CALL, count: 3 })
  expect(callOfEventId(id, 500)?.call.startedAt).toBe(500)
  expect(eventId({ ...CALL, id: 'x'.repeat(5000) }, 1)).toBeUndefined()
  for (const text of ['', '.', 'a.b', `${btoa('[]')}.1`, `${btoa('{"id":1}')}.1`, '%%.1'])
    expect(callOfEventId(text, 0)).toBeUndefined()
})

const FORM = {
  name: 'x',
  title: 'X',
  description: 'X',
  input: {
    text: { type: 'string', description: '', enum: ['a', 'b'] },
    count: { type: 'integer', description: '', minimum: 1, maximum: 3 },
    flag: { type: 'boolean', description: '' },
  },
  required: ['text'],
  output: { a: {}, b: {} },
  optional: ['b'],
  hints: READS,
} as const

test('arguments are checked by the schema that agents see', () => {
  expect(faultsOf(FORM, { text: 'a', count: 3, flag: false })).toEqual([])
  const wrong = [
    null,
    [],
    {},
    { text: 'c' },
    { text: 1 },
    { text: 'a', count: 1.5 },
    { text: 'a', count: 4 },
  ]
  for (const given of [...wrong, { text: 'a', flag: 'true' }, { text: 'a', toString: 1 }])
    expect(faultsOf(FORM, given)).toHaveLength(1)
  expect(toListed(FORM)).toMatchObject({
    inputSchema: { required: ['text'], additionalProperties: false },
    outputSchema: { required: ['a'] },
    annotations: { readOnlyHint: true, openWorldHint: true },
  })
})

test('only pages of the gateway itself are its own, and a name without a certificate is not', () => {
  const own: [string, string][] = [
    ['http://127.0.0.1:8787', 'http://127.0.0.1:8787/mcp'],
    ['http://localhost:8787', 'http://localhost:8787/mcp'],
    ['https://gateway.example', 'https://gateway.example/mcp'],
    ['https://gateway.example', 'http://gateway.example/mcp'],
  ]
  const foreign: [string, string][] = [
    ['http://evil.example:8787', 'http://evil.example:8787/mcp'],
    ['https://evil.example', 'https://gateway.example/mcp'],
    ['null', 'https://gateway.example/mcp'],
    ['http://localhost:1', 'http://localhost:8787/mcp'],
  ]
  for (const [origin, url] of own) expect(isOwnOrigin(origin, url), origin).toBe(true)
  for (const [origin, url] of foreign) expect(isOwnOrigin(origin, url), origin).toBe(false)
})

test('a wait of ten minutes asks less than 50 times, and half an hour less than 100 times', () => {
  const spans = { agentAskMs: 5000, agentAskLongestMs: 20_000 }
  const asksIn = (totalMs: number) => {
    let asks = 1
    for (let at = 0; at < totalMs; asks += 1) at += pauseBeforeAsking(at, totalMs - at, spans)
    return asks
  }
  expect(asksIn(600_000)).toBeLessThan(50)
  expect(asksIn(1_800_000)).toBeLessThan(100)
  expect(pauseBeforeAsking(0, 10, spans)).toBe(10)
})
