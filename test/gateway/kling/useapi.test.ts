/** `/v1/kling/*`: useapi.net's Kling on top of the official API. */
import { expect, test } from 'vitest'
import type { Gateway } from '../../support/gateway.ts'
import { gatewaysOfFile } from '../../support/gateways-of-file.ts'
import { addKling, klingRequests, withLongTasks } from '../../support/scenes/kling.ts'

const openGateway = withLongTasks(gatewaysOfFile())
const PICTURE = 'https://example.com/first.png'
const FILM = 'https://example.com/in.mp4'

interface Made {
  task: { id: string; status: number; status_name: string; status_final: boolean; type: string }
}

async function make(gateway: Gateway, path: string, fields: object): Promise<Made> {
  const answer = await gateway.post(`/v1/kling${path}`, fields)
  const text = await answer.text()
  expect(answer.status, text).toBe(200)
  return JSON.parse(text) as Made
}

/** What went up for the last creation: its path and body, without the name that we gave it. */
async function lastUp(gateway: Gateway): Promise<{ path: string; text: string }> {
  const seen = (await klingRequests(gateway)).findLast((one) => one.method === 'POST')
  const text = (seen?.body ?? '')
    .replace(/"options":\{"external_task_id":"[^"]*"\},/, '')
    .replace(/"external_task_id":"[^"]*",/, '')
  return { path: seen?.path ?? '', text }
}

test('a task is made, scheduled, asked about and shown as useapi.net shows it', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const made = await make(gateway, '/videos/text2video', {
    prompt: 'A cat',
    model_name: 'kling-v3-0',
    duration: 5,
    replyRef: 'mine',
  })
  const { id } = made.task
  expect(made.task).toEqual({
    id: expect.stringMatching(/^\d+$/),
    userId: null,
    type: 'text2video',
    scene: 'NORMAL_CREATION',
    status: 5,
    status_name: 'submitted',
    status_final: false,
    taskInfo: {
      type: 'text2video',
      inputs: [],
      arguments: expect.arrayContaining([{ name: 'prompt', value: 'A cat' }]),
    },
    createTime: expect.any(Number),
    updateTime: expect.any(Number),
  })
  const scheduled = await (await gateway.fetch('/v1/kling/scheduler')).json()
  expect(scheduled).toEqual([
    {
      id,
      email: 'ann@example.com',
      started: expect.any(String),
      elapsed: expect.stringMatching(/^\d\d:\d\d$/),
      replyUrl: null,
      replyRef: 'mine',
    },
  ])
  await gateway.sim.finishJobs()
  const task = await gateway.fetch(`/v1/kling/tasks/${id}`)
  expect(await task.json()).toEqual({
    status: 99,
    status_name: 'succeed',
    status_final: true,
    etaTime: 0,
    message: '',
    task: expect.objectContaining({ id, status: 99, type: 'text2video' }),
    works: [
      {
        workId: expect.stringMatching(/^\d+$/),
        taskId: id,
        status: 99,
        contentType: 'video',
        resource: {
          resource: expect.stringMatching(/^http/),
          height: null,
          width: null,
          duration: expect.any(Number),
        },
      },
    ],
  })
  expect(await (await gateway.fetch('/v1/kling/scheduler')).json()).toEqual([])
})

test('a task of the newer paths is shown in the same form, and a failed one with its reason', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const made = await make(gateway, '/videos/text2video', {
    prompt: 'A cat',
    model_name: 'kling-v3-0-turbo',
    mode: 'pro',
  })
  expect(made.task).toMatchObject({ status: 5, status_name: 'submitted' })
  await gateway.sim.control('POST', '/finish', { status: 'failed' })
  const task = await (await gateway.fetch(`/v1/kling/tasks/${made.task.id}`)).json()
  expect(task).toMatchObject({
    status: 50,
    status_name: 'failed',
    status_final: true,
    message: 'Failure to pass the risk control system',
    works: [],
  })
})

test.each([
  [
    '/videos/text2video',
    { prompt: 'x' },
    '/v1/videos/text2video',
    { model_name: 'kling-v1-6', prompt: 'x', duration: '5', mode: 'std' },
  ],
  [
    '/videos/text2video',
    { model_name: 'kling-v3-0', shot_1_prompt: 'a', shot_1_duration: 3, shot_2_prompt: 'b' },
    '/v1/videos/text2video',
    {
      model_name: 'kling-v3',
      duration: '8',
      mode: 'std',
      sound: 'on',
      multi_shot: true,
      shot_type: 'customize',
      multi_prompt: [
        { index: 1, prompt: 'a', duration: '3' },
        { index: 2, prompt: 'b', duration: '5' },
      ],
    },
  ],
  [
    '/videos/text2video',
    { model_name: 'kling-v3-0-turbo', prompt: 'x', mode: 'pro', duration: '7' },
    '/text-to-video/kling-3.0-turbo',
    { prompt: 'x', settings: { resolution: '1080p', duration: 7 } },
  ],
  [
    '/videos/image2video-frames',
    { model_name: 'kling-v2-5', image: PICTURE, enable_audio: false },
    '/v1/videos/image2video',
    {
      model_name: 'kling-v2-5-turbo',
      image: PICTURE,
      duration: '5',
      mode: 'std',
      sound: 'off',
    },
  ],
  [
    '/videos/image2video-elements',
    { image_0: PICTURE, image_1: PICTURE, prompt: 'x' },
    '/v1/videos/multi-image2video',
    {
      model_name: 'kling-v1-6',
      prompt: 'x',
      duration: '5',
      mode: 'std',
      image_list: [{ image: PICTURE }, { image: PICTURE }],
    },
  ],
  [
    '/videos/image2video-elements',
    { image_0: PICTURE, prompt: 'x', model_name: 'kling-v3-0', enable_audio: false },
    '/v1/videos/omni-video',
    {
      model_name: 'kling-v3-omni',
      prompt: 'x',
      duration: '5',
      mode: 'std',
      sound: 'off',
      image_list: [{ image_url: PICTURE }],
    },
  ],
  [
    '/videos/image2video-effects',
    { effect: 'color_mixing', image: PICTURE },
    '/v1/videos/effects',
    { effect_scene: 'color_mixing', input: { image: PICTURE } },
  ],
  [
    '/videos/lipsync',
    { video: FILM, audio: 'https://example.com/a.mp3' },
    '/v1/videos/lip-sync',
    {
      input: {
        video_url: FILM,
        mode: 'audio2video',
        audio_type: 'url',
        audio_url: 'https://example.com/a.mp3',
      },
    },
  ],
  [
    '/videos/motion-create',
    { imageUrl: PICTURE, motionUrl: FILM, keepAudio: false },
    '/v1/videos/motion-control',
    {
      model_name: 'kling-v3',
      image_url: PICTURE,
      video_url: FILM,
      keep_original_sound: 'no',
      character_orientation: 'video',
      mode: 'std',
    },
  ],
  ['/videos/add-sound', { video: FILM }, '/v1/audio/video-to-audio', { video_url: FILM }],
  [
    '/videos/omni',
    {
      prompt: 'Put @image_1 on @video_1',
      image_1: PICTURE,
      video_1: FILM,
      video_mode: 'transform',
    },
    '/v1/videos/omni-video',
    {
      model_name: 'kling-v3-omni',
      prompt: 'Put <<<image_1>>> on <<<video_1>>>',
      duration: '5',
      mode: 'std',
      image_list: [{ image_url: PICTURE }],
      video_list: [{ video_url: FILM, refer_type: 'base', keep_original_sound: 'no' }],
    },
  ],
  [
    '/avatars/video',
    { imageUrl: PICTURE, audioUrl: 'https://example.com/a.mp3' },
    '/v1/videos/avatar/image2video',
    { image: PICTURE, sound_file: 'https://example.com/a.mp3', mode: 'std' },
  ],
  [
    '/images/kolors',
    {
      prompt: 'x',
      imageCount: 2,
      reference: 'subject',
      imageReference: PICTURE,
      subjectStrength: 50,
    },
    '/v1/images/generations',
    {
      model_name: 'kling-v2-1',
      prompt: 'x',
      n: 2,
      image: PICTURE,
      image_reference: 'subject',
      image_fidelity: 0.5,
    },
  ],
  [
    '/images/kolors-elements',
    { prompt: 'x', subjectImage1: PICTURE },
    '/v1/images/multi-image2image',
    {
      model_name: 'kling-v2-1',
      prompt: 'x',
      subject_image_list: [{ subject_image: PICTURE }],
      n: 1,
    },
  ],
  [
    '/images/omni',
    { prompt: 'x', image_1: PICTURE, story_mode: true, imageCount: 3 },
    '/v1/images/omni-image',
    {
      model_name: 'kling-v3-omni',
      prompt: 'x',
      result_type: 'series',
      series_amount: 3,
      image_list: [{ image: PICTURE }],
    },
  ],
  [
    '/images/virtual-try-on',
    { humanImage: PICTURE, dressInput: PICTURE },
    '/v1/images/kolors-virtual-try-on',
    { model_name: 'kolors-virtual-try-on-v1-5', human_image: PICTURE, cloth_image: PICTURE },
  ],
])('%s with %o is %s upstream', async (path, fields, upstream, body) => {
  const gateway = await shared()
  await make(gateway, path, fields)
  const up = await lastUp(gateway)
  expect({ path: up.path, body: JSON.parse(up.text) as unknown }).toEqual({ path: upstream, body })
})

const sharedOne = openGateway().then(async (gateway) => {
  await addKling(gateway, 'ann', { maxJobs: 50 })
  return gateway
})
function shared(): Promise<Gateway> {
  return sharedOne
}

test('the number of a saved element goes up as it is written', async () => {
  const gateway = await shared()
  await gateway.post('/v1/kling/images/omni', { prompt: 'x', element_1: 'u_829836802793406551' })
  expect((await lastUp(gateway)).text).toContain(
    '"element_list":[{"element_id":829836802793406551}]'
  )
})

test('forms are taken like JSON', async () => {
  const gateway = await shared()
  const body = new FormData()
  for (const [name, value] of Object.entries({
    prompt: 'x',
    cfg_scale: '0.5',
    enable_audio: 'true',
    duration: '10',
  })) {
    body.append(name, value)
  }
  const answer = await gateway.fetch('/v1/kling/videos/text2video', { method: 'POST', body })
  expect(answer.status, await answer.text()).toBe(200)
  expect(JSON.parse((await lastUp(gateway)).text)).toEqual({
    model_name: 'kling-v1-6',
    prompt: 'x',
    cfg_scale: 0.5,
    duration: '10',
    mode: 'std',
    sound: 'on',
  })
})

test('a video is extended by the task that made it', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const made = await make(gateway, '/videos/text2video', { prompt: 'x' })
  const early = await gateway.post('/v1/kling/videos/extend', { task_id: made.task.id })
  expect([early.status, await early.json()]).toEqual([
    400,
    { error: `task_id: task ${made.task.id} has no video`, code: 400 },
  ])
  await gateway.sim.finishJobs()
  const extended = await make(gateway, '/videos/extend', { task_id: made.task.id, prompt: 'on' })
  expect(extended.task.type).toBe('video-extend')
})

test('speech answers at once', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  const answer = await gateway.post('/v1/kling/tts/create', {
    speakerId: 'oversea_male1',
    text: 'Hello',
  })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    {
      resource: expect.stringMatching(/^http/),
      status: 99,
      status_name: 'succeed',
      status_final: true,
    },
  ])
})

test('count: 1 changes nothing on any call, and another count is refused with a sentence', async () => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann', { maxJobs: 9 })
  const wish = { prompt: 'A cat', count: 1 }
  await make(gateway, '/videos/text2video', wish)
  await make(gateway, '/videos/omni', wish)
  await make(gateway, '/images/kolors', wish)
  for (const path of ['/videos/text2video', '/videos/omni', '/images/omni']) {
    const answer = await gateway.post(`/v1/kling${path}`, { ...wish, count: 2 })
    const error = 'count: only 1 is accepted, since each call makes one task; call again for more'
    expect([answer.status, await answer.json()]).toEqual([400, { error, code: 400 }])
  }
  expect((await klingRequests(gateway)).map((one) => one.body).join()).not.toContain('"count"')
})

test('email picks the account, maxJobs lowers its limit, and a full pool is 429', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const create = async (more: object) => {
    const answer = await gateway.post('/v1/kling/videos/text2video', { prompt: 'x', ...more })
    return [answer.status, answer.headers.get('x-gateway-account')]
  }
  const email = 'bob@example.com'
  expect(await create({ email })).toEqual([200, email])
  expect(await create({ email, maxJobs: 1 })).toEqual([429, email])
  expect(await create({ email, maxJobs: 2 })).toEqual([200, email])
  expect((await create({ email, maxJobs: 51 }))[0]).toBe(400)
  expect((await create({ email: 'nobody@example.com' }))[0]).toBe(404)
})

test('the history lists tasks of all accounts, and an unknown task is 404', async () => {
  const gateway = await openGateway()
  for (const name of ['ann', 'bob']) await addKling(gateway, name)
  const ids: string[] = []
  for (const email of ['ann@example.com', 'bob@example.com']) {
    ids.unshift((await make(gateway, '/videos/text2video', { prompt: 'x', email })).task.id)
  }
  const { history } = (await (
    await gateway.fetch('/v1/kling/tasks?pageSize=10&contentType=video')
  ).json()) as {
    history: { task: { id: string } }[]
  }
  expect(history.map((one) => one.task.id)).toEqual(ids)
  const unknown = await gateway.fetch('/v1/kling/tasks/123456789012345678')
  expect([unknown.status, await unknown.json()]).toEqual([
    404,
    { error: 'Unable to locate task_id 123456789012345678', code: 404 },
  ])
  const both = await gateway.fetch('/v1/kling/tasks?createdBefore=1&createdAfter=1')
  expect(both.status).toBe(400)
})

test.each([
  [1303, 429],
  [1301, 422],
  [1201, 400],
])('refusal %i is %i in useapi.net’s words', async (code, status) => {
  const gateway = await shared()
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: { code } })
  const answer = await gateway.post('/v1/kling/videos/text2video', { prompt: 'x' })
  expect(answer.status).toBe(status)
  expect(await answer.json()).toEqual({ error: expect.any(String), code: status })
})

test.each([
  [1101, 412],
  [1304, 596],
])('refusal %i of the only account is %i', async (code, status) => {
  const gateway = await openGateway()
  await addKling(gateway, 'ann')
  await gateway.sim.fault({ match: { method: 'POST' }, times: 1, effect: { code } })
  const answer = await gateway.post('/v1/kling/videos/text2video', { prompt: 'x' })
  expect(answer.status).toBe(status)
})

test.each([
  ['GET', '/tts/voices'],
  ['GET', '/videos/effects'],
  ['GET', '/videos/motions'],
  ['POST', '/videos/motion-upload'],
  ['POST', '/images/recognize-faces'],
  ['POST', '/images/upscale'],
  ['GET', '/avatars'],
  ['DELETE', '/avatars/1'],
  ['POST', '/elements'],
  ['GET', '/elements/1'],
  ['GET', '/assets/uploaded/'],
  ['DELETE', '/tasks/1'],
])('%s %s has no counterpart, and says so', async (method, path) => {
  const gateway = await shared()
  const answer = await gateway.fetch(`/v1/kling${path}`, { method })
  expect(answer.status).toBe(501)
  expect(answer.headers.get('x-gateway-error')).toBe('not_implemented')
  expect(((await answer.json()) as { error: string }).error.length).toBeGreaterThan(20)
})

test('what Kling has nothing for is refused by name', async () => {
  const gateway = await shared()
  const told = async (path: string, fields: object) => {
    const answer = await gateway.post(`/v1/kling${path}`, fields)
    return [answer.status, ((await answer.json()) as { error: string }).error]
  }
  const effect = { effect: 'color_mixing', image: PICTURE }
  expect(await told('/videos/image2video-effects', { ...effect, prompt: 'x' })).toEqual([
    400,
    expect.stringMatching(/^prompt: has no counterpart/),
  ])
  for (const silent of [{ omni_version: 'o1' }, { video_1: FILM }]) {
    const sounding = { prompt: 'x', enable_audio: true, ...silent }
    expect(await told('/videos/omni', sounding)).toEqual([
      400,
      expect.stringMatching(/^enable_audio: only/),
    ])
  }
  expect(await told('/images/kolors', { prompt: 'x', reference: 'restyle' })).toEqual([
    400,
    expect.stringMatching(/^reference: has no counterpart/),
  ])
  expect(await told('/videos/text2video', { prompt: 'x', colour: 'red' })).toEqual([
    400,
    'Unknown field colour',
  ])
})
