/** Ids that a call names: in whatever way they are written, however many there are, and what looking for them may cost. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { VIDEO } from '../../support/gateway.ts'
import { openStoodIn, type Sent } from '../../support/stand-in.ts'

const open = gatewaysOfFile()
const simulated = await open({ accounts: { ann: 9, bob: 9 }, simVars: { JOB_MS: '600000' } })
const { gateway, standIn, close } = await openStoodIn({
  accounts: { ann: 9, bob: 9 },
  vars: { LEGACY: 'pass' },
})
afterAll(close)

const by = (answer: Response) => answer.headers.get('x-gateway-account')
const errorOf = (answer: Response) => answer.headers.get('x-gateway-error')

/** Every creation is taken; what else is asked for is told by `more`. */
function taking(more: (sent: Sent) => object | undefined = () => undefined) {
  let made = 0
  return (sent: Sent) => {
    const told = more(sent)
    if (told) return { body: told }
    if (sent.method !== 'POST') return undefined
    made += 1
    return { body: { data: { video_id: `v${made}`, status: 'waiting' } } }
  }
}

beforeEach(() => {
  standIn.sent.length = 0
  standIn.answer = taking()
})

/** Another token of the same tenant, since searches are counted by token. */
async function another() {
  const listed = (await (await gateway.admin('GET', '/tokens')).json()) as {
    tokens: { tenant: string }[]
  }
  const { token } = await gateway.newToken({ tenant: listed.tokens[0]?.tenant })
  return gateway.as(token)
}

const [one, two] = await Promise.all(
  ['ann@example.com', 'bob@example.com'].map(async (email) => {
    const made = await simulated.createVideo({}, { 'x-gateway-account': email })
    return ((await made.json()) as { data: { video_id: string } }).data.video_id
  })
)

test.each([
  ['with commas', `video_ids=${one},${two}`],
  ['repeated', `video_ids=${one}&video_ids=${two}`],
  ['repeated with brackets', `video_ids[]=${one}&video_ids[]=${two}`],
  ['with brackets, encoded', `video_ids%5B%5D=${one}&video_ids%5B%5D=${two}`],
  ['with commas and spaces', `video_ids=${one},%20${two}`],
  ['both repeated and with commas', `video_ids=${one},${one}&video_ids=%20${two}`],
])('a list of ids %s asks for all of them', async (_, query) => {
  const answer = await simulated.fetch(`/heygen/v3/videos/statuses?${query}`)
  const { data } = (await answer.json()) as { data: { video_id: string; status: string }[] }
  expect([answer.status, data.map((row) => row.video_id)]).toEqual([200, [one, two]])
  expect(data.map((row) => row.status)).not.toContain('not_found')
})

test.each([
  ['a bulk status', `/heygen/v3/videos/statuses?video_ids=${one},${two}`],
  ['a list of all accounts', '/heygen/v3/videos'],
  ['a sum', '/heygen/v2/user/remaining_quota'],
])('HEAD of %s is answered as GET is, without the body', async (_, path) => {
  const get = await simulated.fetch(path)
  const head = await simulated.fetch(path, { method: 'HEAD' })
  expect([head.status, by(head), await head.text()]).toEqual([get.status, by(get), ''])
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
})

/** Thirty scenes, each with an avatar and a voice of its own. */
const scenes = (avatar = 'look', voice = 'voice') => ({
  video_inputs: Array.from({ length: 30 }, (_, n) => ({
    character: { type: 'avatar', avatar_id: `${avatar}_${n}`, avatar_style: 'normal' },
    voice: { type: 'text', input_text: 'Hello.', voice_id: `${voice}_${n}` },
  })),
})

const emptyLists = (sent: Sent) =>
  /ownership=private|type=private/.test(sent.path)
    ? { data: [], has_more: false, next_token: null }
    : undefined

test('thirty scenes with sixty unknown ids are taken, for one list of each account and resource', async () => {
  standIn.answer = taking(emptyLists)
  const made = await gateway.post('/heygen/v2/video/generate', scenes())
  expect([made.status, await made.text()]).toEqual([200, expect.stringContaining('video_id')])
  const reads = standIn.sent.filter((sent) => sent.method === 'GET')
  expect(reads.map((sent) => `${sent.account} ${sent.path.split('?')[0]}`).toSorted()).toEqual([
    'ann /v3/avatars/looks',
    'ann /v3/voices',
    'bob /v3/avatars/looks',
    'bob /v3/voices',
  ])
})

test('an own avatar among many public ones decides the account, on whatever page of its list it stands', async () => {
  standIn.answer = taking((sent) => {
    if (!/ownership=private|type=private/.test(sent.path)) return undefined
    const isBobs = sent.account === 'bob' && sent.path.includes('looks')
    if (!isBobs) return { data: [], has_more: false, next_token: null }
    const isSecond = sent.path.includes('token=p2')
    return isSecond
      ? { data: [{ id: 'mine_7' }], has_more: false, next_token: null }
      : { data: [{ id: 'other' }], has_more: true, next_token: 'p2' }
  })
  for (let round = 0; round < 4; round += 1) {
    const made = await gateway.post('/heygen/v2/video/generate', scenes('mine', 'theirs'))
    expect([made.status, by(made)]).toEqual([200, 'bob@example.com'])
  }
})

test('of more unknown ids than are looked for the rest is not, and the call goes on', async () => {
  const client = await another()
  const items = Array.from({ length: 120 }, (_, n) => ({ ...VIDEO, avatar_id: `gone_${n}` }))
  const made = await client.post('/heygen/v2/video/generate', {
    video_inputs: items.map(({ avatar_id }) => ({ character: { type: 'avatar', avatar_id } })),
  })
  expect([made.status, errorOf(made)]).toEqual([200, null])
  const reads = standIn.sent.filter((sent) => sent.path.startsWith('/v3/avatars/looks/'))
  expect(reads.length).toBeLessThanOrEqual(2 * 30)
})

test('eight thousand ids in one body are no reason to refuse it, and cost no more than fifty', async () => {
  const client = await another()
  const made = await client.post('/heygen/v2/video/generate', {
    video_inputs: Array.from({ length: 8000 }, (_, n) => ({
      voice: { type: 'audio', audio_asset_id: `many_${n}` },
    })),
  })
  expect([made.status, errorOf(made)]).toEqual([200, null])
  expect(standIn.sent.length).toBeLessThan(2 * 50 + 10)
})

test('a known id among very many decides as ever', async () => {
  const client = await another()
  standIn.answer = (sent) =>
    sent.host === 'upload.heygen.com' ? { body: { data: { id: 'known_asset' } } } : taking()(sent)
  const uploaded = await client.fetch('/heygen/v1/asset', { method: 'POST', body: 'bytes' })
  const ids = ['known_asset', ...Array.from({ length: 3000 }, (_, n) => `unknown_${n}`)]
  const made = await client.post('/heygen/v2/video/generate', {
    video_inputs: ids.map((id) => ({ voice: { type: 'audio', audio_asset_id: id } })),
  })
  expect([made.status, by(made)]).toEqual([200, by(uploaded)])
})

test('what has no form of an id is not looked for', async () => {
  const odd = ['two words', 'a/b', 'é', 'x'.repeat(200), '<id>']
  for (const voice_id of odd) {
    const made = await gateway.createVideo({ voice_id, avatar_id: 'no id either' })
    expect([made.status, voice_id]).toEqual([200, voice_id])
  }
  expect(standIn.sent.filter((sent) => sent.method === 'GET')).toEqual([])
})

test('a token causes thirty searches a minute and is then told to wait; what is known is answered all the while', async () => {
  const client = await another()
  const other = await another()
  const answers: Response[] = []
  for (let n = 0; n < 35; n += 1)
    answers.push(await client.fetch(`/heygen/v3/videos/searched_${n}`))
  expect(answers.map((answer) => answer.status)).toEqual([
    ...Array.from({ length: 30 }, () => 404),
    ...Array.from({ length: 5 }, () => 503),
  ])
  const last = answers.at(-1)
  expect(last && errorOf(last)).toBe('account_unavailable')
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
  expect((await client.fetch('/heygen/v3/videos/searched_3')).status).toBe(404)
  expect((await client.fetch('/heygen/v3/users/me')).status).toBe(200)
  expect((await other.fetch('/heygen/v3/videos/searched_99')).status).toBe(404)
})
