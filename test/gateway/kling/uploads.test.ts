/** useapi.net's uploads for Kling: kept by the gateway for a day, since Kling has none. */
import { afterAll, expect, test } from 'vitest'
import { textAt } from '#domain/text/json-pointer.ts'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { addKling, klingRequests } from '../../support/scenes/kling.ts'
import { testFull } from '../../support/full.ts'

const shared = await openGateway({ simVars: { JOB_MS: '600000' } })
afterAll(() => shared.dispose())

const PATH = '/v1/kling/assets'
/** The simulator remembers 64 KiB of a body. */
const PICTURE = Uint8Array.from({ length: 40_000 }, (_, index) => (index * 7) % 256)
const MIB = 1024 * 1024
let tenants = 0

async function tenant(at: Gateway = shared): Promise<Gateway> {
  const gateway = at.as((await at.newToken()).token)
  tenants += 1
  await addKling(gateway, `assets${tenants}`, { maxJobs: 9 })
  await gateway.sim.forgetRequests()
  return gateway
}

function upload(
  gateway: Gateway,
  type: string | undefined,
  body: BodyInit = PICTURE,
  path = `${PATH}/`
) {
  const headers = type === undefined ? {} : { 'content-type': type }
  const half = body instanceof ReadableStream ? { duplex: 'half' } : {}
  return gateway.fetch(path, { method: 'POST', headers, body, ...half } as RequestInit)
}

async function uploaded(gateway: Gateway, type = 'image/png', body: BodyInit = PICTURE) {
  const answer = await upload(gateway, type, body)
  expect(answer.status).toBe(200)
  return ((await answer.json()) as { url: string }).url
}

async function bytesAt(url: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(url)).arrayBuffer())
}

async function lastUp(gateway: Gateway): Promise<Record<string, unknown>> {
  const seen = (await klingRequests(gateway)).findLast((one) => one.method === 'POST')
  return JSON.parse(seen?.body ?? '') as Record<string, unknown>
}

const base64 = Buffer.from(PICTURE).toString('base64')

test('a raw file is kept, and served whole to whoever knows its address, with no token [I7]', async () => {
  const gateway = await tenant()
  for (const path of [PATH, `${PATH}/`, `${PATH}/?email=assets%40example.com`]) {
    const answer = await upload(gateway, 'image/png', PICTURE, path)
    const body = (await answer.json()) as { url: string; resourceUrl: string }
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(Object.keys(body)).toEqual(['url', 'resourceUrl'])
    expect(body.url).toBe(body.resourceUrl)
    expect(body.url.slice(gateway.url.length)).toMatch(/^\/files\/[\w-]{43}\.png$/)
    const served = await fetch(body.url)
    expect(Buffer.from(await served.arrayBuffer()).equals(Buffer.from(PICTURE))).toBe(true)
  }
})

test('what is served can be nothing but data in a browser', async () => {
  const gateway = await tenant()
  const url = await uploaded(gateway, 'video/mp4; codecs="avc1"')
  for (const method of ['GET', 'HEAD']) {
    const served = await fetch(url, { method })
    expect(served.status).toBe(200)
    expect(Object.fromEntries(served.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': String(PICTURE.length),
      'content-disposition': 'attachment',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    expect((await served.arrayBuffer()).byteLength).toBe(method === 'GET' ? PICTURE.length : 0)
  }
  expect((await fetch(url, { method: 'POST' })).status).not.toBe(200)
})

test('a form’s file is taken, whatever its field is called', async () => {
  const gateway = await tenant()
  const form = new FormData()
  form.set('email', 'x@example.com')
  form.set('picture', new File([PICTURE], 'first.jpg', { type: 'image/jpeg' }))
  const answer = await upload(gateway, undefined, form)
  const { url } = (await answer.json()) as { url: string }
  expect(url).toMatch(/\.jpg$/)
  expect((await bytesAt(url)).equals(Buffer.from(PICTURE))).toBe(true)
})

test.each([
  ['text/html', 400],
  ['image/svg+xml', 400],
  ['application/octet-stream', 400],
  ['application/json', 400],
  [undefined, 400],
])('a file of type %s is refused with a sentence', async (type, status) => {
  const gateway = await tenant()
  const body = type === undefined ? new Blob([PICTURE]) : PICTURE
  const answer = await upload(gateway, type, body)
  const { error } = (await answer.json()) as { error: string }
  expect([answer.status, error]).toEqual([status, expect.stringMatching(/^The file must be image/)])
})

test('an empty file and a form without one are refused', async () => {
  const gateway = await tenant()
  const form = new FormData()
  form.set('email', 'x@example.com')
  expect((await upload(gateway, 'image/png', new Uint8Array())).status).toBe(400)
  expect((await upload(gateway, undefined, form)).status).toBe(400)
})

/** Without a Content-Length. */
function streamOf(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      controller.enqueue(new Uint8Array(Math.min(MIB, left)))
      left -= MIB
    },
  })
}

// Of its kind in `npm test`: this file: a film that Kling cannot fetch, too much for one body
testFull(
  '25 MiB are kept; more is 413 that asks for a URL, whether its length is said or not',
  async () => {
    const gateway = await tenant()
    const most = new Uint8Array(25 * MIB)
    most[25 * MIB - 1] = 7
    expect((await bytesAt(await uploaded(gateway, 'image/png', most))).equals(most)).toBe(true)
    expect((await bytesAt(await uploaded(gateway, 'image/png', streamOf(3 * MIB)))).length).toBe(
      3 * MIB
    )
    for (const body of [new Uint8Array(25 * MIB + 1), streamOf(26 * MIB)]) {
      const answer = await upload(gateway, 'image/png', body)
      const error = expect.stringContaining('by a URL of your own')
      expect([answer.status, await answer.json()]).toEqual([413, { error, code: 413 }])
    }
  }
)

test('an upload needs a token, and nothing lists what there is', async () => {
  const gateway = await tenant()
  const url = await uploaded(gateway)
  const unknown = await fetch(`${gateway.url}${PATH}/`, { method: 'POST', body: PICTURE })
  expect(unknown.status).toBe(401)
  expect((await gateway.fetch(PATH)).status).toBe(501)
  const name = url.slice(url.lastIndexOf('/') + 1)
  for (const path of [
    '/files',
    '/files/',
    '/files/x',
    `/files/${'A'.repeat(43)}.png`,
    `/files/${name}x`,
  ])
    expect((await fetch(gateway.url + path)).status, path).toBe(404)
  expect(gateway.logs.join('\n')).not.toContain(name)
})

test('a “use” token uploads as well', async () => {
  const made = await shared.newToken({ scope: 'use' })
  expect((await upload(shared.as(made.token), 'image/png')).status).toBe(200)
})

interface Call {
  path: string
  fields: (url: string) => object
  /** Where it stands in the body that goes up. */
  at: string
}

const FILM = 'https://example.com/in.mp4'
const TURBO = 'kling-v3-0-turbo'
const CALLS: Call[] = [
  {
    path: '/videos/image2video-frames',
    fields: (url) => ({ image: url, prompt: 'x' }),
    at: '/image',
  },
  {
    path: '/videos/image2video-frames',
    fields: (url) => ({ image: url, prompt: 'x', model_name: TURBO }),
    at: '/contents/1/url',
  },
  {
    path: '/videos/omni',
    fields: (url) => ({ prompt: 'x', frame_start: url }),
    at: '/image_list/0/image_url',
  },
  {
    path: '/images/omni',
    fields: (url) => ({ prompt: 'x', image_1: url }),
    at: '/image_list/0/image',
  },
  {
    path: '/videos/motion-create',
    fields: (url) => ({ imageUrl: url, motionUrl: FILM }),
    at: '/image_url',
  },
  {
    path: '/avatars/video',
    fields: (url) => ({ imageUrl: 'https://example.com/a.png', audioUrl: url }),
    at: '/sound_file',
  },
  {
    path: '/videos/lipsync',
    fields: (url) => ({ video: FILM, audio: url }),
    at: '/input/audio_file',
  },
]

for (const { path, fields, at } of CALLS) {
  const names = Object.keys(fields('')).join(', ')
  test(`where Kling cannot fetch, an upload goes up inside ${path} (${names})`, async () => {
    const gateway = await tenant()
    const type = /lipsync|avatars/.test(path) ? 'audio/mpeg' : 'image/png'
    const answer = await gateway.post(`/v1/kling${path}`, fields(await uploaded(gateway, type)))
    const text = await answer.text()
    expect([answer.status, text.includes(base64.slice(0, 99))]).toEqual([200, false])
    const up = await lastUp(gateway)
    expect(textAt(up, at)).toBe(base64)
    if (path.includes('lipsync')) expect(textAt(up, '/input/audio_type')).toBe('file')
  })
}

test('where Kling can fetch, the address goes up as it is', async () => {
  const gateway = await openGateway({
    simulator: shared.sim,
    vars: { PUBLIC_ORIGIN: 'https://gw.example.com' },
  })
  const mine = await tenant(gateway)
  const url = await uploaded(mine)
  expect(url).toMatch(/^https:\/\/gw\.example\.com\/files\//)
  const fields = { image: url, prompt: 'x' }
  expect((await mine.post('/v1/kling/videos/image2video-frames', fields)).status).toBe(200)
  expect((await lastUp(mine))['image']).toBe(url)
  await gateway.dispose()
})

test('a film that Kling cannot fetch, too much for one body, and another tenant’s file are refused by field', async () => {
  const gateway = await tenant()
  const film = await uploaded(gateway, 'video/mp4')
  const large = await uploaded(gateway, 'image/png', new Uint8Array(7 * MIB))
  const others = await uploaded(await tenant())
  const unknown = `${gateway.url}/files/${'A'.repeat(43)}.png`
  await gateway.sim.forgetRequests()
  const make = async (path: string, fields: object) => {
    const answer = await gateway.post(`/v1/kling${path}`, fields)
    return [answer.status, ((await answer.json()) as { error: string }).error]
  }
  expect(await make('/videos/add-sound', { video: film })).toEqual([
    400,
    expect.stringMatching(/^video: the provider takes video\/mp4 by URL only.*PUBLIC_ORIGIN/),
  ])
  expect(await make('/images/omni', { prompt: 'x', image_1: large, image_2: large })).toEqual([
    413,
    expect.stringContaining('12 MiB'),
  ])
  const missing = [400, expect.stringMatching(/^image_1: there is no upload at this address/)]
  expect(await make('/images/omni', { prompt: 'x', image_1: others })).toEqual(missing)
  expect(await make('/images/omni', { prompt: 'x', image_1: unknown })).toEqual(missing)
  expect((await klingRequests(gateway)).length).toBe(0)
  expect(await gateway.heldSlots('kling')).toBe(0)
})

test('guesses of names are damped by address', async () => {
  const guessed = await openGateway()
  let seen = 200
  for (let round = 0; round < 27 && seen !== 429; round += 1) {
    const guess = () =>
      fetch(`${guessed.url}/files/${crypto.randomUUID().replaceAll('-', '')}abcdefghijk.png`)
    const answers = await Promise.all(Array.from({ length: 10 }, guess))
    seen = Math.max(...answers.map(({ status }) => status))
  }
  expect(seen).toBe(429)
  await guessed.dispose()
})
