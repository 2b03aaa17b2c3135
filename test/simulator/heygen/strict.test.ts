import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { CATALOGUE } from '../../../simulator/heygen/catalogue/catalogue.ts'
import { schemaOf } from '../../../simulator/heygen/catalogue/schemas.ts'
import { findSchemaFaults } from '../../../simulator/heygen/calls/schema-faults.ts'
import { openSimulator, VIDEO } from '../open-simulator.ts'

const simulator = await openSimulator()
afterAll(() => simulator.dispose())
beforeEach(() => simulator.sim('DELETE', 'bodies'))
afterEach(() => simulator.sim('POST', 'settings', { strict: false, sunset: false }))

const post = (path: string, body: unknown) => simulator.call('POST', path, { body })
const bodies = () => simulator.sim('GET', 'bodies')
const IMAGE = { type: 'url', url: 'https://example.com/a.png' }
const STUDIO = {
  type: 'studio',
  scenes: [
    {
      type: 'avatar_video',
      input: {
        type: 'avatar',
        avatar_id: VIDEO.avatar_id,
        script: 'One.',
        background: { type: 'video', url: 'https://example.com/b.mp4' },
      },
    },
    { type: 'image', source: IMAGE, duration: 2 },
  ],
}

test('each documented example of a v3 body is valid by its schema', () => {
  const known = CATALOGUE.filter((row) => schemaOf(`${row.method} ${row.path}`))
  const wrong = known.flatMap((row) => {
    const name = `${row.method} ${row.path}`
    const faults = findSchemaFaults(schemaOf(name) ?? {}, row.requestExample)
    return faults.map((fault) => `${name}: ${fault.message}`)
  })
  expect(known.length).toBeGreaterThan(30)
  expect(wrong).toEqual([])
})

test('a strict HeyGen refuses unknown, missing and wrong members, and names them', async () => {
  await simulator.sim('POST', 'settings', { strict: true })
  const refusals: [unknown, string][] = [
    [{ ...VIDEO, test: true }, 'test'],
    [{ ...VIDEO, type: undefined }, 'type'],
    [{ ...VIDEO, avatar_id: undefined }, 'avatar_id'],
    [{ ...VIDEO, engine: 'avatar_iii' }, 'engine'],
    [{ ...VIDEO, voice_settings: { speed: '1.1' } }, 'voice_settings.speed'],
    [{ ...VIDEO, voice_settings: { speed: 9 } }, 'voice_settings.speed'],
    [{ ...VIDEO, background: { type: 'color', value: '#fff', fit: 'cover' } }, 'background.fit'],
    [{ ...STUDIO, scenes: [{ type: 'image', source: { ...IMAGE, id: 1 } }] }, 'scenes.0.source.id'],
    [{ ...STUDIO, scenes: [] }, 'scenes'],
    [{ type: 'image', image: IMAGE, script: 'Hi', engine: { type: 'avatar_iii' } }, 'engine'],
  ]
  for (const [body, param] of refusals) {
    const answer = await post('/v3/videos', body)
    expect([param, answer.status, answer.body.error]).toMatchObject([
      param,
      400,
      { code: 'invalid_parameter', param },
    ])
  }
  const seen = await bodies()
  expect(seen).toMatchObject({ checked: refusals.length, refused: refusals.length })
  expect(seen.unknown).toEqual([
    'POST /v3/videos test',
    'POST /v3/videos background.fit',
    'POST /v3/videos scenes.0.source.id',
    'POST /v3/videos engine',
  ])
})

test('a strict HeyGen takes what the schemas list', async () => {
  await simulator.sim('POST', 'settings', { strict: true })
  const engine = { type: 'avatar_iv' }
  for (const body of [{ ...VIDEO, engine, folder_id: null }, STUDIO])
    expect((await post('/v3/videos', body)).status).toBe(200)
  expect(await bodies()).toMatchObject({ checked: 2, refused: 0, unknown: [], bad: [] })
})

test('a HeyGen that is not strict keeps what is wrong, and after a sunset it refuses it', async () => {
  const body = { ...VIDEO, test: false }
  expect((await post('/v3/videos', body)).status).toBe(200)
  expect((await bodies()).unknown).toEqual(['POST /v3/videos test'])
  await simulator.sim('POST', 'settings', { sunset: { v2: '410' } })
  expect((await post('/v3/videos', body)).status).toBe(400)
})
