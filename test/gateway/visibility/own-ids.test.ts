/** What is an id in a call of an own token, and which ids become its own. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until, type Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { Receiver } from '../../support/receiver.ts'
import { LOOPBACK } from '../../support/scenes/hooked.ts'
import { CLOCKED, stopClock, untilMoved } from '../../support/clock/clock.ts'
import { addKling, T2V, TEXT2VIDEO } from '../../support/scenes/kling.ts'
import {
  addCustomer,
  shownOf,
  startVideo,
  type Customer,
} from '../../support/scenes/tokens/own-tokens.ts'
import { uploadRaw } from '../../support/scenes/uploads.ts'

const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())
const agency = await open({ accounts: { alice: 10, bob: 10 }, vars: LOOPBACK })
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

/** The event that is told at this path. */
async function toldAt<T>(path: string): Promise<T> {
  const event = await until(async () => receiver.posts(path).at(-1))
  return JSON.parse(event?.body ?? '') as T
}

const VIDEOS = '/heygen/v3/videos'
const AGENTS = '/heygen/v3/video-agents'

/** A session of which the video's id is not known at first. */
async function startAgent(at: Gateway, path: string): Promise<string> {
  const callback_url = `${receiver.url}${path}`
  const made = await at.post(AGENTS, { prompt: 'Cats. [lateid]', callback_url })
  const { data } = (await made.json()) as { data: { session_id: string; video_id: null } }
  expect(data.video_id).toBeNull()
  return data.session_id
}

test('what an event names as made is the token’s own as soon as it is told, without a poll, and nobody else’s [I5]', async () => {
  await a.at.post(T2V, { ...TEXT2VIDEO, callback_url: `${receiver.url}/task` })
  await startAgent(a.at, '/agent')
  await agency.sim.finishJobs()
  type Task = { task_result: { videos: { id: string }[] } }
  const [video] = (await toldAt<Task>('/task')).task_result.videos
  const goOn = { video_id: video?.id, prompt: 'Go on.' }
  const { event_data } = await toldAt<{ event_data: { video_id: string } }>('/agent')
  for (const [at, status] of [[b.at, 404] as const, [a.at, 200] as const]) {
    const extended = await at.post('/kling/v1/videos/video-extend', goOn)
    expect(extended.status, await extended.text()).toBe(status)
    expect((await at.fetch(`${VIDEOS}/${event_data.video_id}`)).status).toBe(status)
  }
  expect(await (await a.at.fetch(VIDEOS)).text()).toContain(event_data.video_id)
  expect(await (await b.at.fetch(VIDEOS)).text()).not.toContain(event_data.video_id)
})

test('what a list in an own thing shows is the token’s own, such as the videos of a session [I5]', async () => {
  const { at } = await addCustomer(agency)
  const session = await startAgent(at, '/nothing')
  const listed = await at.fetch(`${AGENTS}/${session}/videos`)
  const { data } = (await listed.json()) as { data: { id: string }[] }
  const [video] = data
  expect((await at.fetch(`${VIDEOS}/${video?.id}`)).status).toBe(200)
  expect(await (await at.fetch(VIDEOS)).text()).toContain(video?.id)
  expect((await b.at.fetch(`${VIDEOS}/${video?.id}`)).status).toBe(404)
})

test('a job whose creation’s answer was lost is in the token’s list as soon as it is found, and in no other’s [I4, I5]', async () => {
  const pool = await open({ accounts: { ann: 5 }, entry: CLOCKED })
  await stopClock(pool)
  const [one, two] = [await addCustomer(pool), await addCustomer(pool)]
  await pool.sim.settings({ keyMode: 'validates-first' })
  const lost = { match: { method: 'POST', path: '/v3/videos' }, effect: { reset: 'after' } }
  await pool.sim.fault({ ...lost, times: 1 })
  await pool.sim.fault({ match: { method: 'GET', path: '/v3/videos' }, effect: { status: 503 } })
  const answer = await one.at.createVideo({ callback_id: 'of-one' })
  expect(answer.status).toBe(424)
  await pool.sim.clearFaults()
  const view = `/v1/heygen/jobs/${answer.headers.get('x-request-id')}`
  const jobid = await untilMoved(pool, async () => {
    const found = (await (await one.at.fetch(view)).json()) as { jobid: string | null }
    return found.jobid ?? undefined
  })
  expect(await (await one.at.fetch(VIDEOS)).text()).toContain(jobid)
  expect(await (await two.at.fetch(VIDEOS)).text()).not.toContain(jobid)
  expect((await two.at.fetch(`${VIDEOS}/${jobid}`)).status).toBe(404)
})

test('over the bridge the key of an own picture is own, uploaded or generated, and another token’s answers like none [I5]', async () => {
  const bridged = await open({ accounts: { ann: 10, ben: 10 }, vars: { LEGACY: 'bridge' } })
  const [one, two] = [await addCustomer(bridged), await addCustomer(bridged)]
  const { key: uploaded } = await uploadRaw(one.at)
  const look = await one.at.post('/heygen/v2/photo_avatar/photo/generate', {
    ...{ name: 'Ana', age: 'Young Adult', gender: 'Woman', ethnicity: 'Unspecified' },
    ...{ orientation: 'square', pose: 'half_body', style: 'Realistic', appearance: 'a presenter' },
  })
  const made = (await look.json()) as { data: { generation_id: string } }
  await bridged.sim.finishJobs()
  const generation = await one.at.fetch(
    `/heygen/v2/photo_avatar/generation/${made.data.generation_id}`
  )
  const { data } = (await generation.json()) as { data: { image_key_list: string[] } }
  const [generated = ''] = data.image_key_list
  const group = (at: Gateway, image_key: string) =>
    at.post('/heygen/v2/photo_avatar/avatar_group/create', { name: 'Ben', image_key })
  const none = 'image/9f3c2b7e5a1d4c0e8b6f7a2d1e0c9b99/original.png'
  for (const key of [uploaded, generated]) {
    expect(key).toMatch(/^image\//)
    const answer = await group(one.at, key)
    expect(answer.status, await answer.text()).toBe(200)
    const seen = await shownOf(await group(two.at, key), key)
    expect(seen).toEqual(await shownOf(await group(two.at, none), none))
  }
})
