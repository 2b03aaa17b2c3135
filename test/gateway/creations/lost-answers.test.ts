/** What a client gets when the answer to its creation was lost: the real answer, or one that nobody pays for twice. */
import { afterAll, expect, test } from 'vitest'
import { testFull } from '../../support/full.ts'
import { openGateway, until, type Gateway } from '../../support/gateway.ts'
import { addKling, TEXT2VIDEO } from '../../support/scenes/kling.ts'

/** One for all: a tenant of its own each, and of everything that counts the account's own. */
const shared = await openGateway({ timeScale: 10, simVars: { JOB_MS: '-1' } })
afterAll(() => shared.dispose())

const CREATE = { method: 'POST', path: '/v3/videos' }
const LOST = { reset: 'after' }
const key = (text: string) => ({ 'idempotency-key': text })
let tenants = 0

type SuspectedFault = Record<string, unknown>

interface Pool {
  gateway: Gateway
  emails: string[]
  started(): Promise<number>
  /** Answers of this pool's accounts are lost. */
  lose(match: SuspectedFault, times?: number, effect?: SuspectedFault): Promise<void>
}

async function pool(size = 2): Promise<Pool> {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.sim.clearFaults()
  await gateway.sim.settings({ keyMode: 'key-first' })
  tenants += 1
  const emails: string[] = []
  for (let index = 0; index < size; index += 1) {
    emails.push(await gateway.addAccount(`t${tenants}-${index}`, 10))
  }
  return {
    gateway,
    emails,
    async started() {
      const { accounts } = await gateway.sim.state()
      const mine = accounts.filter((one) => emails.includes(one.email))
      return mine.reduce((sum, one) => sum + one.jobsStarted, 0)
    },
    async lose(match, times, effect = LOST) {
      await gateway.sim.fault({ match, effect, ...(times === undefined ? {} : { times }) })
    },
  }
}

const errorOf = (answer: Response) => answer.headers.get('x-gateway-error')
const jobOf = (answer: Response) => answer.headers.get('x-gateway-job')

/** Neither the key nor the list tells: the client must be told that nobody knows. */
async function loseForGood({ lose }: Pool): Promise<void> {
  await lose(CREATE)
  await lose({ method: 'GET', path: '/v3/videos' }, undefined, { status: 503 })
}

test('a creation whose answer was lost is answered with its job, in the same call [I4]', async () => {
  const own = await pool()
  await own.lose(CREATE, 1)
  const answer = await own.gateway.createVideo()
  expect(answer.status, await answer.clone().text()).toBe(200)
  const { data } = (await answer.json()) as { data: { video_id: string; status: string } }
  expect([data.video_id, data.status]).toEqual([jobOf(answer), 'waiting'])
  expect(own.emails).toContain(answer.headers.get('x-gateway-account'))
  expect([await own.started(), await own.gateway.heldSlots()]).toEqual([1, 1])
  const status = await own.gateway.fetch(`/heygen/v3/videos/${data.video_id}`)
  expect([status.status, status.headers.get('x-gateway-account')]).toEqual([
    200,
    answer.headers.get('x-gateway-account'),
  ])
})

test('on a legacy path it is found by its callback id and answered in that path’s shape', async () => {
  const own = await pool()
  await own.lose({ method: 'POST', path: '/v2/video/generate' }, 1)
  const answer = await own.gateway.post('/heygen/v2/video/generate', {
    callback_id: 'legacy-77',
    video_inputs: [
      {
        character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
        voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
      },
    ],
  })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { error: null, data: { video_id: jobOf(answer) } },
  ])
  expect(await own.started()).toBe(1)
})

test('Kling’s is found by the name that we gave it, and answered as Kling answers a new task', async () => {
  const own = await pool(0)
  await addKling(own.gateway, `lost${tenants}`)
  const path = '/v1/videos/text2video'
  await own.lose({ method: 'POST', path }, 1)
  const answer = await own.gateway.post(`/kling${path}`, TEXT2VIDEO)
  expect([answer.status, await answer.json()]).toMatchObject([
    200,
    { code: 0, data: { task_id: jobOf(answer), task_status: 'submitted' } },
  ])
  expect(jobOf(answer)).toMatch(/^\d+$/)
})

test('an outcome that nobody knows is a 424 that says not to try again, and the same call three times is one job [I4]', async () => {
  const own = await pool()
  await loseForGood(own)
  const first = await own.gateway.createVideo({ callback_id: 'thrice' })
  expect([first.status, errorOf(first)]).toEqual([424, 'outcome_unknown'])
  expect(first.headers.get('x-should-retry')).toBe('false')
  expect(first.headers.has('x-gateway-joined')).toBe(false)
  const request = first.headers.get('x-request-id')
  for (const _ of [2, 3]) {
    const again = await own.gateway.createVideo({ callback_id: 'thrice' })
    expect([again.status, errorOf(again)]).toEqual([424, 'outcome_unknown'])
    expect(again.headers.get('x-gateway-joined')).toBe(request)
  }
  expect(await own.started()).toBe(1)
  await own.gateway.sim.clearFaults()
  const found = await until(async () => {
    const answer = await own.gateway.createVideo({ callback_id: 'thrice' })
    return answer.status === 200 && answer
  })
  expect(found.headers.get('x-gateway-joined')).toBe(request)
  const { data } = (await found.json()) as { data: { video_id: string } }
  expect([data.video_id, await own.started()]).toEqual([jobOf(found), 1])
  // It was told: the next one is a wish of its own.
  const next = await own.gateway.createVideo({ callback_id: 'thrice' })
  expect([next.status, next.headers.has('x-gateway-joined')]).toEqual([200, false])
  expect(await own.started()).toBe(2)
})

test('a repeat that says it is none makes a new job; so do another body, another token, and a key', async () => {
  const own = await pool()
  await loseForGood(own)
  expect((await own.gateway.createVideo({ callback_id: 'constant' })).status).toBe(424)
  await own.gateway.sim.clearFaults()
  await own.lose({ method: 'GET', path: '/v3/videos' }, undefined, { status: 503 })
  const others = [
    await own.gateway.createVideo({ callback_id: 'constant' }, { 'x-gateway-join': 'no' }),
    // Apps put constants into callback_id.
    await own.gateway.createVideo({ callback_id: 'constant', script: 'Another.' }),
    await own.gateway.createVideo({ callback_id: 'constant' }, key('mine')),
  ]
  expect(others.map((answer) => answer.status)).toEqual([200, 200, 200])
  expect(new Set(others.map(jobOf)).size).toBe(3)
  expect(await own.started()).toBe(4)
})

test('five equal calls are five jobs while no outcome is unknown', async () => {
  const own = await pool(1)
  const answers = await Promise.all(Array.from({ length: 5 }, () => own.gateway.createVideo()))
  expect(new Set(answers.map(jobOf)).size).toBe(5)
  expect(await own.started()).toBe(5)
})

test('a lost generation of speech is told apart from a new wish: its repeat is not sent [I4]', async () => {
  const own = await pool(1)
  const path = '/v3/voices/speech'
  const body = { text: 'Hello', voice_id: '1bd001e7e50f421d891986aad5158bc8' }
  await own.lose({ method: 'POST', path }, 1)
  await own.gateway.sim.forgetRequests()
  const [first, again] = [
    await own.gateway.post(`/heygen${path}`, body),
    await own.gateway.post(`/heygen${path}`, body),
  ]
  expect([first.status, again.status]).toEqual([424, 424])
  expect(again.headers.get('x-gateway-joined')).toBe(first.headers.get('x-request-id'))
  expect(await again.text()).toContain('X-Gateway-Join')
  const sent = (await own.gateway.sim.requests()).filter((one) => one.path === path)
  expect(sent).toHaveLength(1)
  expect((await own.gateway.post(`/heygen${path}`, body, { 'x-gateway-join': 'no' })).status).toBe(
    200
  )
})

test('under a key it is in progress while it is looked for, and given with its job once it is found [I4]', async () => {
  const own = await pool()
  await loseForGood(own)
  const ask = () => own.gateway.createVideo({ callback_id: 'keyed' }, key('order:1'))
  const first = await ask()
  expect([first.status, errorOf(first), first.headers.get('retry-after')]).toEqual([
    409,
    'request_in_progress',
    '5',
  ])
  expect((await ask()).status).toBe(409)
  await own.gateway.sim.clearFaults()
  const found = await until(async () => {
    const answer = await ask()
    return answer.status === 200 && answer
  })
  expect(jobOf(found)).toBeTruthy()
  const again = await ask()
  expect([again.status, jobOf(again), await again.text()]).toEqual([
    200,
    jobOf(found),
    await found.text(),
  ])
  expect(await own.started()).toBe(1)
})

// In moved time: test/contract/slots.ts.
testFull('what never arrived frees its key: the client’s own retry makes the job', async () => {
  const own = await pool()
  await own.lose(CREATE, 1, { reset: 'before' })
  const ask = () => own.gateway.createVideo({ callback_id: 'absent' }, key('order:2'))
  // In scaled time: two looks over the whole list, some twelve seconds.
  const made = await until(async () => {
    const answer = await ask()
    if (answer.status !== 200) expect([409, 424]).toContain(answer.status)
    return answer.status === 200 && answer
  })
  expect(jobOf(made)).toBeTruthy()
  expect([await own.started(), await own.gateway.heldSlots()]).toEqual([1, 1])
})

for (const keyMode of ['ignores', 'validates-first', 'stores-refusals']) {
  test(`a HeyGen that ${keyMode} keys costs no second job, no slot too many and no refusal of ours [I4]`, async () => {
    const own = await pool()
    await own.gateway.sim.settings({ keyMode })
    await own.lose(CREATE, 1)
    const ask = () => own.gateway.createVideo({ callback_id: keyMode }, key(`order-${keyMode}`))
    const found = await until(async () => {
      const answer = await ask()
      expect([200, 409, 424]).toContain(answer.status)
      return answer.status === 200 && answer
    })
    expect(jobOf(found)).toBeTruthy()
    expect(jobOf(await ask())).toBe(jobOf(found))
    expect([await own.started(), await own.gateway.heldSlots()]).toEqual([1, 1])
  })
}

test('a 2xx that names a job is accepted whatever its code says [I4]', async () => {
  const own = await pool(1)
  const body = { code: 40119, message: 'Strange', data: { video_id: 'named-anyway' } }
  await own.lose(CREATE, 1, { status: 200, body })
  const answer = await own.gateway.createVideo()
  expect([answer.status, jobOf(answer), await answer.json()]).toEqual([200, 'named-anyway', body])
  expect(await own.gateway.heldSlots()).toBe(1)
})

test('a filled error without any id is a refusal, in the provider’s words, that frees the slot', async () => {
  const own = await pool(1)
  for (const body of [
    { data: null, error: 'Avatar not found' },
    { data: null, error: { message: 'bad' } },
    { success: false, message: 'no' },
  ]) {
    await own.lose(CREATE, 1, { status: 200, body })
    const answer = await own.gateway.createVideo()
    expect([answer.status, await answer.json(), errorOf(answer)]).toEqual([200, body, null])
    expect(await own.gateway.heldSlots()).toBe(0)
  }
})

test('a creation that only asks to be checked holds no slot, and its answer passes through', async () => {
  const own = await pool(1)
  const path = '/v3/video-translations'
  for (const data of [{ video_translation_ids: [] }, { valid: true }, null]) {
    await own.lose({ method: 'POST', path }, 1, { status: 200, body: { data } })
    const answer = await own.gateway.post(`/heygen${path}`, {
      video: { type: 'url', url: 'https://files.example.com/v.mp4' },
      output_languages: ['Spanish'],
      validate_only: true,
    })
    expect([answer.status, await answer.json()]).toEqual([200, { data }])
    expect(await own.gateway.heldSlots()).toBe(0)
  }
})

const HOSTILE = ['a\nb', 'a\u0000b', '😀'.repeat(9), '\ud800', 'x'.repeat(10_000), 'a, b', 'ü']

test('whatever an id is made of, a creation that was accepted is answered, never with an error of ours [I4]', async () => {
  const own = await pool(1)
  for (const id of HOSTILE) {
    await own.lose(CREATE, 1, { status: 200, body: { data: { video_id: id } } })
    const named = await own.gateway.createVideo()
    expect([named.status, errorOf(named)], JSON.stringify(id).slice(0, 40)).toEqual([200, null])
  }
  const path = '/v2/photo_avatar/train'
  // What a client names at such length is refused before anything is sent.
  for (const id of HOSTILE.filter((text) => text.length < 512)) {
    // One slot each: what is trained here never ends by itself.
    const single = await pool(1)
    await single.lose({ method: 'POST', path }, 1, {
      status: 200,
      body: { error: null, data: null },
    })
    const trained = await single.gateway.post(`/heygen${path}`, { group_id: id })
    expect([trained.status, errorOf(trained)], JSON.stringify(id).slice(0, 40)).toEqual([200, null])
  }
})

test('the key that goes up is never the client’s text, and another one for another attempt [I4]', async () => {
  const own = await pool(1)
  await own.gateway.sim.forgetRequests()
  await own.gateway.createVideo({}, key('client-text'))
  await own.gateway.createVideo()
  await own.gateway.createVideo({}, key('client-text-2'))
  await own.gateway.post('/heygen/v3/unheard-of', { a: 1 })
  await own.gateway.post('/heygen/v3/unheard-of', { a: 1 }, key('rowless'))
  const sent = (await own.gateway.sim.requests()).filter((one) => one.method === 'POST')
  const keys = sent.map((one) => one.headers['idempotency-key'])
  expect(keys).toHaveLength(5)
  expect(keys[3]).toBeUndefined()
  for (const one of [keys[0], keys[1], keys[2], keys[4]]) expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(new Set(keys).size).toBe(5)
})

test('on useapi.net’s paths it is the same: the task where it is found, else a 424, and repeats join', async () => {
  const own = await pool(1)
  const email = await addKling(own.gateway, `useapi${tenants}`)
  const match = { method: 'POST', path: '/v1/videos/text2video' }
  await own.lose(match, 1)
  const wish = { prompt: 'A calm sunrise', model_name: 'kling-v2-master' }
  const found = await own.gateway.post('/v1/kling/videos/text2video', wish)
  expect([found.status, await found.json()]).toMatchObject([200, { task: { id: jobOf(found) } }])
  await own.lose(match)
  await own.lose({ method: 'GET', host: 'kling' }, undefined, { code: 5001 })
  const first = await own.gateway.post('/v1/kling/videos/text2video', wish)
  const again = await own.gateway.post('/v1/kling/videos/text2video', wish)
  expect([first.status, await first.json()]).toMatchObject([424, { code: 424 }])
  expect([again.status, again.headers.get('x-should-retry')]).toEqual([424, 'false'])
  expect(again.headers.get('x-gateway-joined')).toBe(first.headers.get('x-request-id'))
  expect((await own.gateway.sim.account(email)).jobsStarted).toBe(2)
})
