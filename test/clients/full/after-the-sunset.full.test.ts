/** Published clients of HeyGen's older API, unmodified, on a HeyGen that serves v3 only. */
import { afterAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver } from '../../support/receiver.ts'
import { openAfterSunset } from '../../support/scenes/legacy/after-sunset.ts'
import { callNaming, LOOPBACK } from '../../support/scenes/hooked.ts'
import { faultyBodies } from '../../support/scenes/legacy/legacy-sent.ts'
import { runCode } from '../run-client.ts'
import { n8n } from './n8n.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

const SDK = `
  import { HeygenSDK } from '@teamduality/heygen-typescript-sdk'
  const sdk = new HeygenSDK(process.env.TOKEN)
  const show = (value) => console.log(JSON.stringify(value))
  const refused = (call) => call.then(() => 'ok', ({ statusCode, message }) => ({ statusCode, message }))
  const inputs = (character) => ({ video_inputs: [{
    character,
    voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
  }] })
`

async function said(gateway: Parameters<typeof runCode>[0], code: string): Promise<unknown> {
  const { stdout, stderr } = await runCode(gateway, SDK + code)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout) as unknown
}

const TEXT = expect.stringMatching(/./) as string

test('the TypeScript SDK lists, uploads, makes, follows and deletes; its webhook gets the older form', async () => {
  const gateway = await openAfterSunset(open, { simVars: { JOB_MS: '-1' }, vars: LOOPBACK })
  const wish = { url: `${receiver.url}/sdk`, events: ['avatar_video.success'] }
  const added = await callNaming(() => gateway.post('/heygen/v1/webhook/endpoint.add', wish))
  expect(added.status).toBe(200)
  const first = (await said(
    gateway,
    `const { avatars, talking_photos } = await sdk.avatars.list()
    const { voices } = await sdk.voices.list()
    const { avatar_group_list } = await sdk.avatars.listGroups()
    const { languages } = await sdk.videos.translation.listLanguages()
    const { remaining_quota } = await sdk.user.getRemainingQuota()
    const asset = await sdk.assets.upload(new Blob(['png']), 'image/png')
    const photo = await sdk.ai.talkingPhoto.upload(new Blob(['png']), 'image/png')
    const made = await sdk.videos.generation.create(
      inputs({ type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' }))
    const spoken = await sdk.videos.generation.create(
      inputs({ type: 'talking_photo', talking_photo_id: photo.talking_photo_id, use_avatar_iv_model: true }))
    const status = await sdk.videos.generation.get(made.video_id)
    const ids = [made.video_id, spoken.video_id]
    show({ avatars: avatars[0], photos: talking_photos.length, voices: voices[0], groups: avatar_group_list.length,
      languages: languages.length, remaining_quota, asset, photo, ids, status })`
  )) as { ids: string[] }
  expect(first).toMatchObject({
    avatars: { avatar_id: TEXT, avatar_name: TEXT },
    voices: { voice_id: TEXT, language: TEXT },
    remaining_quota: 1500,
    asset: { id: TEXT, file_type: 'image', url: TEXT },
    photo: { talking_photo_id: TEXT, talking_photo_url: TEXT },
    ids: [TEXT, TEXT],
    status: { id: first.ids[0], error: null },
  })
  await gateway.sim.finishJobs()
  for (const id of first.ids) {
    const newer = await gateway.fetch(`/heygen/v3/videos/${id}`)
    expect(await newer.json()).toMatchObject({ data: { id, status: 'completed' } })
  }
  const told = (await receiver.heard('/sdk', 2)).map(({ body }) => JSON.parse(body) as unknown)
  const event = (id?: string): unknown =>
    expect.objectContaining({
      event_type: 'avatar_video.success',
      event_data: expect.objectContaining({ video_id: id, url: TEXT }) as unknown,
    })
  expect(told).toEqual(expect.arrayContaining(first.ids.map(event)))
  const last = await said(
    gateway,
    `const id = '${first.ids[0]}'
    const status = await sdk.videos.generation.get(id)
    const { videos } = await sdk.videos.management.list({ limit: 10 })
    await sdk.videos.generation.delete(id)
    show({ status, videos, gone: await refused(sdk.videos.generation.get(id)),
      upscale: await refused(sdk.photoAvatars.upscale({ id: 'x' })),
      stream: await refused(sdk.streaming.create({ quality: 'low' })) })`
  )
  expect(last).toMatchObject({
    status: { status: 'completed', video_url: TEXT, duration: expect.any(Number) as number },
    videos: expect.arrayContaining(
      first.ids.map((video_id) => expect.objectContaining({ video_id, status: 'completed' }))
    ) as unknown,
    gone: { statusCode: 404, message: 'Video not found' },
    upscale: { statusCode: 410, message: expect.stringContaining('/v3/videos') as string },
    stream: { statusCode: 410, message: expect.stringContaining('liveavatar.com') as string },
  })
  expect(await gateway.sim.control('GET', '/bill')).toMatchObject({ calls: 2 })
  expect(await faultyBodies(gateway.sim)).toEqual([])
})

test('the TypeScript SDK translates a video and follows the translation', async () => {
  const gateway = await openAfterSunset(open, { simVars: { JOB_MS: '-1' } })
  const { id } = (await said(
    gateway,
    `const made = await sdk.videos.translation.translate({
      video_url: 'https://example.com/a.mp4', output_language: 'Spanish (Spain)', title: 'Demo' })
    show({ id: made.video_translate_id, before: await sdk.videos.translation.getStatus(made.video_translate_id) })`
  )) as { id: string }
  await gateway.sim.finishJobs()
  const done = await said(gateway, `show(await sdk.videos.translation.getStatus('${id}'))`)
  expect(done).toMatchObject({ video_translate_id: id, status: 'success', url: TEXT })
  expect(await gateway.sim.control('GET', '/bill')).toMatchObject({ calls: 1 })
})

test('HeyGen’s n8n node, whose templates are still those of v2, lists them and makes a video of one', async () => {
  const gateway = await openAfterSunset(open, { simVars: { JOB_MS: '-1' } })
  await gateway.sim.control('POST', '/resources', {
    account: 'b@example.com',
    resource: 'template',
    title: 'Greeting',
  })
  const { run, stop } = n8n(gateway)
  const base = { resource: 'video', operation: 'createTemplateVideo' }
  const choices = await run({ ...base, options: 'getTemplatesList' })
  const [template] = (choices.json?.data ?? []) as unknown as { name: string; value: string }[]
  expect(template, JSON.stringify(choices)).toEqual(
    expect.objectContaining({ name: TEXT, value: TEXT })
  )
  const chosen = { ...base, templateIDString: template?.value, caption: false }
  const unnamed = await run(chosen)
  expect(unnamed.error?.description).toContain('first_name')
  const variable = [{ key: 'first_name', type: 'text', textContent: 'Ana' }]
  const made = await run({ ...chosen, templateVariables: { variable } })
  const id = made.json?.data?.['video_id']
  expect(id, JSON.stringify(made)).toEqual(TEXT)
  await gateway.sim.finishJobs()
  const got = await run({ resource: 'video', operation: 'getVideoStatus', videoId: id })
  expect(got.json?.data).toMatchObject({ id, status: 'completed' })
  expect(await gateway.sim.control('GET', '/bill')).toMatchObject({ calls: 1 })
  expect(await faultyBodies(gateway.sim)).toEqual([])
  stop()
})
