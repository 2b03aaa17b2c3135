/** Carried calls during an outage of HeyGen: what could not be read is not said to be missing, so the client may repeat. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'
import { openStoodIn, type Sent, type StoodIn, type Told } from '../../support/stand-in.ts'

let stoodIn: StoodIn
/** Which reads fail. */
let fails: (sent: Sent) => boolean

beforeAll(async () => {
  const vars = { LEGACY: 'bridge' }
  stoodIn = await openStoodIn({ accounts: { alice: 9, bob: 9 }, vars })
  stoodIn.standIn.answer = (sent) => (fails(sent) ? { status: 500, body: '' } : told(sent))
})
afterAll(() => stoodIn.close())
beforeEach(() => {
  fails = () => false
  stoodIn.standIn.sent.length = 0
})

const LOOK = { id: 'look-of-bob', group_id: 'group-of-bob', supported_api_engines: ['avatar_iii'] }
const IN_LIST = /^\/v3\/avatars\/looks\?/

/** Bob has a group with one look, and an upload. Undefined: not found. */
function told({ method, path, account }: Sent): Told | undefined {
  if (method === 'DELETE' && path === '/v3/assets/upload') return { body: { data: {} } }
  if (IN_LIST.test(path)) {
    const isHis = account === 'bob' && /group_id=group-of-bob.*ownership=private/.test(path)
    return { body: { data: isHis ? [LOOK] : [], has_more: false, next_token: null } }
  }
  if (method === 'POST') return { body: { data: { video_id: 'made' } } }
  return undefined
}

async function ask(method: string, path: string, body?: unknown) {
  const { gateway, standIn } = stoodIn
  const answer = await gateway.fetch(`/heygen${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'x-gateway-join': 'no' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  await answer.text()
  const starts = standIn.sent.filter((sent) => sent.method === 'POST').length
  return { status: answer.status, starts }
}

const generate = (avatarId: string) =>
  ask('POST', '/v2/video/generate', { video_inputs: [sceneOf(avatarId)] })

test.each([
  ['GET', '/v2/avatar/group-of-bob/details', 200],
  ['GET', '/v2/photo_avatar/group-of-bob', 200],
  ['GET', '/v2/photo_avatar/train/status/group-of-bob', 200],
  ['GET', '/v2/avatar/nobodys/details', 404],
])('%s %s is not answered 404 while the looks cannot be read', async (method, path, usual) => {
  fails = (sent) => IN_LIST.test(sent.path)
  expect((await ask(method, path)).status).toBe(500)
  fails = (sent) => IN_LIST.test(sent.path) && sent.account === 'bob'
  expect((await ask(method, path)).status).toBe(502)
  fails = () => false
  expect((await ask(method, path)).status).toBe(usual)
})

test('an avatar that may be at an account that fails is not said to be missing, and no video is made', async () => {
  fails = (sent) => IN_LIST.test(sent.path) && sent.account === 'bob'
  expect(await generate('group-of-bob')).toEqual({ status: 502, starts: 0 })
  expect(await generate('nobodys')).toEqual({ status: 502, starts: 0 })
  fails = () => false
  expect(await generate('group-of-bob')).toEqual({ status: 200, starts: 1 })
  expect((await generate('nobodys')).status).toBe(404)
})

test('a talking photo whose upload could not be deleted is not said to be missing', async () => {
  const path = '/v2/talking_photo/upload'
  fails = (sent) => sent.path === '/v3/assets/upload'
  expect((await ask('DELETE', path)).status).toBeGreaterThanOrEqual(500)
  fails = () => false
  expect((await ask('DELETE', path)).status).toBe(200)
})
