/** What every carried call of HeyGen's older API has in common. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'

let gateway: Gateway

beforeAll(async () => {
  gateway = await openGateway({ accounts: { alice: 2, bob: 2 }, vars: { LEGACY: 'bridge' } })
})
afterAll(() => gateway.dispose())

test('a v1 status check shows a job that was made by v3', async () => {
  const made = (await (await gateway.createVideo()).json()) as { data: { video_id: string } }
  const id = made.data.video_id
  const answer = await gateway.fetch(`/heygen/v1/video_status.get?video_id=${id}`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-gateway-carried')).toBe('GET /v3/videos/{video_id}')
  expect(await answer.json()).toMatchObject({ code: 100, data: { id, error: null } })
})

test('a refusal of v3 comes in the words of the older API', async () => {
  const answer = await gateway.fetch('/heygen/v1/video_status.get?video_id=nobody')
  expect(answer.status).toBe(404)
  expect(await answer.json()).toEqual({ code: 40104, message: 'Video not found' })
})

test('an id cannot change the path of the newer call', async () => {
  const answer = await gateway.fetch('/heygen/v1/video_status.get?video_id=..')
  expect(answer.status).toBe(400)
  expect(await answer.json()).toEqual({ code: 400175, message: 'video_id is not an id.' })
})
