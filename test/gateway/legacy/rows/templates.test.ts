/** Templates of HeyGen's v2, carried by v3. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../../support/gateway.ts'
import { bodiesTo, callsTo, faultyBodies } from '../../../support/scenes/legacy/legacy-sent.ts'

let gateway: Gateway

const VARIABLES = {
  first_name: { type: 'text', content: 'Ann' },
  company: { type: 'text', content: '' },
  logo: { type: 'image', asset: { type: 'url', url: 'https://example.com/l.png' }, fit: 'cover' },
  clip: {
    type: 'video',
    asset: { type: 'asset_id', asset_id: 'clip-1' },
    fit: 'contain',
    play_style: 'loop',
    volume: 0.5,
  },
  who: { type: 'character', character_id: 'twin', character_type: 'avatar' },
  says: { type: 'voice', voice_id: 'v1', locale: null },
}

beforeAll(async () => {
  gateway = await openGateway({
    accounts: { alice: 10, bob: 10 },
    vars: { LEGACY: 'bridge' },
    simVars: { SUNSET: 'true', JOB_MS: '-1' },
  })
  await addTemplate('hello', VARIABLES)
  await addTemplate('plain', { first_name: { type: 'text', content: 'Ann' } })
})
afterAll(() => gateway.dispose())
beforeEach(() => gateway.sim.forgetRequests())

function addTemplate(id: string, variables: Record<string, unknown>) {
  const scenes = [
    {
      scene_id: 's1',
      script: 'Hi {{first_name}}',
      variables: [{ name: 'first_name', variable_type: 'text' }],
    },
    {
      scene_id: 's2',
      script: 'from {{company}}',
      variables: [{ name: 'company', variable_type: 'text' }],
    },
  ]
  const doc = { title: id, variables, scenes, scene_ids: ['s1', 's2'] }
  return gateway.sim.control('POST', '/resources', {
    account: 'bob@example.com',
    resource: 'template',
    id,
    doc,
  })
}

const generate = (id: string, body: Record<string, unknown>) =>
  gateway.post(`/heygen/v2/template/${id}/generate`, body)
const sent = async (id: string) => (await bodiesTo(gateway.sim, 'POST', `/v3/templates/${id}`))[0]

test('templates of all accounts stand in one list, as v2 had it', async () => {
  const answer = await gateway.fetch('/heygen/v2/templates')
  const { error, data } = (await answer.json()) as { error: null; data: { templates: unknown[] } }
  expect(error).toBeNull()
  expect(data.templates).toContainEqual({
    template_id: 'hello',
    name: 'hello',
    thumbnail_image_url: expect.any(String),
    aspect_ratio: null,
  })
})

test('the variables of a template stand under their properties', async () => {
  const answer = await gateway.fetch('/heygen/v2/template/hello')
  const variables = {
    first_name: { name: 'first_name', type: 'text', properties: { content: 'Ann' } },
    company: { name: 'company', type: 'text', properties: { content: '' } },
    logo: {
      name: 'logo',
      type: 'image',
      properties: { url: 'https://example.com/l.png', fit: 'cover' },
    },
    clip: {
      name: 'clip',
      type: 'video',
      properties: {
        asset_id: 'clip-1',
        fit: 'contain',
        play_style: 'loop',
        volume: 0.5,
      },
    },
    who: { name: 'who', type: 'character', properties: { character_id: 'twin', type: 'avatar' } },
    says: { name: 'says', type: 'voice', properties: { voice_id: 'v1', locale: null } },
  }
  expect(await answer.json()).toEqual({ error: null, data: { variables } })
  const older = await gateway.fetch('/heygen/v3/template/hello')
  expect(await older.json()).toMatchObject({
    error: null,
    data: {
      version: 'v4',
      variables,
      scenes: [
        {
          id: 's1',
          script: 'Hi {{first_name}}',
          variables: [{ name: 'first_name', type: 'text' }],
        },
        { id: 's2' },
      ],
    },
  })
})

test('a template that is not there is refused in the form of the path', async () => {
  const v2 = await gateway.fetch('/heygen/v2/template/nobody')
  expect([v2.status, await v2.json()]).toMatchObject([
    404,
    { data: null, error: { code: 'not_found' } },
  ])
  const v3 = await gateway.fetch('/heygen/v3/template/nobody')
  expect([v3.status, await v3.json()]).toMatchObject([404, { error: { code: 'not_found' } }])
})

test('a video of a template is started by v3 with flat variables, on the account of the template', async () => {
  const answer = await generate('hello', {
    title: 'Hello John',
    caption: 'false',
    callback_id: 'job-0042',
    dimension: { width: 1280, height: '720' },
    fps: 24,
    enable_sharing: true,
    scene_ids: [],
    unknown_member: 1,
    variables: {
      first_name: { name: 'first_name', type: 'text', properties: { content: 'John' } },
      company: 'Acme',
      logo: { name: 'logo', type: 'image', properties: { url: null, asset_id: 'a1', fit: 'crop' } },
      clip: { name: 'clip', type: 'video', properties: { url: 'https://example.com/c.mp4' } },
      who: { type: 'character', properties: { character_id: 'p1', type: 'talking_photo' } },
      says: { type: 'voice', properties: { voice_id: null } },
    },
  })
  expect([answer.status, await answer.clone().json()]).toEqual([
    200,
    expect.not.objectContaining({ data: null }),
  ])
  expect(await answer.json()).toEqual({ error: null, data: { video_id: expect.any(String) } })
  expect(answer.headers.get('x-gateway-account')).toBe('bob@example.com')
  expect(answer.headers.get('x-gateway-lost')).toBe('fps')
  expect(await sent('hello')).toEqual({
    title: 'Hello John',
    caption: false,
    callback_id: 'job-0042',
    dimension: { width: 1280, height: 720 },
    enable_sharing: true,
    variables: {
      first_name: { type: 'text', content: 'John' },
      company: { type: 'text', content: 'Acme' },
      logo: { type: 'image', asset: { type: 'asset_id', asset_id: 'a1' }, fit: 'crop' },
      clip: { type: 'video', asset: { type: 'url', url: 'https://example.com/c.mp4' } },
      who: { type: 'character', character_id: 'p1', character_type: 'talking_photo' },
    },
  })
  expect(await faultyBodies(gateway.sim)).toEqual([])
})

test('a text that is left out is the own text of the template, and never its name in braces', async () => {
  expect((await generate('hello', { variables: { company: 'Acme' } })).status).toBe(200)
  expect(await sent('hello')).toEqual({
    variables: {
      first_name: { type: 'text', content: 'Ann' },
      company: { type: 'text', content: 'Acme' },
    },
  })
  const refused = await generate('hello', { variables: { first_name: 'John' } })
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({
    error: { code: 'invalid_parameter', message: expect.stringContaining('variables.company') },
  })
  const one = await generate('hello', { scene_ids: ['s1'] })
  expect([one.status, await one.json()]).toEqual([200, expect.not.objectContaining({ data: null })])
  expect(await bodiesTo(gateway.sim, 'POST', '/v3/templates/hello')).toHaveLength(2)
})

test('a carried creation of a known template asks HeyGen once', async () => {
  await generate('plain', {})
  await gateway.sim.forgetRequests()
  expect((await generate('plain', {})).status).toBe(200)
  expect(await callsTo(gateway.sim)).toEqual(['POST /v3/templates/plain'])
})

test('a test render of a template is refused, because v3 would make a paid video', async () => {
  const answer = await generate('plain', { test: true })
  expect(answer.status).toBe(400)
  expect(await callsTo(gateway.sim)).toEqual([])
})
