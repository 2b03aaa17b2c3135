/** `requestsPerMinute`: counted for each token by itself, at every door, and named in the form of that door. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { REQUESTS_PER_MINUTE } from '#domain/access/token.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { VIDEO, type Gateway } from '../../support/gateway.ts'
import { expectLimit, limitedBy } from '../../support/scenes/tokens/limits.ts'
import { call, NEW, newStreamToken } from '../../support/scenes/streaming.ts'
import { call as callTool } from '../mcp/agent.ts'

const open = gatewaysOfFile()
const gateway = await open({ accounts: { a: 2 } })

const MOST = 30

/** Uses up the minute. A minute may begin in between, so it asks until it is refused. */
async function useUp(as: Gateway): Promise<number> {
  for (let asked = 1; asked <= 3 * MOST; asked += 1)
    if ((await as.fetch('/heygen/v3/users/me')).status === 429) return asked
  throw new Error('was never refused')
}

/** Runs it again if a new minute has begun meanwhile: the local counter begins anew with each minute of the clock. */
async function withinAMinute(what: () => Promise<void>): Promise<void> {
  const minute = () => Math.floor(Date.now() / 60_000)
  for (;;) {
    const begun = minute()
    try {
      return await what()
    } catch (error) {
      if (minute() === begun) throw error
    }
  }
}

async function started(): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, { jobsStarted }) => sum + jobsStarted, 0)
}

test('a token is refused above its limit at every door, and starts nothing; another token is not', () =>
  withinAMinute(async () => {
    const { as } = await limitedBy(gateway, { requestsPerMinute: MOST })
    const before = await started()
    const stream = await newStreamToken(as)
    expect(await useUp(as)).toBe(MOST)
    const refused = await as.createVideo()
    expect(await expectLimit(refused, 'requestsPerMinute', MOST)).toBe(59)
    expect(await refused.json()).toMatchObject({ error: { code: 'token_limit', param: null } })
    const doors: [Promise<Response>, object][] = [
      [as.fetch('/heygen/v2/videos'), { error: { code: 'token_limit' } }],
      [as.fetch('/v1/video.list'), { code: 400123 }],
      [as.fetch('/kling/v1/videos/text2video'), { code: 1303 }],
      [as.fetch('/v1/heygen/jobs'), { code: 429 }],
      [as.fetch('/v2/account'), { code: 429 }],
      [as.post('/v1/live', {}), { code: 429 }],
      [as.post('/v1/kling/videos/text2video', { prompt: 'x' }), { code: 429 }],
      [as.post('/mcp', {}), { code: 429 }],
      [call(as, stream, '/v1/streaming.new', NEW), { code: 400123 }],
    ]
    for (const [door, shape] of doors) {
      const answer = await door
      await expectLimit(answer, 'requestsPerMinute', MOST)
      expect(await answer.json()).toMatchObject(shape)
    }
    expect((await gateway.fetch('/heygen/v3/users/me')).status).toBe(200)
    expect(await started()).toBe(before)
  }))

test('a message of an agent counts once, whatever its tool asks', async () => {
  const { as } = await limitedBy(gateway, { requestsPerMinute: MOST })
  const { avatar_id, voice_id, script } = VIDEO
  // A tool that asks twice or more would be refused before the thirtieth message.
  for (let message = 0; message < MOST - 1; message += 1) {
    const told = await callTool(as, 'pool_health')
    expect(told.isError, told.content[0].text).toBeFalsy()
  }
  const made = await callTool(as, 'make_video', { avatar_id, voice_id, script })
  expect(made.isError, made.content[0].text).toBeFalsy()
})

test('each limit that a token may have is counted by a binding of its own', () =>
  withinAMinute(async () => {
    const bindings = [
      ...readFileSync('wrangler.toml', 'utf8').matchAll(
        /name = "TOKEN_RATE_(\d+)"\nnamespace_id = "(\d+)"\nsimple = \{ limit = (\d+), period = 60 \}/g
      ),
    ]
    expect(bindings.map(([, name, , limit]) => [Number(name), Number(limit)])).toEqual(
      REQUESTS_PER_MINUTE.map((most) => [most, most])
    )
    expect(new Set(bindings.map(([, , namespace]) => namespace)).size).toBe(bindings.length)
    const two = await limitedBy(gateway, { requestsPerMinute: 60 })
    expect(await useUp(two.as)).toBe(61)
    await gateway.admin('PATCH', `/tokens/${two.id}`, { requestsPerMinute: null })
    expect((await two.as.fetch('/heygen/v3/users/me')).status).toBe(200)
  }))
