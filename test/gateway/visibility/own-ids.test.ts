/** What is an id in a call of an own token, and which ids become its own. */
import { beforeAll, expect, test } from 'vitest'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { addCustomer, startVideo, type Customer } from '../../support/scenes/tokens/own-tokens.ts'

const open = gatewaysOfFile()
const agency = await open({ accounts: { alice: 10, bob: 10 } })
let a: Customer
let b: Customer

beforeAll(async () => {
  await addKling(agency, 'kim', { maxJobs: 20 })
  await addKling(agency, 'kai', { maxJobs: 20 })
  a = await addCustomer(agency)
  b = await addCustomer(agency)
})

test('at Kling a built-in voice and a client’s name of a picture are no ids, and a number in their place is one [I5]', async () => {
  const theirs = (await b.at.post(T2V, TEXT2VIDEO)).headers.get('x-gateway-job') ?? ''
  const speech = (voice: string) => ({ text: 'Hello.', voice_id: voice, voice_language: 'en' })
  const picture = (id: string) => ({
    contents: [
      { type: 'prompt', text: `A walk of @${id}` },
      { type: 'refer_image', id, url: 'https://files.example.com/a.png' },
    ],
  })
  const OMNI = '/kling/omni-video/kling-3.0-omni'
  const open_ = [
    await a.at.post('/kling/v1/audio/tts', speech('girlfriend_1_speech02')),
    await a.at.post('/v1/kling/tts/create', { text: 'Hello.', speakerId: 'ai_chenjiahao_712' }),
    await a.at.post(OMNI, picture('hero_of_the_story_1')),
  ]
  for (const answer of open_) expect(answer.status, await answer.text()).toBe(200)
  await agency.sim.forgetRequests()
  const refused = [
    await a.at.post('/kling/v1/audio/tts', speech(theirs)),
    await a.at.post('/v1/kling/tts/create', { text: 'Hello.', speakerId: theirs }),
    await a.at.post(OMNI, picture(theirs)),
  ]
  for (const answer of refused) {
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('There is no such thing.')
  }
  const sent = (await agency.sim.requests()).filter(({ method }) => method === 'POST')
  expect(sent).toEqual([])
})

test('a parameter or a member that a provider may read as an id is looked at, although no row has it [I5]', async () => {
  const [own, theirs] = [await startVideo(a.at), await startVideo(b.at)]
  await agency.sim.forgetRequests()
  const json = { 'content-type': 'application/json' }
  const share = { method: 'POST', body: JSON.stringify({ video_id: own }), headers: json }
  const tries: [string, RequestInit?][] = [
    [`/heygen/v1/video_status.get?video_id=${own}&video_ids=${theirs}`],
    [`/heygen/v1/video_status.get?video_id=${own}&video_id[0]=${theirs}`],
    [`/heygen/v1/video_status.get?video_id=${own}&VIDEO_ID=${theirs}`],
    [`/heygen/v1/video_status.get?video_id=${own}&videoID=${theirs}`],
    [`/heygen/v1/video_status.get?video_id=${own}&more-ids=none,${theirs}`],
    [`/heygen/v1/video/share?video_id=${theirs}`, share],
    [`/heygen/v1/video.delete?video_id=${own}&id=${theirs}`, { method: 'DELETE' }],
    [`/heygen/v3/videos/${own}?video_id=${theirs}`],
  ]
  for (const [path, init] of tries) {
    const answer = await a.at.fetch(path, init)
    expect(answer.status, path).toBe(404)
    expect(answer.headers.get('x-gateway-error')).toBe('not_found')
  }
  for (const more of [
    { newID: theirs },
    { 'new-id': theirs },
    { new_id: ` ${theirs}` },
    { new_image_key: `image/${theirs}/original.png` },
  ])
    expect((await a.at.createVideo(more)).status, JSON.stringify(more)).toBe(404)
  expect(await agency.sim.requests()).toEqual([])
  const usual = await a.at.fetch(`/heygen/v3/videos/${own}?request_id=short&page_key=2`)
  expect(usual.headers.get('x-gateway-error')).toBeNull()
})

test('a body goes up as the JSON that it was read as, whatever its client calls it [I5]', async () => {
  const [own, theirs] = [await startVideo(a.at), await startVideo(b.at)]
  await agency.sim.forgetRequests()
  await a.at.fetch('/heygen/v1/video/share', {
    method: 'POST',
    body: JSON.stringify({ video_id: own, more: `&video_id=${theirs}&` }),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const sent = (await agency.sim.requests()).filter(({ path }) => path === '/v1/video/share')
  expect(sent.map(({ headers }) => headers['content-type'])).toEqual(['application/json'])
})
