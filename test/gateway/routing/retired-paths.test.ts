/** HeyGen without its v1 and v2: what the gateway asks by itself goes on, and a retired path proves nothing. */
import { afterAll, afterEach, expect, test } from 'vitest'
import { advance, CLOCKED, MINUTE, SECOND, stopClock } from '../../support/clock/clock.ts'
import { openGateway } from '../../support/gateway.ts'

const gateway = await openGateway({
  accounts: { ann: 9, bob: 9 },
  simVars: { JOB_MS: '-1' },
  entry: CLOCKED,
})
await stopClock(gateway)
afterAll(() => gateway.dispose())
afterEach(() => gateway.sim.settings({ sunset: false }))

const BOB = 'bob@example.com'
const ROUNDS = [1, 2, 3, 4, 5]
const by = (answer: Response) => answer.headers.get('x-gateway-account')
const outside = (resource: string, id: string, doc = {}) =>
  gateway.sim.control('POST', '/resources', { account: BOB, resource, id, doc })

test('languages are listed before and after the old list is retired', async () => {
  const languagesOf = async () => {
    const answer = await gateway.fetch('/v1/heygen/tts/languages')
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { languages: Record<string, unknown>[] }).languages
  }
  const members = ['value', 'label', 'language', 'tag', 'locale', 'language_code'].toSorted()
  const before = await languagesOf()
  await gateway.sim.settings({ sunset: true })
  const after = await languagesOf()
  for (const list of [before, after]) {
    expect(list.length).toBeGreaterThan(0)
    expect(Object.keys(list[0] ?? {}).toSorted()).toEqual(members)
  }
  expect(after.map((one) => one['language'])).toContain('English')
})

test('a folder made outside is found by its v3 read, and what is put into it goes to its account', async () => {
  await gateway.sim.settings({ sunset: true })
  await outside('folder', 'folder-of-bob')
  for (const _ of ROUNDS) {
    expect(by(await gateway.fetch('/heygen/v3/folders/folder-of-bob'))).toBe(BOB)
    const made = await gateway.createVideo({ folder_id: 'folder-of-bob' })
    expect([made.status, by(made)]).toEqual([200, BOB])
    await gateway.sim.finishJobs()
    await gateway.fetch(`/heygen/v3/videos/${made.headers.get('x-gateway-job')}`)
  }
})

test('what a retired path does not know is not held to be missing', async () => {
  await outside('knowledge-base', 'knowledge-of-bob')
  const change = () =>
    gateway.post('/heygen/v1/streaming/knowledge_base/knowledge-of-bob', {
      name: 'x',
      opening: 'x',
      prompt: 'x',
    })
  await gateway.sim.settings({ sunset: true })
  expect((await change()).status).toBe(404)
  await gateway.sim.settings({ sunset: false })
  for (const _ of ROUNDS) expect(by(await change())).toBe(BOB)
})

test('a lost creation of v2 is found on the list of v3 when that of v1 is retired [I4]', async () => {
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v2/video' },
    effect: { reset: 'after' },
  })
  await gateway.sim.fault({ match: { path: '/v1/video.list' }, times: 9, effect: { status: 500 } })
  const lost = await gateway.post('/heygen/v2/video/generate', {
    video_inputs: [
      {
        character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
        voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
      },
    ],
  })
  expect(lost.status).toBe(424)
  await gateway.sim.clearFaults()
  await gateway.sim.settings({ sunset: true })
  await advance(gateway, 2 * MINUTE)
  await advance(gateway, 2 * MINUTE)
  expect(await gateway.heldSlots()).toBe(1)
  await gateway.sim.finishJobs()
  for (let passed = 0; passed < 20; passed += 2) await advance(gateway, 2 * MINUTE)
  expect(await gateway.heldSlots()).toBe(0)
  await advance(gateway, 5 * SECOND)
})
