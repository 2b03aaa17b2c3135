/** Voices and speech of HeyGen's v1 and v2, carried by v3. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import { bodiesTo, callsTo, faultyBodies } from '../../../support/scenes/legacy/legacy-sent.ts'
import { VOICE } from '../../../support/scenes/legacy/legacy-videos.ts'
import { testFull } from '../../../support/full.ts'

let gateway: Gateway

beforeAll(async () => {
  gateway = await openGateway({
    accounts: { alice: 10, bob: 10 },
    vars: { LEGACY: 'bridge' },
    simVars: { SUNSET: 'true' },
  })
  for (const name of ['alice', 'bob']) {
    const doc = { title: `Voice of ${name}` }
    const voice = { account: `${name}@example.com`, resource: 'voice', id: `voice-${name}`, doc }
    await gateway.sim.control('POST', '/resources', voice)
  }
})
afterAll(() => gateway.dispose())
beforeEach(async () => {
  await gateway.sim.clearFaults()
  await gateway.sim.forgetRequests()
})

type Rows = Record<string, unknown>[]
const idsOf = (rows: Rows) => rows.map((row) => row['voice_id'])
const SPEECH = '/v3/voices/speech'

test('public voices and the own voices of every account stand in one list, as v2 had it', async () => {
  const answer = await gateway.fetch('/heygen/v2/voices')
  const { error, data } = (await answer.json()) as { error: null; data: { voices: Rows } }
  expect(error).toBeNull()
  expect(idsOf(data.voices)).toEqual(expect.arrayContaining([VOICE, 'voice-alice', 'voice-bob']))
  expect(new Set(idsOf(data.voices)).size).toBe(data.voices.length)
  expect(data.voices.find((row) => row['voice_id'] === VOICE)).toEqual({
    voice_id: VOICE,
    language: 'English',
    gender: 'female',
    name: 'Ana - Cheerful',
    preview_audio: expect.any(String),
    support_pause: false,
    emotion_support: false,
    support_interactive_avatar: false,
    support_locale: false,
  })
  const older = await gateway.fetch('/heygen/v1/voice.list')
  const { data: list, ...envelope } = (await older.json()) as { data: { list: Rows } }
  expect(envelope).toEqual({ code: 100, message: 'success' })
  expect(idsOf(list.list).toSorted()).toEqual(idsOf(data.voices).toSorted())
})

test('voices that can speak a text come page by page', async () => {
  const first = await gateway.fetch('/heygen/v1/audio/voices?limit=1&type=public')
  const { data } = (await first.json()) as { data: Record<string, unknown> }
  expect(data['voices']).toHaveLength(1)
  expect(data['has_more']).toBe(true)
  const token = encodeURIComponent(String(data['token']))
  const next = await gateway.fetch(`/heygen/v1/audio/voices?limit=1&type=public&token=${token}`)
  const { data: more } = (await next.json()) as { data: Record<string, unknown> }
  expect(idsOf(more['voices'] as Rows)).not.toEqual(idsOf(data['voices'] as Rows))
  const [asked] = (await gateway.sim.requests()).filter(({ path }) => path === '/v3/voices')
  expect(asked?.query).toContain('engine=starfish')
})

test('locales have the members of v2, and a code each', async () => {
  const answer = await gateway.fetch('/heygen/v2/voices/locales')
  expect(answer.headers.get('x-gateway-carried')).toBe('GET /v3/voices')
  const { error, data } = (await answer.json()) as { error: null; data: { locales: Rows } }
  expect(error).toBeNull()
  expect(data.locales).toContainEqual({
    value: 'English (United States)',
    label: 'English (United States)',
    language: 'English',
    tag: null,
    locale: 'en-US',
    language_code: 'en-US',
  })
  for (const { locale } of data.locales) expect(locale).toMatch(/^[a-z]{2,3}-[A-Z]{2}$/)
})

test('speech of v1 is made by v3 once, and what v3 cannot say is named', async () => {
  const answer = await gateway.post('/heygen/v1/audio/text_to_speech', {
    text: 'Hello there.',
    voice_id: VOICE,
    speed: '1.2',
    pitch: 3,
    locale: 'en-GB',
  })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      error: null,
      data: {
        audio_url: expect.any(String),
        duration: expect.any(Number),
        request_id: expect.any(String),
        word_timestamps: expect.any(Array),
      },
    },
  ])
  expect(answer.headers.get('x-gateway-lost')).toBe('pitch')
  expect(await bodiesTo(gateway.sim, 'POST', SPEECH)).toEqual([
    { text: 'Hello there.', voice_id: VOICE, speed: 1.2, locale: 'en-GB' },
  ])
  expect(await gateway.heldSlots()).toBe(0)
})

test('a preview is speech of v3, by the account that owns the voice', async () => {
  const answer = await gateway.post('/heygen/v2/voices/voice-bob/preview', {
    voice_id: 'voice-bob',
    text: 'Hello there.',
    text_type: 'plain',
    settings: { speed: 3, volume: 0.5 },
    with_timestamps: false,
    generation_type: 'preview',
  })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      error: null,
      data: { audio_url: expect.any(String), duration: expect.any(Number), status: 'success' },
    },
  ])
  expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  expect(answer.headers.get('x-gateway-lost')).toBe('volume, generation_type')
  expect(await bodiesTo(gateway.sim, 'POST', SPEECH)).toEqual([
    { text: 'Hello there.', voice_id: 'voice-bob', input_type: 'text', speed: 2 },
  ])
  expect(await faultyBodies(gateway.sim)).toEqual([])
})

test('speech without a text is refused, and nothing is asked', async () => {
  const answer = await gateway.post('/heygen/v1/audio/text_to_speech', { voice_id: VOICE })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ code: 400175 })
  expect(await callsTo(gateway.sim)).toEqual([])
})

// Of its kind in `npm test`: this file: the other tests
testFull(
  'a preview with more settings than anybody can read is served like any other',
  async () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`m${n}`, 1]))
    const answer = await gateway.post('/heygen/v2/voices/voice-bob/preview', {
      text: 'Hello there.',
      settings: many,
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-gateway-lost')?.split(', ')).toHaveLength(20)
  }
)
