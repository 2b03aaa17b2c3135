/** Accounts that cannot be added as they were sent, and odd emails that can: what was added can be read, named and removed. */
import { expect, test } from 'vitest'
import { oneOfEach } from '../../support/full.ts'
import {
  ACCOUNTS,
  checkRefusal,
  NEW,
  NO_OBJECTS,
  openRaw,
} from '../../support/scenes/raw-requests.ts'

const { gateway, send, sendJson, checkNothingWentUp, checkOnlyAnn } = await openRaw()

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

/** One text, one number and one other value of each field. */
function kindOf([name]: [string, unknown]): string {
  const [, field, start = ''] =
    /^(maxJobs|email|apiKey) (-?\d|"|null$|true$|\[|\{)/.exec(name) ?? []
  if (field === undefined) return name
  return `${field} ${start === '"' ? 'text' : /\d/.test(start) ? 'number' : 'other'}`
}

test.each(oneOfEach(BAD_ACCOUNTS, kindOf))(
  'an account is not added from JSON with %s',
  async (_, body) => {
    await checkNotAdded({ body, headers: { 'content-type': 'application/json' } })
  }
)

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

test.each(oneOfEach(BAD_FORMS, kindOf))(
  'an account is not added from a form with %s',
  async (_, fields) => {
    const body = new FormData()
    for (const [name, value] of fields) body.append(name, value)
    await checkNotAdded({ body })
  }
)

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
