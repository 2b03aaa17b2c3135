/** Sends malformed requests byte for byte, and checks what must be true of every refusal. */
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, expect } from 'vitest'
import { openGateway } from '../gateway.ts'

export type Family = 'own' | 'v1' | 'v2' | 'v3'

export interface Answer {
  status: number
  headers: Headers
  text: string
}

export interface RawOptions {
  method?: string
  host?: string
  token?: string | null
  headers?: string[]
  body?: string | Buffer
}

export const ACCOUNTS = '/v1/heygen/accounts'
export const NEW = { email: 'new@example.com', apiKey: 'sk_sim_new', maxJobs: 2 }
export const LEAK =
  /\bat [\w.<>]+ \(|\.ts:\d|\.js:\d|\/work\/|node_modules|workerd\/|TypeError|SyntaxError/

export const NO_OBJECTS: [string, string][] = [
  ['nothing', ''],
  ['white space', ' \r\n\t'],
  ['half an object', '{'],
  ['an array', '[]'],
  ['null', 'null'],
  ['a text', '"x"'],
  ['a number', '1'],
  ['an object and more', '{"script":"a"} {}'],
  ['a trailing comma', '{"script":"a",}'],
  ['single quotes', "{'script':'a'}"],
  ['a NUL', '\u0000'],
  ['a form', 'script=a&voice_id=b'],
  ['NaN', '{"a":NaN}'],
  // The gateway refuses deep JSON, because it takes long to read and nobody needs it.
  ['a deep tree', `{"script":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['a deep chain', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['half of a deep tree', '{"a":'.repeat(100_000)],
]

/** A gateway with one account of two slots, for the tests of one file. */
export async function openRaw() {
  const gateway = await openGateway({
    accounts: { ann: 2 },
    simAccount: { examples: true },
    simVars: { JOB_MS: '600000' },
  })
  const decoy = await openDecoy()
  const { hostname, port, host } = new URL(gateway.url)

  afterAll(async () => {
    decoy.close()
    await gateway.dispose()
  })

  /** Sends the bytes unchanged. An HTTP client would correct them. */
  function raw(bytes: string | Buffer): Promise<Answer> {
    return sendBytes(Number(port), hostname, bytes)
  }

  function head(target: string, options: RawOptions = {}): string {
    return headOf(target, { host, token: gateway.token, ...options })
  }

  function ask(target: string, options: RawOptions = {}): Promise<Answer> {
    return raw(Buffer.concat([Buffer.from(head(target, options)), Buffer.from(options.body ?? '')]))
  }

  async function send(path: string, init: RequestInit = {}): Promise<Answer> {
    const answer = await gateway.fetch(path, init)
    return { status: answer.status, headers: answer.headers, text: await answer.text() }
  }

  function sendJson(path: string, body: string | Uint8Array<ArrayBuffer>): Promise<Answer> {
    return send(path, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  }

  async function checkNothingWentUp(what: string): Promise<void> {
    const seen = (await gateway.sim.requests()).map((one) => `${one.method} ${one.path}`)
    expect({ what, seen, heard: decoy.heard }).toEqual({ what, seen: [], heard: [] })
  }

  async function checkSlotsFree(): Promise<void> {
    const answer = await gateway.fetch('/v1/heygen/scheduler/available')
    expect(await answer.json()).toEqual({
      executing: [],
      available: [{ email: 'ann@example.com', maxJobs: 2, executing: 0, available: 2 }],
    })
  }

  async function checkOnlyAnn(): Promise<void> {
    const all = (await (await gateway.fetch(ACCOUNTS)).json()) as Record<string, unknown>
    expect(Object.keys(all)).toEqual(['ann@example.com'])
    await checkSlotsFree()
  }

  return {
    ...{ gateway, host, decoy, raw, head, ask, send, sendJson },
    ...{ checkNothingWentUp, checkSlotsFree, checkOnlyAnn },
  }
}

/** Another host, which must never receive anything. */
async function openDecoy() {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.end('decoy')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { host, heard, close: () => void server.close() }
}

function sendBytes(port: number, hostname: string, bytes: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname)
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A server that has refused may close the connection while the test still sends.
    socket.on('error', (error) => (chunks.length > 0 ? undefined : reject(error)))
    socket.on('close', () => resolve(parseAnswer(Buffer.concat(chunks))))
    socket.write(bytes)
  })
}

function parseAnswer(bytes: Buffer): Answer {
  const [head = '', ...rest] = bytes.toString('utf8').split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Headers(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string]
    })
  )
  const sent = rest.join('\r\n\r\n')
  const isChunked = headers.get('transfer-encoding') === 'chunked'
  const text = isChunked ? sent.replace(/^[0-9a-f]+\r\n/i, '').replace(/\r\n0(\r\n)*$/, '') : sent
  return { status: Number(first.split(' ')[1]), headers, text }
}

function headOf(target: string, options: RawOptions): string {
  const { method = 'GET', host, token = null, headers = [], body } = options
  return [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    'Connection: close',
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
    ...headers,
    '\r\n',
  ].join('\r\n')
}

export function familyOf(path: string): Family {
  if (path.startsWith('/v1/heygen')) return 'own'
  return (/^(?:\/heygen)?\/(v[123])\//.exec(path)?.[1] as Family | undefined) ?? 'own'
}

/** Checks a refusal of the gateway: a 4xx in the shape of the surface, with its code and without internal details. */
export function checkRefusal(answer: Answer, code: string, family: Family): void {
  const { status, headers, text } = answer
  expect({ status: Math.floor(status / 100), text }).toEqual({ status: 4, text })
  expect({ code: headers.get('x-gateway-error'), text }).toEqual({ code, text })
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect(text).not.toMatch(LEAK)
  checkShape(JSON.parse(text) as Record<string, unknown>, answer, code, family)
}

function checkShape(
  body: Record<string, unknown>,
  { status }: Answer,
  code: string,
  family: Family
): void {
  const message = expect.any(String) as string
  const shapes = {
    own: { error: message, code: status },
    v1: { code: expect.any(Number) as number, message },
    v2: { data: null, error: { code, message } },
    v3: { error: { code, message, param: null, doc_url: null } },
  }
  expect(body).toEqual(shapes[family])
}
