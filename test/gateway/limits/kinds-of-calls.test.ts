/** `routes` of a token: which kinds of calls it may make. Every door refuses the others, before anything is sent. */
import { expect, test } from 'vitest'
import { CALL_KINDS, type CallKind } from '#domain/access/token.ts'
import { kindOf } from '#flows/access/call-kinds.ts'
import { PROVIDERS } from '../../../src/providers/index.ts'
import { VIDEO, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { limitedBy } from '../../support/scenes/tokens/limits.ts'
import { sceneOf } from '../../support/scenes/legacy/legacy-videos.ts'
import {
  call,
  handshake,
  NEW,
  newStreamToken,
  openSession,
  socketUrl,
} from '../../support/scenes/streaming.ts'
import { upload, uploadRaw } from '../../support/scenes/uploads.ts'
import { call as callTool } from '../mcp/agent.ts'

const open = gatewaysOfFile()
const gateway = await open({
  accounts: { a: 20 },
  vars: { LEGACY: 'bridge', HEYGEN_MAX_JOBS: '20' },
})
await addKling(gateway, 'k')
const added = await gateway.admin('POST', '/routes', {
  provider: 'heygen',
  method: 'POST',
  path: '/v3/added/looks',
  kind: 'read-account',
})
expect(added.status, await added.clone().text()).toBe(201)

type Door = (as: Gateway) => Promise<Response>

const SCENE = sceneOf(VIDEO.avatar_id, { use_avatar_iv_model: true })
const SAY = { text: 'Hi', voice_id: VIDEO.voice_id }
const PNG = { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'png' }

/** A door for each way in. */
const DOORS: Record<CallKind, Record<string, Door>> = {
  read: {
    list: (as) => as.fetch('/heygen/v3/videos'),
    'at the root': (as) => as.fetch('/v3/videos'),
    'a poll': (as) => as.fetch('/v1/video_status.get?video_id=nobody'),
    'unknown path': (as) => as.fetch('/heygen/v3/unlisted/things'),
    'a row that the operator added': (as) => as.post('/heygen/v3/added/looks', {}),
    kling: (as) => as.fetch('/kling/v1/videos/text2video'),
    'our own path': (as) => as.fetch('/v1/heygen/jobs'),
    'our own account page': (as) => as.fetch('/v2/account'),
    'useapi.net’s tasks': (as) => as.fetch('/v1/kling/tasks'),
    'a ticket of a page': (as) => as.post('/v1/live', {}),
    'webhook endpoints': (as) => as.fetch('/v3/webhooks/endpoints'),
  },
  write: {
    deletion: (as) => as.fetch('/heygen/v3/videos/nobody', { method: 'DELETE' }),
    'unknown path': (as) => as.fetch('/heygen/v3/unlisted/things', { method: 'PUT', body: '{}' }),
    'our own path': (as) => as.fetch('/v1/heygen/scheduler/nobody', { method: 'DELETE' }),
    'an alert': (as) => as.post('/v1/alerts', {}),
    'what waits': (as) => as.fetch('/v1/heygen/queue/nobody', { method: 'DELETE' }),
  },
  uploads: {
    v3: (as) => as.post('/heygen/v3/assets', {}),
    'a part of a large one': (as) => as.post('/heygen/v3/assets/nobody/complete', {}),
    older: (as) => as.fetch('/v1/asset', PNG),
    'kept here for Kling': (as) => as.fetch('/v1/kling/assets', PNG),
  },
  jobs: {
    v3: (as) => as.createVideo(),
    older: (as) => as.post('/v2/video/generate', { video_inputs: [SCENE] }),
    'unknown path': (as) => as.post('/heygen/v3/unlisted/things', {}),
    kling: (as) => as.post(T2V, TEXT2VIDEO),
    useapi: (as) => as.post('/v1/kling/videos/text2video', { prompt: 'x' }),
    'many at once': (as) => as.post('/v1/heygen/queue', [{ path: '/v3/videos', body: VIDEO }]),
  },
  speech: {
    v3: (as) => as.post('/heygen/v3/voices/speech', SAY),
    useapi: (as) => as.post('/v1/heygen/tts/create', SAY),
  },
  sessions: {
    token: (as) => as.post('/v1/streaming.create_token', {}),
    'without a browser': (as) => as.post('/heygen/v1/streaming.new', NEW),
    'below v3': (as) => as.post('/heygen/v3/avatar-realtime', {}),
  },
}

async function expectForbidden(answer: Response, kind: CallKind, what: string): Promise<void> {
  const text = await answer.text()
  expect([answer.status, answer.headers.get('x-gateway-error')], `${what}: ${text}`).toEqual([
    403,
    'forbidden',
  ])
  expect(text, what).toContain(`of the kind ${kind}`)
  expect(text, what).toContain('The operator can change that')
}

test('a token without a kind is refused by the name of that kind at every door, and nothing is sent', async () => {
  const tokens = Object.fromEntries(
    await Promise.all(
      CALL_KINDS.map(async (kind) => {
        const routes = CALL_KINDS.filter((one) => one !== kind)
        return [kind, (await limitedBy(gateway, { routes })).as] as const
      })
    )
  ) as Record<CallKind, Gateway>
  await gateway.sim.forgetRequests()
  for (const kind of CALL_KINDS) {
    for (const [door, knock] of Object.entries(DOORS[kind]))
      await expectForbidden(await knock(tokens[kind]), kind, `${kind}, ${door}`)
  }
  expect(await gateway.sim.requests()).toEqual([])
})

test('a token with one kind is refused at no door of that kind', async () => {
  for (const kind of CALL_KINDS) {
    const { as } = await limitedBy(gateway, { routes: [kind] })
    for (const [door, knock] of Object.entries(DOORS[kind])) {
      const answer = await knock(as)
      const text = await answer.text()
      expect(text, `${kind}, ${door}`).not.toContain('of the kind')
      if (kind !== 'uploads') expect(answer.status, `${kind}, ${door}: ${text}`).not.toBe(403)
    }
  }
})

test('what a call needs of other kinds to be done is no call of the client', async () => {
  const { as } = await limitedBy(gateway, { routes: ['jobs', 'uploads'] })
  // It reads the look of the avatar first.
  const older = await as.post('/v2/video/generate', { video_inputs: [SCENE] })
  expect(older.status, await older.clone().text()).toBe(200)
  expect((await upload(as)).status).toBe(200)
  expect((await uploadRaw(as)).status).toBe(200)
})

test('a browser may do with its stream token what the token that made it may do, also on the chat socket', async () => {
  const older = await open({ accounts: { b: 2 } })
  const made = await limitedBy(older, { routes: ['sessions'] })
  const stream = await newStreamToken(made.as)
  await openSession(older, stream)
  await older.admin('PATCH', `/tokens/${made.id}`, { routes: ['read', 'jobs'] })
  await expectForbidden(await call(older, stream, '/v1/streaming.new', NEW), 'sessions', 'browser')
  const chatWith = (token: string) => socketUrl(older, 'session', token).replace(/^ws/, 'http')
  for (const chat of [
    handshake(chatWith(stream)),
    handshake(chatWith('t'), { authorization: `Bearer ${made.as.token}` }),
  ]) {
    const { status, body } = await chat
    expect([status, body]).toEqual([403, expect.stringContaining('of the kind sessions')])
  }
})

test('a tool for agents that makes such a call says so', async () => {
  const { as } = await limitedBy(gateway, { routes: ['read'] })
  const { avatar_id, voice_id, script } = VIDEO
  const made = await callTool(as, 'make_video', { avatar_id, voice_id, script })
  expect(made.isError).toBe(true)
  expect(made.content[0].text).toContain(
    'forbidden: This token may not make calls of the kind jobs'
  )
  expect((await callTool(as, 'pool_health')).isError).toBeFalsy()
})

test('the operator and a token without the limit may make every kind of call', async () => {
  expect((await gateway.createVideo()).status).toBe(200)
  expect((await gateway.fetch('/v1/heygen/jobs')).status).toBe(200)
})

test('every row of the route tables has a kind, and those that cost something are no reads', () => {
  for (const provider of PROVIDERS) {
    for (const route of provider.routes.table) {
      const kind = kindOf({ provider, match: { route, params: {} }, method: route.method })
      expect(CALL_KINDS).toContain(kind)
      const isFree = route.job === undefined && route.method === 'GET'
      if (kind === 'read') expect(route.job, `${route.method} ${route.path}`).toBeUndefined()
      if (isFree && route.kind !== 'streaming-session') expect(kind).toBe('read')
    }
  }
})
