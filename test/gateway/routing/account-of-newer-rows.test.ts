/** What HeyGen added in October and November 2026: each call is taken for what it is, on the account it concerns. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await openGateway({ accounts: { a: 9, b: 9, c: 9 }, simVars: { JOB_MS: '-1' } })
})
afterAll(() => gateway.dispose())

const by = (answer: Response) => answer.headers.get('x-gateway-account')
const B = 'b@example.com'
const ROUNDS = [1, 2, 3, 4, 5, 6]

type Data = { data: Record<string, unknown> }
const dataOf = async (answer: Response) => ((await answer.json()) as Data).data

/** A thing made outside the gateway. */
async function outside(resource: string, id: string, doc = {}): Promise<string> {
  const form = resource === 'avatar' ? 'look' : ''
  await gateway.sim.control('POST', '/resources', { account: B, resource, id, form, doc })
  return id
}

/** Ends what runs, and looks at each, so that its slot is free. */
async function endAll(...paths: string[]): Promise<void> {
  await gateway.sim.finishJobs()
  for (const path of paths) expect((await gateway.fetch(`/heygen/v3${path}`)).status).toBe(200)
}

const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

test('a cinematic video, and one in a batch, runs where the looks of its list are', async () => {
  const look = await outside('avatar', 'look-of-b')
  const video = { type: 'cinematic_avatar', prompt: 'x', avatar_id: [look] }
  for (const _ of ROUNDS) {
    const made = await gateway.post('/heygen/v3/videos', video)
    expect([made.status, by(made)]).toEqual([200, B])
    const batch = await gateway.post('/heygen/v3/videos/batches', { title: 'x', videos: [video] })
    expect([batch.status, by(batch)]).toEqual([202, B])
    await endAll(`/videos/${jobOf(made)}`, `/videos/batches/${jobOf(batch)}`)
  }
})

test('three words on v3 paths are calls of their own, and are looked for on no account', async () => {
  const before = await outside('proofread', 'proofread-of-b')
  await gateway.sim.forgetRequests()
  const voices = await gateway.fetch('/heygen/v3/videos/voice-capabilities')
  expect(voices.status).toBe(200)
  expect(await gateway.sim.requests()).toHaveLength(1)
  const proofreads = await gateway.fetch('/heygen/v3/video-translations/proofreads')
  expect(await proofreads.json()).toMatchObject({ data: [{ id: before }], has_more: false })
  const packs = await gateway.fetch('/heygen/v3/avatars/look-templates')
  expect(await packs.json()).toMatchObject({ data: [{ id: 'pack_office_f' }] })
  const asked = (await gateway.sim.requests()).map((one) => one.path)
  expect(new Set(asked)).toEqual(
    new Set([
      '/v3/videos/voice-capabilities',
      '/v3/video-translations/proofreads',
      '/v3/avatars/look-templates',
    ])
  )
})

test('a model video holds a slot, is polled where it runs, and frees it when it is cancelled [I1]', async () => {
  const held = await gateway.heldSlots()
  const body = { model: 'heygen-video-1', mode: 'text_to_video', prompt: 'Rain' }
  const made = await gateway.post('/heygen/v3/models/videos', body)
  expect(made.status).toBe(202)
  const id = (await dataOf(made)).video_id as string
  expect(made.headers.get('x-gateway-job')).toBe(id)
  expect(await gateway.heldSlots()).toBe(held + 1)
  const poll = () => gateway.fetch(`/heygen/v3/models/videos/${id}`)
  for (const _ of ROUNDS) expect([(await poll()).status, by(await poll())]).toEqual([200, by(made)])
  await gateway.sim.control('POST', `/jobs/${id}`, { status: 'cancelled' })
  expect((await dataOf(await poll())).status).toBe('cancelled')
  expect(await gateway.heldSlots()).toBe(held)
})

test('a voice in training holds a slot until it is ACTIVE, and speaks where it was trained', async () => {
  const held = await gateway.heldSlots()
  const body = { mode: 'instant', name: 'Dana', audio: [] }
  const made = await gateway.post('/heygen/v3/models/audio/voices', body)
  expect(made.status).toBe(202)
  const id = (await dataOf(made)).voice_id as string
  expect(await gateway.heldSlots()).toBe(held + 1)
  await gateway.sim.control('POST', `/jobs/${id}`, {})
  const poll = await gateway.fetch(`/heygen/v3/models/audio/voices/${id}`)
  expect((await dataOf(poll)).status).toBe('ACTIVE')
  expect(await gateway.heldSlots()).toBe(held)
  for (const _ of ROUNDS) {
    const spoken = await gateway.post('/heygen/v3/models/audio/tts', { voice_id: id, text: 'Hi' })
    expect([spoken.status, by(spoken)]).toEqual([200, by(made)])
  }
})

test('looks are made on the account of the look they start from, and each of them is counted', async () => {
  const held = await gateway.heldSlots()
  const look = await outside('avatar', 'look-to-start-from', { group_id: 'g1' })
  const body = { type: 'look_pack', reference_look_id: look, template_id: 'pack_office_f' }
  const made = await gateway.post('/heygen/v3/avatars/looks', body)
  expect([made.status, by(made)]).toEqual([200, B])
  const looks = (await dataOf(made)).looks as { id: string }[]
  expect(looks).toHaveLength(3)
  expect(await gateway.heldSlots()).toBe(held + 3)
  await gateway.sim.finishJobs()
  for (const { id } of looks) {
    const poll = await gateway.fetch(`/heygen/v3/avatars/looks/${id}`)
    expect([poll.status, by(poll)]).toEqual([200, B])
  }
  expect(await gateway.heldSlots()).toBe(held)
})

test('a folder is found through v3, also after the sunset; an empty folder id belongs to nobody', async () => {
  await gateway.sim.control('POST', '/settings', { sunset: true })
  const folder_id = await outside('folder', 'folder-of-b')
  for (const _ of ROUNDS) {
    const read = await gateway.fetch(`/heygen/v3/folders/${folder_id}`)
    expect([read.status, by(read)]).toEqual([200, B])
    const made = await gateway.createVideo({ folder_id })
    expect([made.status, by(made)]).toEqual([200, B])
    await endAll(`/videos/${jobOf(made)}`)
  }
  for (const empty of ['', null]) {
    await gateway.sim.forgetRequests()
    const made = await gateway.createVideo({ folder_id: empty })
    expect(made.status).toBe(200)
    expect((await gateway.sim.requests()).map((one) => one.path)).toEqual(['/v3/videos'])
    await endAll(`/videos/${jobOf(made)}`)
  }
  await gateway.sim.control('POST', '/settings', { sunset: false })
})

test('a template that v2 calls name is found through v3, and a 404 of a retired path is not remembered', async () => {
  await gateway.sim.control('POST', '/settings', { sunset: true })
  const template = await outside('template', 'template-of-b')
  expect((await gateway.fetch(`/heygen/v2/template/${template}`)).status).toBe(404)
  const photo = await outside('photo-generation', 'photo-of-b')
  const path = `/heygen/v2/photo_avatar/generation/${photo}`
  expect((await gateway.fetch(path)).status).toBe(404)
  await gateway.sim.control('POST', '/settings', { sunset: false })
  for (const _ of ROUNDS) {
    const read = await gateway.fetch(`/heygen/v2/template/${template}`)
    expect([read.status, by(read)]).toEqual([200, B])
    const shown = await gateway.fetch(path)
    expect([shown.status, by(shown)]).toEqual([200, B])
  }
})

test('an image that failed at poll time for want of credit parks its account, which has none', async () => {
  const made = await gateway.post('/heygen/v3/models/images', {
    model: 'heygen-image-1',
    mode: 'identity_remix',
    identity_images: [{ type: 'url', url: 'https://example.com/[nocredit].jpg' }],
  })
  expect(made.status).toBe(202)
  const id = (await dataOf(made)).generation_id as string
  await gateway.sim.control('POST', `/jobs/${id}`, {
    status: 'failed',
    code: 'insufficient_credit',
  })
  const email = by(made) ?? ''
  const key = `sk_test_${email.split('@')[0]}`
  await gateway.sim.addAccount(email, key, { credits: 0 })
  await gateway.fetch(`/heygen/v3/models/images/${id}`)
  const view = await gateway.fetch(`/v1/heygen/accounts/${by(made)}`)
  expect(JSON.stringify(await view.json())).toContain('credit')
})
