/** Every older call that names somebody's ids, carried on three accounts of which one has them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nameOf } from '../../support/catalogue/catalogue.ts'
import { callOfOwner, kindOfOwned, onlyTenant, OWNED } from '../../support/catalogue/owned-rows.ts'
import { isCarried } from '../../support/catalogue/carried-rows.ts'
import { oneOfEach } from '../../support/full.ts'
import { openGateway } from '../../support/gateway.ts'
import { addLook, sceneOf, VOICE } from '../../support/scenes/legacy/legacy-videos.ts'

const OWNER = 'bob@example.com'
const gateway = await openGateway({
  accounts: { ann: 10, bob: 10, cid: 10 },
  simVars: { JOB_MS: '600000', SYNC_MS: '5', SUNSET: 'true' },
})
afterAll(() => gateway.dispose())
const LOOK = { generation_id: '4f0c2d5b9e3a47d1a6c8e7b2f1903d5c' }
const tenant = await onlyTenant(gateway)

/** v3 trains by itself, so nothing is asked. A generation is a look in v3. */
const CASES = OWNED.filter(isCarried)
  .filter((row) => !row.path.endsWith('/train'))
  .map((row) => (row.pathExample['generation_id'] ? { ...row, pathExample: LOOK } : row))

test.each(oneOfEach(CASES, kindOfOwned).map((row) => ({ name: nameOf(row), row })))(
  '$name is carried at the owner of its ids, and no other account does its work',
  async ({ row }) => {
    const { answer, seen } = await callOfOwner(gateway, { row, tenant, owner: OWNER })
    expect(answer.headers.get('x-gateway-carried')).toMatch(/^(GET|POST|PUT|PATCH|DELETE) \/v3\//)
    expect(answer.headers.get('x-gateway-account')).toBe(OWNER)
    expect(seen.filter(({ path }) => !path.startsWith('/v3/'))).toEqual([])
    expect(seen.filter(({ account }) => account === OWNER).length).toBeGreaterThan(0)
  }
)

beforeAll(async () => {
  for (const [id, avatar_type] of [
    ['own-twin', 'digital_twin'],
    ['own-photo', 'photo_avatar'],
  ] as const)
    await addLook(gateway.sim, 'bob', id, { avatar_type }, ['avatar_iii', 'avatar_iv'])
  for (const resource of ['voice', 'asset', 'folder', 'brand-glossary', 'avatar-group'])
    await gateway.sim.control('POST', '/resources', {
      account: OWNER,
      resource,
      id: `own-${resource}`,
    })
})

const ABIGAIL = 'Abigail_expressive_2024112501'
const TEXT = { script: 'Hello there.', voice_id: VOICE }
const scene = (more: object) => ({ video_inputs: [{ ...sceneOf(ABIGAIL), ...more }] })
const clip = (more: object) => ({ clips: [{ input_text: 'Hi', voice_id: VOICE, ...more }] })
const IN = { video_url: 'https://example.com/in.mp4', title: 'Demo', output_language: 'Spanish' }

/** Ids of one account at every place in a body where the older call takes them. */
const PLACES: [place: string, path: string, body: object][] = [
  ['avatar_id', '/v2/video/generate', { video_inputs: [sceneOf('own-twin')] }],
  [
    'talking_photo_id',
    '/v2/video/generate',
    scene({ character: { type: 'talking_photo', talking_photo_id: 'own-photo' } }),
  ],
  [
    'voice_id',
    '/v2/video/generate',
    scene({ voice: { type: 'text', input_text: 'Hi', voice_id: 'own-voice' } }),
  ],
  [
    'audio_asset_id',
    '/v2/video/generate',
    scene({ voice: { type: 'audio', audio_asset_id: 'own-asset' } }),
  ],
  [
    'image_asset_id',
    '/v2/video/generate',
    scene({ background: { type: 'image', image_asset_id: 'own-asset' } }),
  ],
  [
    'video_asset_id',
    '/v2/video/generate',
    scene({ background: { type: 'video', video_asset_id: 'own-asset' } }),
  ],
  ['folder_id', '/v2/video/generate', { ...scene({}), folder_id: 'own-folder' }],
  [
    'avatar_id of the second scene',
    '/v2/video/generate',
    { video_inputs: [sceneOf(ABIGAIL), sceneOf('own-twin')] },
  ],
  ['avatar_id', '/v1/video.webm', { avatar_id: 'own-twin', input_text: 'Hello.', voice_id: VOICE }],
  [
    'voice_id',
    '/v1/video.webm',
    { avatar_id: ABIGAIL, input_text: 'Hello.', voice_id: 'own-voice' },
  ],
  ['avatar_id', '/v1/video.generate', clip({ avatar_id: 'own-twin' })],
  ['talking_photo_id', '/v1/video.generate', clip({ talking_photo_id: 'own-photo' })],
  ['voice_id', '/v1/video.generate', clip({ avatar_id: ABIGAIL, voice_id: 'own-voice' })],
  ['avatar_id', '/v2/videos', { avatar_id: 'own-twin', ...TEXT }],
  ['voice_id', '/v2/videos', { avatar_id: ABIGAIL, ...TEXT, voice_id: 'own-voice' }],
  ['image_asset_id', '/v2/videos', { image_asset_id: 'own-asset', ...TEXT }],
  ['audio_asset_id', '/v2/videos', { avatar_id: ABIGAIL, audio_asset_id: 'own-asset' }],
  ['image_key', '/v2/video/av4/generate', { image_key: 'image/own-asset/original.jpg', ...TEXT }],
  ['avatar_id', '/v1/video_agent/generate', { prompt: 'Hi', config: { avatar_id: 'own-twin' } }],
  [
    'files',
    '/v1/video_agent/generate',
    { prompt: 'Hi', files: [{ type: 'asset_id', asset_id: 'own-asset' }] },
  ],
  ['folder_id', '/v2/video_translate', { ...IN, folder_id: 'own-folder' }],
  ['brand_voice_id', '/v2/video_translate', { ...IN, brand_voice_id: 'own-brand-glossary' }],
  ['folder_id', '/v2/video_translate/proofread', { ...IN, folder_id: 'own-folder' }],
  [
    'brand_voice_id',
    '/v2/video_translate/proofread',
    { ...IN, brand_voice_id: 'own-brand-glossary' },
  ],
  [
    'avatar_group_id',
    '/v2/video_avatar',
    {
      training_footage_url: 'https://example.com/a.mp4',
      video_consent_url: 'https://example.com/b.mp4',
      avatar_name: 'Dana',
      avatar_group_id: 'own-avatar-group',
    },
  ],
  ['voice_id', '/v1/audio/text_to_speech', { text: 'Hello.', voice_id: 'own-voice' }],
  ['parent_id', '/v1/folders/create', { name: 'Clients', parent_id: 'own-folder' }],
]

test.each(
  oneOfEach(PLACES, ([place, path]) => `${path.slice(0, 3)} ${place.includes('asset')}`).map(
    ([place, path, body]) => ({ place, path, body })
  )
)('$path with $place of one account is made there, and nowhere else', async ({ path, body }) => {
  await gateway.sim.forgetRequests()
  // Each with a token of its own: one may cause thirty searches a minute.
  const { token } = await gateway.newToken({ tenant })
  const answer = await gateway.as(token).post(`/heygen${path}`, body)
  expect([answer.status, await answer.text()]).toEqual([200, expect.any(String)])
  expect(answer.headers.get('x-gateway-account')).toBe(OWNER)
  const made = (await gateway.sim.requests()).filter(({ method }) => method !== 'GET')
  expect(made.length).toBeGreaterThan(0)
  expect(made.every(({ account }) => account === OWNER)).toBe(true)
  await gateway.sim.finishJobs()
  const jobs = answer.headers.get('x-gateway-job')?.split(',') ?? []
  for (const job of jobs)
    await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
})
