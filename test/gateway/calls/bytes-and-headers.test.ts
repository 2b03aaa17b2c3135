/** Bytes and headers that no simulator sends: what goes up, what comes down, and what is kept of it. */
import { gzipSync } from 'node:zlib'
import { request } from 'node:http'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { VIDEO } from '../../support/gateway.ts'
import { openStoodIn, type Sent, type Told } from '../../support/stand-in.ts'

const { gateway, standIn, close } = await openStoodIn({
  accounts: { ann: 9, bob: 9 },
  vars: { ALLOW_LOOPBACK_CALLBACKS: 'true', LEGACY: 'pass' },
})
afterAll(close)

const errorOf = (answer: Response) => answer.headers.get('x-gateway-error')
const JSON_TYPE = { 'content-type': 'application/json' }

let made = 0
function taken(sent: Sent): Told | undefined {
  if (sent.method !== 'POST') return undefined
  made += 1
  return { body: { data: { video_id: `v${made}`, status: 'waiting' } } }
}

beforeEach(() => {
  standIn.sent.length = 0
  standIn.answer = taken
})

const CONDITIONS = {
  'if-match': '"a"',
  'if-modified-since': 'Sat, 28 Nov 2026 10:00:00 GMT',
  'if-none-match': '"b"',
  'if-unmodified-since': 'Sat, 28 Nov 2026 10:00:00 GMT',
  'if-range': '"c"',
  range: 'bytes=0-1',
}
const OF_A_PART = {
  'accept-ranges': 'bytes',
  age: '5',
  'cache-control': 'public, max-age=3600',
  'content-location': 'https://files.example.com/1',
  'content-range': 'bytes 0-1/2',
  etag: '"a"',
  expires: 'Sat, 28 Nov 2026 10:00:00 GMT',
  'last-modified': 'Sat, 28 Nov 2026 10:00:00 GMT',
  link: '<https://files.example.com/2>; rel="next"',
}

/** As a server with validators does: nothing new is a 304. */
function validating(rows: (account: string) => unknown) {
  return (sent: Sent): Told => {
    const isAsked = Object.keys(CONDITIONS).some((name) => sent.headers[name] !== undefined)
    if (isAsked && sent.account === 'ann') return { status: 304, headers: OF_A_PART, body: '' }
    return { headers: OF_A_PART, body: rows(sent.account) }
  }
}

test.each([
  [
    'a merged list',
    '/heygen/v3/videos?limit=10',
    (name: string) => ({ data: [{ id: `of_${name}` }], has_more: false, next_token: null }),
    ['of_ann', 'of_bob'],
  ],
  [
    'a sum',
    '/heygen/v2/user/remaining_quota',
    (name: string) => ({ data: { remaining_quota: name === 'ann' ? 60 : 40 } }),
    ['100'],
  ],
  [
    'a split question',
    '/heygen/v3/videos/statuses?video_ids=of_ann,of_bob',
    (name: string) => ({ data: [{ video_id: `of_${name}`, status: 'completed' }] }),
    ['of_ann', 'of_bob'],
  ],
])(
  '%s asks every account without conditions, and has no headers of one part',
  async (_, path, rows, told) => {
    standIn.answer = validating(rows)
    // So that each account is asked about its own.
    await gateway.fetch('/heygen/v3/videos?limit=10')
    standIn.answer = validating(rows)
    standIn.sent.length = 0
    const answer = await gateway.fetch(path, { headers: CONDITIONS })
    const text = await answer.text()
    expect([answer.status, answer.headers.get('x-gateway-partial')]).toEqual([200, null])
    for (const part of told) expect(text).toContain(part)
    const conditions = standIn.sent.flatMap(({ headers }) =>
      Object.keys(CONDITIONS).filter((name) => headers[name] !== undefined)
    )
    expect(conditions).toEqual([])
    const parts = Object.keys(OF_A_PART).map((name) => [name, answer.headers.get(name)])
    expect(parts.filter(([, value]) => value !== null)).toEqual([['cache-control', 'no-store']])
  }
)

test('one account’s answer is asked for with conditions and passed on with what it says of itself', async () => {
  standIn.answer = () => ({ headers: OF_A_PART, body: { data: {} } })
  const answer = await gateway.fetch('/heygen/v3/voices/some_voice', {
    headers: { ...CONDITIONS, 'x-gateway-account': 'ann@example.com' },
  })
  expect(answer.headers.get('etag')).toBe('"a"')
  expect(answer.headers.get('content-range')).toBe('bytes 0-1/2')
  expect(standIn.sent.at(-1)?.headers).toMatchObject(CONDITIONS)
})

/** ISO 8859-1: `é` is one byte, which no UTF-8 has. */
const latin1 = (body: object) => Buffer.from(JSON.stringify(body), 'latin1')

test.each([
  ['/heygen/v3/videos', { ...VIDEO, script: 'café' }],
  ['/heygen/v3/videos', { ...VIDEO, script: 'café', callback_url: 'https://example.com/cb' }],
  ['/heygen/v2/video/generate', { title: 'café' }],
  ['/heygen/v1/streaming.stop', { session_id: 'café' }],
  ['/heygen/v3/voices/speech', { text: 'café' }],
  ['/kling/v1/videos/text2video', { prompt: 'café' }],
  ['/v1/heygen/tts/create', { text: 'café', voice_id: 'v' }],
  ['/v1/heygen/accounts', { apiKey: 'café', maxJobs: 1 }],
])('POST %s with a body that is not UTF-8 is refused for just that (%#)', async (path, body) => {
  const answer = await gateway.fetch(path, {
    method: 'POST',
    body: latin1(body),
    headers: JSON_TYPE,
  })
  expect([answer.status, errorOf(answer)]).toEqual([400, 'bad_request'])
  expect(await answer.text()).toContain('The body is not UTF-8.')
  expect(standIn.sent).toEqual([])
})

test('bytes that are not looked into go up as they are, whatever they say [I7]', async () => {
  const bytes = latin1({ name: 'café' })
  await gateway.fetch('/heygen/v9/new', { method: 'POST', body: bytes, headers: JSON_TYPE })
  expect(standIn.sent.at(-1)?.body.equals(bytes)).toBe(true)
})

test('an upload that is compressed says so upstream; a creation that is compressed is refused', async () => {
  const bytes = gzipSync('a file')
  const headers = { 'content-type': 'image/png', 'content-encoding': 'gzip' }
  await gateway.fetch('/heygen/v1/asset', { method: 'POST', body: bytes, headers })
  const up = standIn.sent.at(-1)
  expect([up?.headers['content-encoding'], up?.body.equals(bytes)]).toEqual(['gzip', true])
  standIn.sent.length = 0
  const refused = await gateway.fetch('/heygen/v3/videos', {
    method: 'POST',
    body: gzipSync(JSON.stringify(VIDEO)),
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
  })
  expect([refused.status, await refused.text()]).toEqual([
    400,
    expect.stringContaining('without Content-Encoding'),
  ])
  expect(standIn.sent).toEqual([])
})

/** As it travels: fetch would decode it. */
function rawGet(path: string): Promise<{ headers: Record<string, unknown>; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${gateway.token}` }
    const sent = request(gateway.url + path, { headers }, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      resolve({ headers: answer.headers, body: Buffer.concat(chunks) })
    })
    sent.on('error', reject)
    sent.end()
  })
}

test('an encoding that stays on the bytes stays in the header', async () => {
  const body = Buffer.from('not decoded by anybody')
  standIn.answer = () => ({
    headers: { 'content-encoding': 'deflate', 'content-length': String(body.length) },
    body,
  })
  const answer = await rawGet('/heygen/v9/file')
  expect([answer.headers['content-encoding'], answer.body.equals(body)]).toEqual(['deflate', true])
  standIn.answer = () => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync('plain') })
  const plain = await gateway.fetch('/heygen/v9/file')
  expect(await plain.text()).toBe('plain')
})

test('what HeyGen’s tools say of themselves goes up, whatever it is called', async () => {
  await gateway.fetch('/heygen/v3/users/me', {
    headers: { 'X-HeyGen-Client-Source': 'media-use', 'X-HeyGen-New': '1', 'X-Other': '1' },
  })
  const { headers } = standIn.sent.at(-1) as Sent
  expect(headers).toMatchObject({ 'x-heygen-client-source': 'media-use', 'x-heygen-new': '1' })
  expect(headers['x-other']).toBeUndefined()
})

test.each(['Application/JSON', 'APPLICATION/PROBLEM+JSON', ''])(
  'an answer of the type “%s” is kept under its key',
  async (type) => {
    standIn.answer = (sent) => {
      const told = taken(sent)
      return told && { ...told, headers: { 'content-type': type } }
    }
    const key = { 'idempotency-key': crypto.randomUUID() }
    const first = await gateway.createVideo({}, key)
    const again = await gateway.createVideo({}, key)
    expect([again.status, await again.text()]).toEqual([first.status, await first.text()])
  }
)

test.each([
  [
    'Multipart/Form-Data; boundary=XyZ',
    '--XyZ\r\nContent-Disposition: form-data; name="maxJobs"\r\n\r\n0\r\n--XyZ--\r\n',
  ],
  ['APPLICATION/X-WWW-FORM-URLENCODED', 'maxJobs=0'],
])('a form of the type %s is read', async (type, body) => {
  const answer = await gateway.fetch('/v1/heygen/accounts', {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('maxJobs')])
  expect(await gateway.fetch('/v1/heygen/accounts').then((list) => list.status)).toBe(200)
})

test.each([
  [
    'a form',
    'application/x-www-form-urlencoded',
    'email=ann@example.com&password=&apiKey=&maxJobs=7',
  ],
  ['JSON', 'application/json', '{"email":"ann@example.com","password":"","maxJobs":8}'],
])('a field of %s that was left empty is one that was not sent', async (_, type, body) => {
  const answer = await gateway.fetch('/v1/heygen/accounts', {
    method: 'POST',
    body,
    headers: { 'content-type': type },
  })
  const { maxJobs } = (await answer.json()) as { maxJobs: number }
  expect([answer.status, maxJobs]).toEqual([200, Number(/[78]/.exec(body)?.[0])])
})

test.each([
  ['/heygen', 308, (host: string) => `${host}/api.heygen.com/v3/videos/`, '/heygen/v3/videos/'],
  ['', 307, (host: string) => `${host}/api.heygen.com/v3/videos/?a=1#b`, '/v3/videos/?a=1#b'],
  ['/heygen', 302, (host: string) => `${host}/upload.heygen.com/v1/asset`, '/heygen/v1/asset'],
  ['/heygen', 301, () => '/api.heygen.com/v3/videos/', '/heygen/v3/videos/'],
])(
  'a redirect of %s to the provider’s own hosts leads back to us (%i)',
  async (prefix, status, from, to) => {
    const location = from(standIn.url)
    standIn.answer = () => ({ status, headers: { location, link: `<${location}>; rel="x"` } })
    const answer = await gateway.fetch(`${prefix}/v3/users/me`)
    expect([answer.status, answer.headers.get('location')]).toEqual([status, gateway.url + to])
    const link = location.startsWith('http') ? gateway.url + to : location
    expect(answer.headers.get('link')).toBe(`<${link}>; rel="x"`)
  }
)

test('a redirect elsewhere is passed on as it is', async () => {
  const location = 'https://files.example.com/api.heygen.com/v3/videos'
  standIn.answer = () => ({ status: 302, headers: { location } })
  const answer = await gateway.fetch('/heygen/v3/users/me')
  expect(answer.headers.get('location')).toBe(location)
})

test.each(['location', 'link', 'refresh', 'content-location', 'x-debug'])(
  'a %s header that shows the credential, in whatever form, is dropped [I6]',
  async (name) => {
    const key = 'sk_test_ann'
    const forms = [key, key.replace('_', '%5F'), btoa(key), btoa(key).replaceAll('=', '')]
    for (const form of forms) {
      standIn.answer = () => ({
        status: 302,
        headers: { [name]: `https://files.example.com/?t=${form}`, 'x-fine': '1' },
      })
      const answer = await gateway.fetch('/heygen/v3/users/me', {
        headers: { 'x-gateway-account': 'ann@example.com' },
      })
      expect([answer.headers.get('x-fine'), answer.headers.get(name)]).toEqual(['1', null])
    }
  }
)

test.each([
  ['/heygen/v1/video.delete', '"quoted-key"', { video_id: 'x' }],
  ['/heygen/v2/video/generate', '"quoted-key-2"', { title: 't' }],
  ['/heygen/v2/video/generate', '', { title: 't' }],
  ['/heygen/v2/video/generate', '""', { title: 't' }],
])(
  'POST %s with the Idempotency-Key <%s> is not refused, as the family has none',
  async (path, key, body) => {
    const answer = await gateway.post(path, body, { 'idempotency-key': key })
    expect([answer.status, errorOf(answer)]).toEqual([200, null])
  }
)

test('a key in quotes is the key in the quotes where the family has none', async () => {
  const [first, again] = [
    await gateway.post(
      '/heygen/v2/video/generate',
      { title: 't' },
      { 'idempotency-key': '"same"' }
    ),
    await gateway.post('/heygen/v2/video/generate', { title: 't' }, { 'idempotency-key': 'same' }),
  ]
  expect(await again.text()).toBe(await first.text())
})

test('numbers that one account tells as text are added up', async () => {
  standIn.answer = ({ account }) => ({
    body: {
      data: {
        remaining_quota: account === 'ann' ? '60' : 40,
        details: { api: account === 'ann' ? 1.5 : '2' },
      },
    },
  })
  const answer = await gateway.fetch('/heygen/v2/user/remaining_quota')
  const { data } = (await answer.json()) as { data: Record<string, unknown> }
  expect([Number(data.remaining_quota), data.details]).toEqual([100, { api: 3.5 }])
})

test('a first credential that is no token of ours does not hide a second that is', async () => {
  const { token } = gateway
  const other = (await gateway.newToken()).token
  const gone = await gateway.newToken()
  await gateway.admin('DELETE', `/tokens/${gone.id}`)
  for (const first of [
    'Bearer undefined',
    'Bearer null',
    'Bearer sk_something',
    'Basic eDp5',
    `Bearer ${gone.token}`,
  ]) {
    const answer = await gateway.fetch('/heygen/v3/users/me', {
      headers: { authorization: first, 'x-api-key': token },
    })
    expect([first, answer.status]).toEqual([first, 200])
  }
  const headers = { authorization: `Bearer ${token}`, 'x-api-key': other }
  expect((await gateway.fetch('/heygen/v3/users/me', { headers })).status).toBe(200)
  const neither = { authorization: 'Bearer undefined', 'x-api-key': 'sk_something' }
  expect((await gateway.fetch('/heygen/v3/users/me', { headers: neither })).status).toBe(401)
})

test('six titles of 6 MB leave every answer of ours as it was [I7]', async () => {
  const title = 'x'.repeat(6_000_000)
  for (let n = 0; n < 6; n += 1) {
    const answer = await gateway.createVideo({
      title,
      callback_id: `${title.slice(0, 100_000)}${n}`,
    })
    expect(answer.status).toBe(200)
  }
  for (const path of ['accounts', 'scheduler', 'scheduler/available', 'jobs']) {
    const answer = await gateway.fetch(`/v1/heygen/${path}`)
    const text = await answer.text()
    expect([path, answer.status, text.length < 100_000]).toEqual([path, 200, true])
  }
})

test('an id that is too long to be one is refused before it is kept', async () => {
  const group_id = 'g'.repeat(6_000_000)
  const answer = await gateway.post('/heygen/v2/photo_avatar/train', { group_id })
  expect([answer.status, errorOf(answer)]).toEqual([400, 'bad_request'])
  expect(standIn.to('/v2/photo_avatar/train')).toEqual([])
})

test('a creation whose answer cannot be put into a header is answered all the same', async () => {
  standIn.answer = () => ({ body: { data: { video_id: 'a\nb\u0000é', status: 'waiting' } } })
  expect((await gateway.createVideo()).status).toBe(200)
  const trained = await gateway.post('/heygen/v2/photo_avatar/train', { group_id: 'a\nb' })
  expect([trained.status, trained.headers.get('x-gateway-job')]).toEqual([200, 'a%0Ab'])
})

test('of a member that stands there many times one goes up, no larger than what came', async () => {
  const many = '"callback_url":1,'.repeat(20_000)
  const body = `{${many}"title":"t","callback_url":"https://example.com/cb"}`
  const answer = await gateway.fetch('/heygen/v3/videos', {
    method: 'POST',
    body,
    headers: JSON_TYPE,
  })
  expect(answer.status).toBe(200)
  const up = standIn.to('/v3/videos').at(-1)?.body.toString() ?? ''
  expect(up.length).toBeLessThan(1000)
  expect(JSON.parse(up)).toMatchObject({ title: 't' })
})

test('a body of ours that does not say its length is read no further than it may be long', async () => {
  const status = await new Promise<number>((resolve, reject) => {
    const headers = { authorization: `Bearer ${gateway.token}`, ...JSON_TYPE }
    const sent = request(
      `${gateway.url}/v1/heygen/tts/create`,
      { method: 'POST', headers },
      (answer) => {
        resolve(answer.statusCode ?? 0)
        sent.destroy()
      }
    )
    sent.on('error', reject)
    // It is never ended: whoever waits for the whole of it does not answer.
    sent.write(' '.repeat(200_000))
  })
  expect(status).toBe(413)
})

test('voices are listed in a bounded number of calls, however far a client wants to go', async () => {
  standIn.answer = ({ path }) => {
    if (!path.startsWith('/v3/voices')) return undefined
    const data = Array.from({ length: 100 }, () => ({ voice_id: crypto.randomUUID(), name: 'v' }))
    return { body: { data, has_more: true, next_token: 'more' } }
  }
  const far = await gateway.fetch('/v1/heygen/tts/voices?page=1000000&limit=10000')
  expect([far.status, standIn.sent.length]).toEqual([400, 0])
  const all = await gateway.fetch('/v1/heygen/tts/voices?limit=10000')
  expect([all.status, standIn.sent.length <= 30 * 3]).toEqual([200, true])
})
