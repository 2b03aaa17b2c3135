/** Bodies that are no creation: each is refused clearly, starts nothing and holds no slot. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { oneOfEach } from '../../support/full.ts'
import { VIDEO } from '../../support/gateway.ts'
import {
  checkRefusal,
  familyOf,
  LEAK,
  NO_OBJECTS,
  openRaw,
} from '../../support/scenes/raw-requests.ts'

const { gateway, head, send, sendJson, checkNothingWentUp, checkSlotsFree } = await openRaw()

const CREATIONS = [
  '/heygen/v1/video.webm',
  '/heygen/v2/video/generate',
  '/heygen/v3/videos',
  '/v3/videos',
  '/heygen/v1/audio/text_to_speech',
  '/heygen/v3/voices/speech',
]

test.each(CREATIONS)('a creation without a JSON object is refused: POST %s', async (path) => {
  await gateway.sim.forgetRequests()
  for (const [, body] of NO_OBJECTS) {
    checkRefusal(await sendJson(path, body), 'bad_request', familyOf(path))
  }
  const noBody = await send(path, { method: 'POST' })
  checkRefusal(noBody, 'bad_request', familyOf(path))
  await checkNothingWentUp(path)
  await checkSlotsFree()
})

test('bytes that are no text are no creation', async () => {
  await gateway.sim.forgetRequests()
  const bytes = Uint8Array.from([0xff, 0xfe, 0x00, 0x7b, 0x80])
  checkRefusal(await sendJson('/heygen/v3/videos', bytes), 'bad_request', 'v3')
  await checkNothingWentUp('bytes')
  await checkSlotsFree()
})

/** One bound for all. In the shape of its family a refusal comes in the tests before. */
const LARGE = ['/heygen/v3/videos', '/heygen/v2/video/generate', '/heygen/v1/video.webm']

test.each(oneOfEach(LARGE, () => 'large'))(
  'a creation of more than 16 MiB is refused with advice: POST %s [I7]',
  async (path) => {
    await gateway.sim.forgetRequests()
    const big = JSON.stringify({ ...VIDEO, script: 'a'.repeat(17 * 1024 * 1024) })
    const answer = await sendJson(path, big)
    expect(answer.status).toBe(413)
    checkRefusal(answer, 'too_large', familyOf(path))
    expect(answer.text).toContain('asset')
    await checkNothingWentUp(path)
    await checkSlotsFree()
  }
)

test('a creation of more than 16 MiB that does not tell its length is refused too [I7]', async () => {
  await gateway.sim.forgetRequests()
  const piece = new Uint8Array(1024 * 1024).fill(0x20)
  let left = 17
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
  })
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', body, headers, duplex: 'half' } as RequestInit
  const answer = await send('/heygen/v3/videos', init)
  expect(answer.status).toBe(413)
  checkRefusal(answer, 'too_large', 'v3')
  await checkNothingWentUp('chunks')
  await checkSlotsFree()
})

test('a body that ends before its length starts nothing', async () => {
  await gateway.sim.forgetRequests()
  const { port, hostname } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const promised = ['Content-Length: 1000', 'Content-Type: application/json']
  socket.write(head('/heygen/v3/videos', { method: 'POST', headers: promised }))
  socket.write('{"script":"a"}')
  await new Promise((resolve) => setTimeout(resolve, 100))
  socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 200))
  await checkNothingWentUp('half a body')
  await checkSlotsFree()
})

test.each([
  ['an unknown field', JSON.stringify({ ...VIDEO, nonsense: 1 })],
  ['a wrong type', JSON.stringify({ ...VIDEO, script: 5 })],
  ['a wrong id type', JSON.stringify({ ...VIDEO, avatar_id: { a: 1 } })],
  ['a prototype', '{"__proto__":{"script":"x"},"constructor":1}'],
])('what is JSON but no creation is refused by the provider itself: %s', async (_, body) => {
  const answer = await sendJson('/heygen/v3/videos', body)
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-gateway-error')).toBeNull()
  expect(answer.headers.get('x-gateway-account')).toBe('ann@example.com')
  expect(answer.text).not.toMatch(LEAK)
  await checkSlotsFree()
})

test('odd but valid JSON goes up byte for byte [I7]', async () => {
  const script = String.raw`\u0000 \ud800 \u00e9 \/ é 😀`
  const odd = `{ "script":"${script}",\n"title": "a",  "title":"b","seed":12345678901234567890,
    "type":"avatar","avatar_id":"${VIDEO.avatar_id}" ,"voice_id":"${VIDEO.voice_id}"}`
  await gateway.sim.forgetRequests()
  const answer = await sendJson('/heygen/v3/videos', odd)
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  const [seen] = await gateway.sim.requests()
  expect(seen?.body).toBe(odd)
  const job = answer.headers.get('x-gateway-job')
  await gateway.fetch(`/v1/heygen/scheduler/${job}?force=true`, { method: 'DELETE' })
  await gateway.sim.finishJobs()
  await checkSlotsFree()
})
