/** Requests that no honest client sends: each is refused clearly, reaches nobody else and holds nothing. */
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { newToken } from '#domain/access/token.ts'
import { ADMIN_TOKEN, gatewayVars, openGateway, VIDEO } from '../support/gateway.ts'
import { PLAIN, takeWorker } from '../support/renewed.ts'

type Family = 'own' | 'v1' | 'v2' | 'v3'

interface Answer {
  status: number
  headers: Headers
  text: string
}

const gateway = await openGateway({
  accounts: { ann: 2 },
  simAccount: { examples: true },
  simVars: { JOB_MS: '600000' },
})
/** Another host, which must never hear of anything. */
const heard: string[] = []
const decoy = createServer((request, response) => {
  heard.push(`${request.method} ${request.url}`)
  response.end('decoy')
})
await new Promise<void>((resolve) => decoy.listen(0, '127.0.0.1', resolve))
const DECOY = `127.0.0.1:${(decoy.address() as AddressInfo).port}`
const HOST = new URL(gateway.url).host
const LEAK =
  /\bat [\w.<>]+ \(|\.ts:\d|\.js:\d|\/work\/|node_modules|workerd\/|TypeError|SyntaxError/

afterAll(async () => {
  decoy.close()
  await gateway.dispose()
})

/** Sends bytes as they are; what an HTTP client would tidy up stays untidy. */
function raw(bytes: string | Buffer): Promise<Answer> {
  const { port, hostname } = new URL(gateway.url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname)
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // A server that has refused may close while we still send.
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

interface RawOptions {
  method?: string
  host?: string
  token?: string | null
  headers?: string[]
  body?: string | Buffer
}

function head(target: string, options: RawOptions = {}): string {
  const { method = 'GET', host = HOST, token = gateway.token, headers = [], body } = options
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

function familyOf(path: string): Family {
  if (path.startsWith('/v1/heygen')) return 'own'
  return (/^(?:\/heygen)?\/(v[123])\//.exec(path)?.[1] as Family | undefined) ?? 'own'
}

/** A refusal of the gateway's own: a 4xx in the shape of the surface, with its name and nothing of our insides. */
function checkRefusal(answer: Answer, code: string, family: Family): void {
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

async function checkNothingWentUp(what: string): Promise<void> {
  const seen = (await gateway.sim.requests()).map((one) => `${one.method} ${one.path}`)
  expect({ what, seen, heard }).toEqual({ what, seen: [], heard: [] })
}

async function checkSlotsFree(): Promise<void> {
  const answer = await gateway.fetch('/v1/heygen/scheduler/available')
  expect(await answer.json()).toEqual({
    executing: [],
    available: [{ email: 'ann@example.com', maxJobs: 2, executing: 0, available: 2 }],
  })
}

const CREATIONS = [
  '/heygen/v1/video.webm',
  '/heygen/v2/video/generate',
  '/heygen/v3/videos',
  '/v3/videos',
  '/heygen/v1/audio/text_to_speech',
  '/heygen/v3/voices/speech',
]
const NO_OBJECTS: [string, string][] = [
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
  // Reading it takes long and gives nobody anything.
  ['a deep tree', `{"script":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
  ['a deep chain', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['half of a deep tree', '{"a":'.repeat(100_000)],
]

test.each(CREATIONS)('a creation without a JSON object is refused: POST %s', async (path) => {
  await gateway.sim.forgetRequests()
  for (const [, body] of NO_OBJECTS) {
    checkRefusal(await sendJson(path, body), 'bad_request', familyOf(path))
  }
  const noBody = await send(path, { method: 'POST' })
  checkRefusal(noBody, 'bad_request', familyOf(path))
  await checkNothingWentUp(path)
  await checkSlotsFree()
})

test('bytes that are no text are no creation', async () => {
  await gateway.sim.forgetRequests()
  const bytes = Uint8Array.from([0xff, 0xfe, 0x00, 0x7b, 0x80])
  checkRefusal(await sendJson('/heygen/v3/videos', bytes), 'bad_request', 'v3')
  await checkNothingWentUp('bytes')
  await checkSlotsFree()
})

test.each(['/heygen/v1/video.webm', '/heygen/v2/video/generate', '/heygen/v3/videos'])(
  'a creation of more than 16 MiB is refused with advice: POST %s',
  async (path) => {
    await gateway.sim.forgetRequests()
    const big = JSON.stringify({ ...VIDEO, script: 'a'.repeat(17 * 1024 * 1024) })
    const answer = await sendJson(path, big)
    expect(answer.status).toBe(413)
    checkRefusal(answer, 'too_large', familyOf(path))
    expect(answer.text).toContain('asset')
    await checkNothingWentUp(path)
    await checkSlotsFree()
  }
)

test('a creation of more than 16 MiB that does not tell its length is refused too', async () => {
  await gateway.sim.forgetRequests()
  const piece = new Uint8Array(1024 * 1024).fill(0x20)
  let left = 17
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
  })
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
  const answer = await send('/heygen/v3/videos', init)
  expect(answer.status).toBe(413)
  checkRefusal(answer, 'too_large', 'v3')
  await checkNothingWentUp('chunks')
  await checkSlotsFree()
})

test('a body that ends before its length starts nothing', async () => {
  await gateway.sim.forgetRequests()
  const { port, hostname } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const promised = ['Content-Length: 1000', 'Content-Type: application/json']
  socket.write(head('/heygen/v3/videos', { method: 'POST', headers: promised }))
  socket.write('{"script":"a"}')
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 200))
  await checkNothingWentUp('half a body')
  await checkSlotsFree()
})

test.each([
  ['an unknown field', JSON.stringify({ ...VIDEO, nonsense: 1 })],
  ['a wrong type', JSON.stringify({ ...VIDEO, script: 5 })],
  ['a wrong id type', JSON.stringify({ ...VIDEO, avatar_id: { a: 1 } })],
  ['a prototype', '{"__proto__":{"script":"x"},"constructor":1}'],
])('what is JSON but no creation is refused by the provider itself: %s', async (_, body) => {
  const answer = await sendJson('/heygen/v3/videos', body)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-gateway-error')).toBeNull()
  expect(answer.headers.get('x-gateway-account')).toBe('ann@example.com')
  expect(answer.text).not.toMatch(LEAK)
  await checkSlotsFree()
})

test('odd but valid JSON goes up byte for byte', async () => {
  const script = String.raw`\u0000 \ud800 \u00e9 \/ é 😀`
  const odd = `{ "script":"${script}",\n"title": "a",  "title":"b","seed":12345678901234567890,
    "type":"avatar","avatar_id":"${VIDEO.avatar_id}" ,"voice_id":"${VIDEO.voice_id}"}`
  await gateway.sim.forgetRequests()
  const answer = await sendJson('/heygen/v3/videos', odd)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  const [seen] = await gateway.sim.requests()
  expect(seen?.body).toBe(odd)
  const job = answer.headers.get('x-gateway-job')
  await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
  await gateway.sim.finishJobs()
  await checkSlotsFree()
})

const ACCOUNTS = '/v1/heygen/accounts'
const NEW = { email: 'new@example.com', apiKey: 'sk_sim_new', maxJobs: 2 }

const BAD_ACCOUNTS: [string, string][] = [
  ...NO_OBJECTS.filter(([name]) => name !== 'half of a deep tree'),
  ['deep tree', JSON.stringify(NEW).replace('"sk_sim_new"', '['.repeat(9e3) + ']'.repeat(9e3))],
  ['unknown field', JSON.stringify({ ...NEW, nonsense: 1 })],
  ['prototype', `{"__proto__":{"maxJobs":2},"email":"new@example.com","apiKey":"sk_sim_new"}`],
  ['constructor', JSON.stringify({ ...NEW, constructor: { prototype: { maxJobs: 3 } } })],
  ...[0, 11, 1.5, -1, 1e9, 2 ** 53, null, 'abc', '', '0x3', true, [], [2], {}].map(
    (maxJobs): [string, string] => [
      `maxJobs ${JSON.stringify(maxJobs)}`,
      JSON.stringify({ ...NEW, maxJobs }),
    ]
  ),
  ['maxJobs without end', `{"email":"new@example.com","apiKey":"sk_sim_new","maxJobs":1e999}`],
  ['maxJobs twice', `{"email":"new@example.com","apiKey":"sk_sim_new","maxJobs":2,"maxJobs":0}`],
  ['no maxJobs', JSON.stringify({ email: NEW.email, apiKey: NEW.apiKey })],
  ...[5, null, 'x', '@', 'a@', '@b', 'a b@c', 'a@b@c', 'a@b\n', 'a\u0000@b.c', [], {}]
    .filter((email) => email !== 'a@b\n')
    .map((email): [string, string] => [
      `email ${JSON.stringify(email)}`,
      JSON.stringify({ ...NEW, email }),
    ]),
  ['a very long email', JSON.stringify({ ...NEW, email: `${'a'.repeat(300)}@example.com` })],
  ...[5, null, 'a b', 'a\nb', 'a\r\nx-evil: 1', 'ü', '\u0000', 'k'.repeat(1025), [], {}].map(
    (apiKey): [string, string] => [
      `apiKey ${JSON.stringify(apiKey).slice(0, 20)}`,
      JSON.stringify({ ...NEW, apiKey }),
    ]
  ),
  ['two credentials', JSON.stringify({ ...NEW, password: 'secret' })],
  ['no credential and no email', JSON.stringify({ maxJobs: 2 })],
  ['a dry run that is no flag', JSON.stringify({ ...NEW, dryRun: 'yes' })],
]

test.each(BAD_ACCOUNTS)('an account is not added from JSON with %s', async (_, body) => {
  await checkNotAdded({ body, headers: { 'content-type': 'application/json' } })
})

/** A tenant of its own each time, so that what was added by mistake is in nobody's way. */
async function checkNotAdded(init: RequestInit, code = 'bad_request', status = 400): Promise<void> {
  const { token } = await gateway.newToken()
  const authorization = `Bearer ${token}`
  await gateway.sim.forgetRequests()
  const answer = await send(ACCOUNTS, {
    ...init,
    method: 'POST',
    headers: { ...(init.headers as Record<string, string> | undefined), authorization },
  })
  expect({ status: answer.status, text: answer.text }).toEqual({ status, text: answer.text })
  checkRefusal(answer, code, 'own')
  await checkNothingWentUp('an account')
  expect((await send(ACCOUNTS, { headers: { authorization } })).status).toBe(404)
  await checkOnlyAnn()
}

async function checkOnlyAnn(): Promise<void> {
  const all = (await (await gateway.fetch(ACCOUNTS)).json()) as Record<string, unknown>
  expect(Object.keys(all)).toEqual(['ann@example.com'])
  await checkSlotsFree()
}

const BAD_FORMS: [string, [string, string | Blob][]][] = [
  ['nothing', []],
  ...['0', '11', '1.5', '-1', '1e9', 'abc', '', ' ', 'null', 'NaN', 'Infinity', '0x2', '2,0'].map(
    (maxJobs): [string, [string, string][]] => [
      `maxJobs ${JSON.stringify(maxJobs)}`,
      [
        ['email', NEW.email],
        ['apiKey', NEW.apiKey],
        ['maxJobs', maxJobs],
      ],
    ]
  ),
  [
    'an unknown field',
    [
      ['email', NEW.email],
      ['apiKey', NEW.apiKey],
      ['maxJobs', '2'],
      ['nonsense', '1'],
    ],
  ],
  [
    'two answers to one field',
    [
      ['email', NEW.email],
      ['apiKey', NEW.apiKey],
      ['maxJobs', '2'],
      ['maxJobs', '0'],
    ],
  ],
  [
    'a file for an email',
    [
      ['email', new Blob(['new@example.com'])],
      ['apiKey', NEW.apiKey],
      ['maxJobs', '2'],
    ],
  ],
  [
    'a list of keys',
    [
      ['email', NEW.email],
      ['apiKey[]', NEW.apiKey],
      ['maxJobs', '2'],
    ],
  ],
]

test.each(BAD_FORMS)('an account is not added from a form with %s', async (_, fields) => {
  const body = new FormData()
  for (const [name, value] of fields) body.append(name, value)
  await checkNotAdded({ body })
})

test.each([
  ['no boundary', 'multipart/form-data', 'x'],
  ['another boundary', 'multipart/form-data; boundary=a', '--b\r\n\r\nx\r\n--b--\r\n'],
  ['half a part', 'multipart/form-data; boundary=a', '--a\r\nContent-Disp'],
  [
    'no end',
    'multipart/form-data; boundary=a',
    '--a\r\nContent-Disposition: form-data; name=a\r\n',
  ],
  ['an empty boundary', 'multipart/form-data; boundary=', '--\r\n'],
  ['bad encoding', 'application/x-www-form-urlencoded', 'email=%zz&maxJobs=2&apiKey=%'],
  ['a wrong type', 'text/plain', 'email=new@example.com'],
])('a broken form is refused: %s', async (_, type, body) => {
  await checkNotAdded({ body, headers: { 'content-type': type } })
})

test('our own paths take no more than 64 KiB', async () => {
  const big = JSON.stringify({ ...NEW, apiKey: 'k'.repeat(70_000) })
  const form = new FormData()
  form.append('apiKey', 'k'.repeat(70_000))
  const headers = { 'content-type': 'application/json' }
  await checkNotAdded({ body: big, headers }, 'too_large', 413)
  await checkNotAdded({ body: form }, 'too_large', 413)
  checkRefusal(await sendJson('/v2/account', big), 'too_large', 'own')
})

/** The account of a tenant of its own. */
async function addAs(email: string) {
  const { token } = await gateway.newToken()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const apiKey = `sk_test_${crypto.randomUUID()}`
  await gateway.sim.addAccount(email, apiKey)
  const body = JSON.stringify({ email, apiKey, maxJobs: 1 })
  const added = await send(ACCOUNTS, { method: 'POST', headers, body })
  return { headers, added }
}

test.each([
  'odd+tag@example.com',
  "o'hara!#$&*=?^_`{|}~@example.com",
  'ü.é@exämple.com',
  'a%zz@example.com',
  'a/b@example.com',
  'a\\b@example.com',
  '"quoted"@example.com',
  '__proto__@constructor',
  'a\u0000@example.com',
  'a\nb@example.com',
])('an email that can be added can be read and removed: %j', async (email) => {
  const { headers, added } = await addAs(email)
  if (added.status === 400) return checkRefusal(added, 'bad_request', 'own')
  const own = `${ACCOUNTS}/${encodeURIComponent(email)}`
  const read = await send(own, { headers })
  const removed = await send(`${own}?now=true`, { method: 'DELETE', headers })
  expect({ added: added.status, read: read.status, removed: removed.status }).toEqual({
    added: 201,
    read: 200,
    removed: 204,
  })
  expect(JSON.parse(read.text)).toMatchObject({ email, maxJobs: 1 })
})

test.each(['ü.é@exämple.com', '日本@example.com', '😀@example.com', 'odd%zz@example.com'])(
  'an account with an odd email serves, and can be named as the answer names it: %s',
  async (email) => {
    const { headers, added } = await addAs(email)
    if (added.status === 400) return checkRefusal(added, 'bad_request', 'own')
    const first = await send('/heygen/v3/users/me', { headers })
    expect({ status: first.status, text: first.text }).toMatchObject({ status: 200 })
    const name = first.headers.get('x-gateway-account') ?? ''
    const named = { ...headers, 'x-gateway-account': name }
    expect((await send('/heygen/v3/users/me', { headers: named })).status).toBe(200)
  }
)

test('whose token is malformed, unknown or not as asked for is nobody', async () => {
  await gateway.sim.forgetRequests()
  const good = gateway.token
  const wrongSum = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')
  const bearers = ['x', `"${good}"`, `'${good}'`, `${good}x`, good.slice(0, -1), wrongSum]
  bearers.push(newToken(), good.toUpperCase(), `${good},${good}`, `${good}%00`, 'hgw_', '😀')
  const lines = [...bearers.map((text) => `Authorization: Bearer ${text}`)]
  lines.push(
    `Authorization: Basic ${good}`,
    `Authorization: ${good}`,
    `Authorization: Token ${good}`
  )
  lines.push('Authorization: Bearer', 'Authorization:', `Authorization: Bearer a ${good}`)
  lines.push(`Authorization: Bearer ${'a'.repeat(60_000)}`, `Cookie: token=${good}`)
  for (const line of lines) {
    const answer = await ask('/v1/heygen/accounts', { token: null, headers: [line] })
    expect({ line: line.slice(0, 80), status: answer.status, text: answer.text }).toEqual({
      line: line.slice(0, 80),
      status: 401,
      text: '{"error":"Unauthorized","code":401}',
    })
    checkRefusal(answer, 'unauthorized', 'own')
  }
  await checkNothingWentUp('tokens')
})

test.each(['/heygen/v1/video.list', '/heygen/v2/avatars', '/heygen/v3/videos', '/v3/videos'])(
  'a stranger is refused in the shape of the family: GET %s',
  async (path) => {
    await gateway.sim.forgetRequests()
    const answer = await ask(path, { token: null, headers: [`X-Api-Key: ${newToken()}`] })
    expect(answer.status).toBe(401)
    checkRefusal(answer, 'unauthorized', familyOf(path))
    const inQuery = await ask(`${path}?token=${gateway.token}&api_key=${gateway.token}`, {
      token: null,
    })
    checkRefusal(inQuery, 'unauthorized', familyOf(path))
    await checkNothingWentUp(path)
  }
)

test('two Authorization headers are no authorization', async () => {
  const second = [`Authorization: Bearer ${gateway.token}`]
  checkRefusal(await ask('/heygen/v3/users/me', { headers: second }), 'unauthorized', 'v3')
})

test('the scheme of a token may be written as one likes', async () => {
  for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
    const headers = [`Authorization: ${scheme} ${gateway.token}`]
    const answer = await ask('/heygen/v3/users/me', { token: null, headers })
    expect({ scheme, status: answer.status }).toEqual({ scheme, status: 200 })
  }
})

test.each([
  ['a NUL in a token', `Authorization: Bearer a\u0000b`],
  ['a token of 1 MB', `Authorization: Bearer ${'a'.repeat(1024 * 1024)}`],
  ['a header without a name', ': x'],
])('what HTTP itself forbids is a 4xx of the server: %s', async (_, line) => {
  await gateway.sim.forgetRequests()
  const answer = await ask('/heygen/v3/users/me', { token: null, headers: [line] })
  expect(Math.floor(answer.status / 100)).toBe(4)
  expect(answer.text).not.toMatch(LEAK)
  await checkNothingWentUp(line.slice(0, 40))
})

test('a lapsed subscription and an end that has passed have their own answers', async () => {
  const lapsed = await gateway.newToken({ subscription: 'lapsed' })
  const ended = await gateway.newToken()
  const past = { expiresAt: '2020-01-01T00:00:00Z' }
  await gateway.admin('PATCH', `/tokens/${ended.id}`, past)
  const of = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const own = await send(ACCOUNTS, of(lapsed.token))
  expect({ status: own.status, text: own.text }).toEqual({
    status: 402,
    text: '{"error":"Subscription required","code":402}',
  })
  checkRefusal(await send('/heygen/v3/videos', of(lapsed.token)), 'subscription_required', 'v3')
  checkRefusal(await send('/heygen/v2/avatars', of(ended.token)), 'unauthorized', 'v2')
})

test('only the operator gets into /admin', async () => {
  const bearers = ['', 'short', ADMIN_TOKEN.slice(0, -1), `${ADMIN_TOKEN}x`, gateway.token]
  const lines = bearers.map((text) => `Authorization: Bearer ${text}`)
  lines.push(`X-Api-Key: ${ADMIN_TOKEN}`, `Authorization: Basic ${ADMIN_TOKEN}`)
  for (const line of lines) {
    for (const target of ['/admin/tokens', '/admin/tenants', '/admin/nothing', '/admin']) {
      const answer = await ask(target, { token: null, headers: [line] })
      expect({ line, target, status: answer.status }).toEqual({ line, target, status: 401 })
      checkRefusal(answer, 'unauthorized', 'own')
    }
  }
})

test('the operator cannot use the token of the operator as a tenant', async () => {
  for (const path of ['/heygen/v3/videos', '/v1/heygen/accounts']) {
    const answer = await ask(path, { token: ADMIN_TOKEN })
    checkRefusal(answer, 'unauthorized', familyOf(path))
  }
})

test.each(['', 'short', 'exactly-thirty-one-characters-x'])(
  'an ADMIN_TOKEN shorter than 32 characters opens nothing: "%s"',
  async (adminToken) => {
    const vars = gatewayVars('http://127.0.0.1:1', { vars: { ADMIN_TOKEN: adminToken } })
    const of = { config: 'wrangler.toml', name: 'gateway', entry: PLAIN }
    const worker = await takeWorker({ ...of, vars })
    for (const bearer of [adminToken, 'undefined', '']) {
      const headers = { authorization: `Bearer ${bearer}` }
      const answer = await fetch(`${worker.url}/admin/tokens`, { headers })
      expect(answer.status).toBe(401)
    }
    await worker.dispose()
  }
)

test('bad orders of the operator are refused', async () => {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const bodies = ['', '{', '[]', 'null', '{}', '{"name":""}', '{"name":5}', '{"name":"a","x":1}']
  bodies.push('{"name":"a","scope":"root"}', '{"name":"a","expiresAt":"soon"}')
  bodies.push('{"name":"a","subscription":true}', '{"name":"a","expiresAt":5}')
  for (const body of bodies) {
    const answer = await send('/admin/tokens', { method: 'POST', headers, body })
    expect({ body, status: answer.status }).toEqual({ body, status: 400 })
    checkRefusal(answer, 'bad_request', 'own')
  }
  for (const [method, path] of [
    ['DELETE', '/admin/tokens/nothing'],
    ['PATCH', '/admin/tokens/nothing'],
    ['DELETE', '/admin/tenants/@registrar'],
    ['GET', '/admin/nothing'],
  ] as const) {
    const body = method === 'PATCH' ? { body: '{}' } : {}
    checkRefusal(await send(path, { method, headers, ...body }), 'not_found', 'own')
  }
})

test('a token of scope use may use the accounts and not change them', async () => {
  const me = (await (await gateway.fetch('/v2/account')).json()) as { id: string }
  const { token } = await gateway.newToken({ tenant: me.id, scope: 'use' })
  const of = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  await gateway.sim.forgetRequests()
  const refused = [
    await send(ACCOUNTS, { method: 'POST', headers: of, body: JSON.stringify(NEW) }),
    await send(ACCOUNTS, { method: 'POST', headers: of, body: '{' }),
    await send(`${ACCOUNTS}/ann@example.com`, { method: 'DELETE', headers: of }),
    await send(`${ACCOUNTS}/nobody@example.com`, { method: 'DELETE', headers: of }),
    await send('/v2/account', { method: 'POST', headers: of, body: '{"name":"x"}' }),
  ]
  for (const answer of refused) {
    expect(answer.status).toBe(403)
    checkRefusal(answer, 'forbidden', 'own')
  }
  await checkNothingWentUp('scope')
  await checkOnlyAnn()
  expect((await send('/heygen/v3/users/me', { headers: of })).status).toBe(200)
})

test('what belongs to another tenant answers exactly like what does not exist', async () => {
  const made = await gateway.createVideo()
  const job = made.headers.get('x-gateway-job') ?? ''
  const request = made.headers.get('x-request-id') ?? ''
  await gateway.sim.addAccount('bob@example.com', 'sk_test_bob')
  const other = { authorization: `Bearer ${(await gateway.newToken()).token}` }
  const json = { ...other, 'content-type': 'application/json' }
  const bob = JSON.stringify({ email: 'bob@example.com', apiKey: 'sk_test_bob', maxJobs: 1 })
  expect((await send(ACCOUNTS, { method: 'POST', headers: json, body: bob })).status).toBe(201)
  const none = 'f'.repeat(job.length)
  const pairs: [string, string, string, RequestInit?][] = [
    ['GET', `${ACCOUNTS}/ann@example.com`, `${ACCOUNTS}/eve@example.com`],
    ['DELETE', `${ACCOUNTS}/ann@example.com`, `${ACCOUNTS}/eve@example.com`],
    ['GET', `/v1/heygen/jobs/${job}`, `/v1/heygen/jobs/${none}`],
    ['GET', `/v1/heygen/jobs/${request}`, `/v1/heygen/jobs/${crypto.randomUUID()}`],
    ['DELETE', `/v1/heygen/scheduler/${job}`, `/v1/heygen/scheduler/${none}`],
    ['DELETE', `/v1/heygen/scheduler/${job}?force=true`, `/v1/heygen/scheduler/${none}?force=true`],
    ['GET', `/heygen/v3/videos/${job}`, `/heygen/v3/videos/${none}`],
    [
      'GET',
      `/heygen/v1/video_status.get?video_id=${job}`,
      `/heygen/v1/video_status.get?video_id=${none}`,
    ],
    ['DELETE', `/heygen/v3/videos/${job}`, `/heygen/v3/videos/${none}`],
  ]
  for (const [method, foreign, absent] of pairs) {
    const theirs = await send(foreign, { method, headers: other })
    const nobodys = await send(absent, { method, headers: other })
    expect(plain(theirs, foreign)).toEqual(plain(nobodys, absent))
    expect(theirs.status).toBe(404)
  }
  const named = (email: string) => ({ headers: { ...other, 'x-gateway-account': email } })
  const theirs = await send('/heygen/v3/users/me', named('ann@example.com'))
  const nobodys = await send('/heygen/v3/users/me', named('eve@example.com'))
  expect(plain(theirs, 'ann@example.com')).toEqual(plain(nobodys, 'eve@example.com'))
  const jobs = await send('/v1/heygen/jobs', { headers: other })
  expect(jobs.text).not.toMatch(new RegExp(`${job}|ann@`))
  expect((await send(`/heygen/v3/videos/${job}`)).status).toBe(200)
  await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
  await checkSlotsFree()
})

/** Without what differs between any two answers, and with the name that was asked for taken out. */
function plain({ status, headers, text }: Answer, asked: string) {
  const name = asked.split('?')[0]?.split('/').at(-1) ?? asked
  const id = asked.includes('video_id=') ? (asked.split('=').at(-1) ?? '') : name
  const ignored = ['x-request-id', 'x-upstream-request-id', 'date']
  const kept = [...headers].filter(([header]) => !ignored.includes(header))
  return { status, headers: kept, text: text.replaceAll(id, '<asked>') }
}

test.each(['TRACE', 'PROPFIND', 'PURGE', 'MKCOL', 'SEARCH', 'QUERY', 'LOCK'])(
  'a method that no provider has is refused: %s',
  async (method) => {
    await gateway.sim.forgetRequests()
    for (const path of ['/heygen/v1/video.list', '/heygen/v2/avatars', '/v3/videos', ACCOUNTS]) {
      const answer = await ask(path, { method })
      const isOwn = path === ACCOUNTS
      expect({ path, status: answer.status }).toEqual({ path, status: isOwn ? 405 : 404 })
      checkRefusal(answer, isOwn ? 'method_not_allowed' : 'not_found', familyOf(path))
    }
    await checkNothingWentUp(method)
    await checkSlotsFree()
  }
)

/** workerd itself answers these (500 and 501); behind Cloudflare's edge they do not even reach it. */
test.each([
  ['CONNECT', '/heygen/v3/users/me'],
  ['CONNECT', DECOY],
  ['BREW', '/heygen/v3/users/me'],
  ['get', '/heygen/v3/users/me'],
  ['OPTIONS', '*'],
])('what the runtime cannot read goes nowhere: %s %s', async (method, target) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(target, { method })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.text).not.toMatch(LEAK)
  await checkNothingWentUp(method)
})

test('a method that a path of ours does not have is refused', async () => {
  for (const method of ['PUT', 'PATCH', 'OPTIONS']) {
    checkRefusal(await send(ACCOUNTS, { method }), 'method_not_allowed', 'own')
  }
  const posted = await send('/v1/heygen/scheduler', { method: 'POST' })
  checkRefusal(posted, 'method_not_allowed', 'own')
})

test.each<[string, Family]>([
  ['/heygen/v3/videos/%', 'v3'],
  ['/heygen/v3/videos/%zz', 'v3'],
  ['/heygen/v3/videos/%00', 'v3'],
  ['/heygen/v3/videos/%0d%0aX-Evil:1', 'v3'],
  ['/heygen/v3/videos/%2e%2e%2f', 'v3'],
  ['/heygen/v3/videos/..%2f..%2fadmin', 'v3'],
  ['/v3/videos/..%2f..%2fadmin', 'v3'],
  ['/heygen/v3/videos/%2F', 'v3'],
  ['/heygen/v3/videos/%5c', 'v3'],
  ['/heygen/v3/videos/%ff%fe', 'v3'],
  ['/heygen/v3/videos/%ed%a0%80', 'v3'],
  ['/heygen/v3//videos', 'v3'],
  ['/heygen/v3/videos//', 'v3'],
  ['/heygen/v2/%zz', 'v2'],
  ['/heygen/v1/%zz', 'v1'],
  ['/heygen//v3/videos', 'v1'],
  ['//', 'own'],
  ['//heygen/v3/videos', 'own'],
  ['//admin/tokens', 'own'],
  [`//${DECOY}/v3/users/me`, 'own'],
  [`/heygen//${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/http://${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/%2f%2f${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/%5c%5c${DECOY}/v3/users/me`, 'v1'],
  [`/heygen/\\\\${DECOY}/v3/users/me`, 'v1'],
  ['/v1/heygen/accounts/%zz', 'own'],
  ['/v1/heygen/accounts/%00', 'own'],
  ['/v1/heygen//accounts', 'own'],
])(
  'a path that means different things to different readers is refused: %s',
  async (path, family) => {
    await gateway.sim.forgetRequests()
    for (const method of ['GET', 'POST', 'DELETE']) {
      const answer = await ask(path, { method, body: '{}' })
      expect(answer.status).toBe(400)
      checkRefusal(answer, 'bad_request', family)
    }
    await checkNothingWentUp(path)
  }
)

test.each([
  '/heygen/../admin/tokens',
  '/heygen/%2e%2e/admin/tokens',
  '/heygen/v3/..%5c../admin/tokens',
  '/heygen\\..\\admin\\tokens',
  '/v3/videos/../../admin/tokens',
  '/heygen/.%2e/%2e./admin/tokens',
])('no way round leads into /admin: %s', async (path) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(path)
  expect([400, 401]).toContain(answer.status)
  expect(answer.text).not.toContain('"tokens"')
  await checkNothingWentUp(path)
})

test.each([
  ['/heygen/v3/../v3/./users/me', '/v3/users/me'],
  ['/heygen/../v3/users/me', '/v3/users/me'],
  ['/heygen/v3\\users\\me', '/v3/users/me'],
  ['/heygen/v3/users/me/../../../..//x', undefined],
  ['/heygen/%2e%2e/%2e%2e/%2e%2e/__sim/state', undefined],
  ['/heygen/../../__sim/state', undefined],
  [`/@${DECOY}/v3/users/me`, undefined],
  [`/heygen/@${DECOY}/v3/users/me`, `/@${DECOY}/v3/users/me`],
  [`/heygen/.@${DECOY}/`, `/.@${DECOY}/`],
  [`/heygen/v3/users/me?url=http://${DECOY}/`, '/v3/users/me'],
  [`/heygen/v3/users/me?origin=//${DECOY}&host=${DECOY}`, '/v3/users/me'],
  ['/heygen/v3/users/me#/../../admin', '/v3/users/me'],
  ['/heygen/v3/users/me?a=%zz&b=%00', '/v3/users/me'],
  [`http://${DECOY}/heygen/v3/users/me`, '/v3/users/me'],
  [`http://${DECOY}/v3/users/me`, '/v3/users/me'],
  [`https://${DECOY}/v3/users/me`, '/v3/users/me'],
  [`http://a:b@${DECOY}/v3/users/me`, '/v3/users/me'],
])('a call can name no other host than the provider: %s', async (target, path) => {
  await gateway.sim.forgetRequests()
  const answer = await ask(target)
  expect(answer.status).toBeLessThan(500)
  const seen = await gateway.sim.requests()
  expect(seen.map((one) => `${one.host} ${one.path}`)).toEqual(path ? [`api ${path}`] : [])
  expect(heard).toEqual([])
})

test.each([
  [`Host: ${DECOY}`],
  [`X-Forwarded-Host: ${DECOY}`],
  [`Forwarded: host=${DECOY};proto=http`],
  [`X-Original-URL: /admin/tokens`],
  [`X-Rewrite-URL: http://${DECOY}/`],
  [`X-Http-Method-Override: DELETE`],
  [`X-Host: ${DECOY}`],
  [`Referer: http://${DECOY}/`],
  [`Origin: http://${DECOY}`],
])('a header can name no other host, path or method: %s', async (line) => {
  await gateway.sim.forgetRequests()
  const host = line.startsWith('Host: ') ? { host: DECOY } : { headers: [line] }
  const answer = await ask('/heygen/v3/users/me', host)
  expect(answer.status).toBe(200)
  const seen = await gateway.sim.requests()
  expect(seen.map((one) => `${one.method} ${one.host} ${one.path}`)).toEqual([
    'GET api /v3/users/me',
  ])
  expect(JSON.stringify(seen)).not.toContain(DECOY)
  expect(heard).toEqual([])
})

test.each([
  ['a length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked']],
  ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 6']],
  ['two lengths', ['Content-Length: 6', 'Content-Length: 90']],
  ['a length that is none', ['Content-Length: 6, 90']],
  ['a negative length', ['Content-Length: -1']],
  ['an unknown coding', ['Transfer-Encoding: xchunked']],
  ['a folded header', ['Transfer-Encoding:', ' chunked', 'Content-Length: 6']],
])('a request inside the body of a request reaches nobody: %s', async (_, framing) => {
  await gateway.sim.forgetRequests()
  const inner = `GET /heygen/v3/smuggled HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`
  const headers = [...framing, 'Content-Type: image/png']
  const outer = head('/heygen/v1/asset', { method: 'POST', headers })
  const answer = await raw(`${outer}0\r\n\r\nX${inner}`)
  expect(answer.status).toBeLessThan(500)
  const seen = (await gateway.sim.requests()).map((one) => one.path)
  expect(seen.filter((path) => path !== '/v1/asset')).toEqual([])
  expect(seen.length).toBeLessThanOrEqual(1)
  await checkSlotsFree()
})

test('what is very long is answered or refused, never broken', async () => {
  const long = 'a'.repeat(8_000)
  for (const target of [
    `/heygen/v3/videos/${long}`,
    `/heygen/v3/videos?x=${long}`,
    `/heygen${'/a'.repeat(4_000)}`,
    `/v1/heygen/jobs/${long}`,
    `/v1/heygen/accounts/${long}`,
    `/v1/heygen/scheduler/${long}`,
    `/${long}`,
    `/heygen/v3/videos?x=${'b'.repeat(1_000_000)}`,
    `/heygen/v3/videos?${'x=1&'.repeat(5_000)}`,
  ]) {
    const answer = await ask(target)
    expect({ target: target.slice(0, 40), status: answer.status }).toEqual({
      target: target.slice(0, 40),
      status: expect.toSatisfy((status: number) => status >= 200 && status < 500) as number,
    })
    expect(answer.text).not.toMatch(LEAK)
  }
  const many = Array.from({ length: 100 }, (_, index) => `X-Many-${index}: ${index}`)
  await gateway.sim.forgetRequests()
  expect((await ask('/heygen/v3/users/me', { headers: many })).status).toBe(200)
  const [seen] = await gateway.sim.requests()
  expect(Object.keys(seen?.headers ?? {}).filter((name) => name.startsWith('x-many'))).toEqual([])
  await checkSlotsFree()
})

test('odd account names, job ids and queries on our own paths are refused', async () => {
  for (const name of ['', ' ', 'x', '\u00fc', 'a,b', "' OR 1=1 --", 'ann@example.com '.repeat(9)]) {
    const headers = { 'x-gateway-account': encodeURIComponent(name) || 'none' }
    const answer = await send('/heygen/v3/users/me', { headers })
    checkRefusal(answer, 'account_not_found', 'v3')
  }
  checkRefusal(await send("/v1/heygen/jobs/' OR 1=1 --"), 'not_found', 'own')
  checkRefusal(await send('/v1/heygen/jobs/__proto__'), 'not_found', 'own')
  const forced = '/v1/heygen/scheduler/x?force='
  for (const value of ['yes', '%zz', '1', '']) {
    const answer = await send(forced + value, { method: 'DELETE' })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
  }
  for (const query of ['page=0', 'limit=-1', 'limit=x', 'limit=99999', 'voice_id=', 'x=1']) {
    const answer = await send(`/v1/heygen/tts/voices?${query}`)
    expect({ query, status: answer.status }).toEqual({ query, status: 400 })
    checkRefusal(answer, 'bad_request', 'own')
  }
})

test('the other host has heard nothing', () => {
  expect(heard).toEqual([])
})

test('after 120 failed authentications in a minute an address waits, its right token does not', async () => {
  const guessed = await openGateway({ accounts: {} })
  const guess = (path: string) =>
    fetch(guessed.url + path, { headers: { authorization: `Bearer ${newToken()}` } })
  const refused: Response[] = []
  const damped: Response[] = []
  // A new minute may begin on the way. Several at once, so that no second one does on a slow machine.
  while (damped.length === 0 && refused.length < 270) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => guess('/heygen/v3/videos')))
    for (const answer of answers) (answer.status === 429 ? damped : refused).push(answer)
  }
  expect(refused.length).toBeGreaterThanOrEqual(120)
  expect(refused.every(({ status }) => status === 401)).toBe(true)
  const answered = damped.map(async (answer) => {
    const body = (await answer.json()) as { error: { code: string } }
    return {
      error: answer.headers.get('x-gateway-error'),
      wait: answer.headers.get('retry-after'),
      code: body.error.code,
    }
  })
  const expected = { error: 'too_many_failures', wait: '59', code: 'too_many_failures' }
  expect(answered.length).toBeGreaterThan(0)
  expect(await Promise.all(answered)).toEqual(answered.map(() => expected))
  expect((await guessed.fetch('/v2/account')).status).toBe(200)
  await guessed.dispose()
})
