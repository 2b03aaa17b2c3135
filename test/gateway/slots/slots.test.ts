import { afterAll, expect, test } from 'vitest'
import { CLOCKED, stopClock, untilMoved } from '../../support/clock/clock.ts'
import { isFull, testFull } from '../../support/full.ts'
import { Gate } from '../../support/gate.ts'
import { until } from '../../support/gateway.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'

const gatewayWith = gatewaysOfTests()

const jobOf = (answer: Response) => answer.headers.get('x-gateway-job') ?? ''

// Its kind in npm test: test/contract/slots.ts, sixty creations at once.
testFull(
  '200 creations at once fill every slot exactly, and when they are done exactly as many fit again',
  async () => {
    const gateway = await gatewayWith({
      accounts: { a: 2, b: 3, c: 5 },
      simVars: { JOB_MS: '600000' },
    })
    const storm = async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.createVideo()))
      const accepted = answers.filter((answer) => answer.status === 200)
      const refused = answers.filter((answer) => answer.status === 429)
      expect([accepted.length, refused.length]).toEqual([10, 190])
      for (const answer of refused) {
        const seconds = Number(answer.headers.get('retry-after'))
        expect(seconds).toBeGreaterThanOrEqual(5)
        expect(seconds).toBeLessThanOrEqual(60)
        expect(answer.headers.get('x-gateway-error')).toBe('slots_full')
      }
      return accepted.map(jobOf)
    }
    const first = await storm()
    await gateway.sim.finishJobs()
    for (const id of first)
      expect((await gateway.fetch(`/heygen/v3/videos/${id}`)).status).toBe(200)
    await storm()
    const { accounts } = await gateway.sim.state()
    const maxima = Object.fromEntries(accounts.map((one) => [one.email, one.maxInFlight]))
    expect(maxima).toEqual({ 'a@example.com': 2, 'b@example.com': 3, 'c@example.com': 5 })
    expect(accounts.reduce((sum, one) => sum + one.jobsStarted, 0)).toBe(20)
  }
)

// Each draw is fair, so 60 of 100 expected are missed once in a million runs, and so are 5 of 20; 70 of 100 would be
// once in 3,500.
const [DRAWS, LEAST] = isFull ? [300, 60] : [60, 5]
test(`over ${DRAWS} single creations no account of three equal ones gets fewer than ${LEAST}`, async () => {
  const gateway = await gatewayWith({ accounts: { a: 9, b: 9, c: 9 }, simVars: { JOB_MS: '0' } })
  const counts = new Map<string, number>()
  const one = async () => {
    const answer = await gateway.createVideo()
    expect(answer.status).toBe(200)
    const email = answer.headers.get('x-gateway-account') ?? ''
    counts.set(email, (counts.get(email) ?? 0) + 1)
    await gateway.fetch(`/heygen/v3/videos/${jobOf(answer)}`)
  }
  // Six at a time fill no account, whichever they draw.
  for (let round = 0; round < DRAWS / 6; round += 1)
    await Promise.all(Array.from({ length: 6 }, one))
  expect([...counts.values()].reduce((a, b) => a + b)).toBe(DRAWS)
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(LEAST)
})

test('nobody polls: every slot comes back by the alarm [I2]', async () => {
  const gateway = await gatewayWith({
    accounts: { a: 3 },
    entry: CLOCKED,
    simVars: { JOB_MS: '-1' },
  })
  await stopClock(gateway)
  for (let job = 0; job < 3; job += 1) expect((await gateway.createVideo()).status).toBe(200)
  expect((await gateway.createVideo()).status).toBe(429)
  await gateway.sim.finishJobs()
  expect(await gateway.heldSlots()).toBe(3)
  await untilMoved(gateway, async () => (await gateway.heldSlots()) === 0)
  expect((await gateway.createVideo()).status).toBe(200)
})

test('somebody polls: the slot comes back with the first finished answer [I2]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  const created = await gateway.createVideo()
  const still = await gateway.fetch(`/heygen/v3/videos/${jobOf(created)}`)
  expect(((await still.json()) as { data: { status: string } }).data.status).not.toBe('completed')
  expect((await gateway.createVideo()).status).toBe(429)
  await gateway.sim.finishJobs()
  const done = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${jobOf(created)}`)
  expect(((await done.json()) as { data: { status: string } }).data.status).toBe('completed')
  expect((await gateway.createVideo()).status).toBe(200)
})

test('a failed job gives its slot back, and shows why it failed [I2]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  const job = jobOf(await gateway.createVideo())
  await gateway.sim.control('POST', `/jobs/${job}`, { status: 'failed', message: 'no face found' })
  await gateway.fetch(`/heygen/v3/videos/${job}`)
  const shown = (await (await gateway.fetch(`/v1/heygen/jobs/${job}`)).json()) as Record<
    string,
    unknown
  >
  expect(shown).toMatchObject({
    jobid: job,
    status: 'failed',
    status_final: true,
    email: 'a@example.com',
  })
  expect((await gateway.createVideo()).status).toBe(200)
})

test('every family of creations takes a slot, and its own status row gives it back [I2]', async () => {
  const gateway = await gatewayWith({
    accounts: { a: 1 },
    simAccount: { examples: true },
    simVars: { JOB_MS: '600000' },
  })
  const cases: [string, unknown, (id: string) => string][] = [
    [
      '/v2/video/generate',
      {
        video_inputs: [
          {
            character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
            voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
          },
        ],
      },
      (id) => `/v2/videos/${id}`,
    ],
    [
      '/v2/video_translate',
      { video_url: 'https://example.com/in.mp4', output_language: 'Spanish' },
      (id) => `/v2/video_translate/${id}`,
    ],
    [
      '/v3/lipsyncs',
      {
        video: { type: 'url', url: 'https://example.com/in.mp4' },
        audio: { type: 'url', url: 'https://example.com/a.mp3' },
      },
      (id) => `/v3/lipsyncs/statuses?lipsync_ids=${id}`,
    ],
    [
      '/v2/photo_avatar/train',
      { group_id: '6b1f0a9c3d7e4f52b8c1d2e3f4a5b6c7' },
      (id) => `/v2/photo_avatar/train/status/${id}`,
    ],
    [
      '/v3/videos/batches',
      {
        title: 'Batch',
        videos: [
          {
            type: 'avatar',
            avatar_id: 'Abigail_expressive_2024112501',
            script: 'Hi',
            voice_id: '1bd001e7e50f421d891986aad5158bc8',
          },
        ],
      },
      (id) => `/v3/videos/batches/${id}`,
    ],
  ]
  for (const [path, body, status] of cases) {
    const created = await gateway.post(`/heygen${path}`, body)
    expect(created.status, `${path} ${await created.clone().text()}`).toBeLessThan(300)
    expect(await gateway.heldSlots(), path).toBe(1)
    await gateway.sim.finishJobs()
    await gateway.fetch(`/heygen${status(jobOf(created))}`)
    expect(await gateway.heldSlots(), path).toBe(0)
  }
})

test('a creation in three languages takes three slots, all or none [I1]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 4 }, simVars: { JOB_MS: '600000' } })
  const translation = {
    video: { type: 'url', url: 'https://example.com/in.mp4' },
    output_languages: ['Spanish', 'French', 'German'],
  }
  const created = await gateway.post('/heygen/v3/video-translations', translation)
  expect(jobOf(created).split(',')).toHaveLength(3)
  expect(await gateway.heldSlots()).toBe(3)
  expect((await gateway.post('/heygen/v3/video-translations', translation)).status).toBe(429)
  expect((await gateway.createVideo()).status).toBe(200)
  const many = { ...translation, output_languages: ['a', 'b', 'c', 'd', 'e'] }
  const never = await gateway.post('/heygen/v3/video-translations', many)
  expect(never.status).toBe(400)
  expect(await never.text()).toContain('no account may hold more than 4')
})

test('a full pool answers 429 in the envelope of the path that was called', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  await gateway.createVideo()
  const v3 = (await (await gateway.createVideo()).json()) as object
  expect(v3).toMatchObject({ error: { code: 'slots_full', param: null, doc_url: null } })
  const v2 = await gateway.post('/heygen/v2/videos', { avatar_id: 'x', script: 'y', voice_id: 'z' })
  expect([v2.status, await v2.json()]).toMatchObject([
    429,
    { data: null, error: { code: 'slots_full' } },
  ])
  const v1 = await gateway.post('/v1/video_agent/generate', { prompt: 'A video' })
  expect([v1.status, await v1.json()]).toMatchObject([429, { code: 400123 }])
})

test('speech holds a slot for the length of its call [I2]', async () => {
  const gate = await Gate.open()
  afterAll(() => gate.close())
  const gateway = await gatewayWith({ vars: gate.vars })
  gate.target = gateway.sim.url
  await gateway.addAccount('a', 1)
  const say = () =>
    gateway.post('/heygen/v3/voices/speech', {
      text: 'Hi',
      voice_id: '1bd001e7e50f421d891986aad5158bc8',
    })
  const held = gate.hold('POST', '/v3/voices/speech')
  const first = say()
  await held.arrived
  expect((await say()).status).toBe(429)
  held.pass()
  const said = await first
  expect(said.status).toBe(200)
  await said.text()
  await until(async () => (await gateway.heldSlots()) === 0)
  expect((await say()).status).toBe(200)
})

test('a video agent that waits for its human holds no slot', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  const created = await gateway.post('/heygen/v3/video-agents', { prompt: 'A 30-second intro' })
  const session = jobOf(created)
  await gateway.sim.control('POST', `/jobs/${session}`, { status: 'waiting_for_input' })
  await gateway.fetch(`/heygen/v3/video-agents/${session}`)
  expect(await gateway.heldSlots()).toBe(0)
})

test('a lowered limit applies at once, and a raised one too [I1]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 2 }, simVars: { JOB_MS: '600000' } })
  await gateway.createVideo()
  await gateway.post('/v1/heygen/accounts', { email: 'A@example.com', maxJobs: 1 })
  expect((await gateway.createVideo()).status).toBe(429)
  const raised = await gateway.post('/v1/heygen/accounts', { email: 'a@example.com', maxJobs: 3 })
  expect(raised.status).toBe(200)
  expect((await gateway.createVideo()).status).toBe(200)
})

test('stopping the tracking of a job keeps its slot, force=true frees it', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  const job = jobOf(await gateway.createVideo())
  const stop = (query = '') =>
    gateway.fetch(`/v1/heygen/scheduler/${job}${query}`, { method: 'DELETE' })
  expect((await stop()).status).toBe(204)
  expect(await (await gateway.fetch('/v1/heygen/scheduler')).json()).toEqual([])
  expect((await gateway.createVideo()).status).toBe(429)
  expect((await stop('?force=true')).status).toBe(204)
  expect((await gateway.createVideo()).status).toBe(200)
  const gone = await stop()
  expect([gone.status, await gone.json()]).toEqual([
    404,
    { error: `Unable to locate running task_id ${job}`, code: 404 },
  ])
})

test('a job is followed up on its own account, whichever accounts there are', async () => {
  const gateway = await gatewayWith({
    accounts: { a: 9, b: 9, c: 9 },
    simVars: { JOB_MS: '600000' },
  })
  for (let round = 0; round < 8; round += 1) {
    const created = await gateway.createVideo()
    const asked = await gateway.fetch(`/heygen/v3/videos/${jobOf(created)}`)
    expect(asked.status).toBe(200)
    expect(asked.headers.get('x-gateway-account')).toBe(created.headers.get('x-gateway-account'))
  }
})

test('a client that names the account gets that one, or 429 when it is full', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1, b: 5 }, simVars: { JOB_MS: '600000' } })
  const named = { 'x-gateway-account': 'A@Example.com' }
  expect((await gateway.createVideo({}, named)).headers.get('x-gateway-account')).toBe(
    'a@example.com'
  )
  expect((await gateway.createVideo({}, named)).status).toBe(429)
  expect(
    (await gateway.createVideo({}, { 'x-gateway-account': 'nobody@example.com' })).status
  ).toBe(404)
})

test('no other spelling of a creation’s path goes by its slot [I1]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '600000' } })
  expect((await gateway.createVideo()).status).toBe(200)
  const body = {
    type: 'avatar',
    avatar_id: 'Abigail_expressive_2024112501',
    script: 'x',
    voice_id: '1bd001e7e50f421d891986aad5158bc8',
  }
  for (const path of [
    '/heygen/v3/vide%6Fs',
    '/heygen/v3/videos/',
    '/v3/%76ideos',
    '/heygen/%763/videos',
    '/heygen/v3/videos?x=1',
  ]) {
    expect((await gateway.post(path, body)).status, path).toBe(429)
  }
  expect((await gateway.sim.account('a@example.com')).maxInFlight).toBe(1)
})
