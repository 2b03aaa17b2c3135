/** Creations that ask the provider to check them and to start nothing (`validate_only` of video translations). */
import { afterAll, expect, test } from 'vitest'
import { openGateway, type Gateway } from '../../support/gateway.ts'
import { upload } from '../../support/scenes/uploads.ts'

const shared = await openGateway({
  timeScale: 10,
  simVars: { JOB_MS: '-1' },
  vars: { ALLOW_LOOPBACK_CALLBACKS: 'true' },
})
afterAll(() => shared.dispose())

const V3 = '/v3/video-translations'
const V2 = '/v2/video_translate'
const BODIES = {
  [V3]: {
    video: { type: 'url', url: 'https://files.example.com/v.mp4' },
    output_languages: ['Spanish', 'French'],
    validate_only: true,
  },
  [V2]: {
    video_url: 'https://files.example.com/v.mp4',
    output_languages: ['Spanish'],
    validate_only: true,
  },
}
let tenants = 0

/** One account with one slot, which a video holds. */
async function fullPool(): Promise<Gateway> {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.sim.clearFaults()
  tenants += 1
  await gateway.addAccount(`check${tenants}`, 1)
  expect((await gateway.createVideo()).status).toBe(200)
  await gateway.sim.forgetRequests()
  return gateway
}

async function answerWith(gateway: Gateway, path: string, effect: Record<string, unknown>) {
  await gateway.sim.fault({ match: { method: 'POST', path }, times: 1, effect })
}

async function sentUp(gateway: Gateway, path: string): Promise<number> {
  return (await gateway.sim.requests()).filter((one) => one.path === path).length
}

for (const path of [V3, V2] as const) {
  test(`POST ${path} that only asks to be checked is answered in a full pool and takes no slot`, async () => {
    const gateway = await fullPool()
    for (const data of [{ video_translation_ids: [] }, { valid: true }, null]) {
      await answerWith(gateway, path, { status: 200, body: { data } })
      const answer = await gateway.post(`/heygen${path}`, BODIES[path])
      expect([answer.status, await answer.json()]).toEqual([200, { data }])
      expect(answer.headers.get('x-gateway-account')).toMatch(/^check/)
      expect(await gateway.heldSlots()).toBe(1)
    }
  })
}

test('a refusal of a check passes through', async () => {
  const gateway = await fullPool()
  const body = { error: { code: 'invalid_parameter', message: 'No such language', param: null } }
  await answerWith(gateway, V3, { status: 400, body })
  const answer = await gateway.post(`/heygen${V3}`, BODIES[V3])
  expect([answer.status, await answer.json()]).toEqual([400, body])
})

test('a check with a key is sent once and answered again [I4]', async () => {
  const gateway = await fullPool()
  const headers = { 'idempotency-key': 'check-1' }
  await answerWith(gateway, V3, { status: 200, body: { data: { valid: true } } })
  const texts = []
  for (const _ of [1, 2]) {
    const answer = await gateway.post(`/heygen${V3}`, BODIES[V3], headers)
    texts.push([answer.status, await answer.text()])
  }
  expect(texts[1]).toEqual(texts[0])
  expect(texts[0]).toEqual([200, '{"data":{"valid":true}}'])
  expect(await sentUp(gateway, V3)).toBe(1)
})

test('a check whose answer was lost, or that met a broken provider, frees its key', async () => {
  const gateway = await fullPool()
  const headers = { 'idempotency-key': 'check-2' }
  for (const effect of [{ reset: 'before' }, { status: 500, body: { error: { message: 'x' } } }]) {
    await answerWith(gateway, V3, effect)
    const broken = await gateway.post(`/heygen${V3}`, BODIES[V3], headers)
    expect(broken.status).toBeGreaterThanOrEqual(500)
  }
  await answerWith(gateway, V3, { status: 200, body: { data: { valid: true } } })
  expect((await gateway.post(`/heygen${V3}`, BODIES[V3], headers)).status).toBe(200)
  expect(await gateway.heldSlots()).toBe(1)
})

test('a provider that starts a job all the same has it counted [I1]', async () => {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.sim.clearFaults()
  tenants += 1
  await gateway.addAccount(`check${tenants}`, 3)
  const body = { data: { video_translation_ids: ['made-1', 'made-2'] } }
  await answerWith(gateway, V3, { status: 200, body })
  const answer = await gateway.post(`/heygen${V3}`, BODIES[V3])
  expect([answer.status, answer.headers.get('x-gateway-job')]).toEqual([200, 'made-1,made-2'])
  expect(await gateway.heldSlots()).toBe(2)
})

test('the same member on a call whose reference does not have it is an ordinary creation, with a slot', async () => {
  const gateway = await fullPool()
  const answer = await gateway.createVideo({ validate_only: true })
  expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([429, 'slots_full'])
})

test('a check that names uploads of two accounts is answered as its creation would be', async () => {
  const gateway = shared.as((await shared.newToken()).token)
  await gateway.sim.clearFaults()
  tenants += 2
  const [one, other] = [`check${tenants}`, `check${tenants - 1}`]
  for (const name of [one, other]) await gateway.addAccount(name, 3)
  const on = (name: string) => ({ 'x-gateway-account': `${name}@example.com` })
  const [video, audio] = [await upload(gateway, on(one)), await upload(gateway, on(other))]
  await answerWith(gateway, V3, { status: 200, body: { data: { valid: true } } })
  const answer = await gateway.post(`/heygen${V3}`, {
    ...BODIES[V3],
    video: { type: 'asset_id', asset_id: video.id },
    audio: { type: 'asset_id', asset_id: audio.id },
  })
  expect([answer.status, await answer.json()]).toEqual([200, { data: { valid: true } }])
  expect(await gateway.heldSlots()).toBe(0)
})
