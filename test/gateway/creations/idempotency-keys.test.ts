import { expect, test } from 'vitest'
import { testFull } from '../../support/full.ts'
import { gatewaysOfTests } from '../../support/gateways-of-tests.ts'

const gatewayWith = gatewaysOfTests()
const LONG = { simVars: { JOB_MS: '600000' } }
const key = (text: string) => ({ 'idempotency-key': text })
const V2 = {
  video_inputs: [
    {
      character: { type: 'avatar', avatar_id: 'Abigail_expressive_2024112501' },
      voice: { type: 'text', voice_id: '1bd001e7e50f421d891986aad5158bc8', input_text: 'Hi' },
    },
  ],
}

async function started(gateway: Awaited<ReturnType<typeof gatewayWith>>): Promise<number> {
  const { accounts } = await gateway.sim.state()
  return accounts.reduce((sum, one) => sum + one.jobsStarted, 0)
}

// Its kind in npm test: test/contract/once.ts, fifty calls with one key.
testFull(
  'the same key 50 times at once starts one job; the others are replays or told that it is in progress',
  async () => {
    const gateway = await gatewayWith({ accounts: { a: 9, b: 9 }, ...LONG })
    await gateway.sim.settings({ latencyMs: 200 })
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => gateway.createVideo({}, key('order-1')))
    )
    expect(await started(gateway)).toBe(1)
    const fresh = answers.filter((answer) => answer.status === 200)
    const waiting = answers.filter((answer) => answer.status === 409)
    expect(fresh.length + waiting.length).toBe(50)
    for (const answer of waiting)
      expect(answer.headers.get('x-gateway-error')).toBe('request_in_progress')
    const again = await gateway.createVideo({ title: 'another body' }, key('order-1'))
    expect(again.headers.get('x-gateway-job')).toBe(fresh[0]?.headers.get('x-gateway-job'))
    expect(again.headers.get('x-gateway-account')).toBe(fresh[0]?.headers.get('x-gateway-account'))
    expect(await again.text()).toBe(await fresh[0]?.text())
    expect(await started(gateway)).toBe(1)
  }
)

test('a key works on every family, whatever HeyGen supports; on v3 alone one goes up, and never the client’s text [I4]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  for (const [path, body] of [
    ['/heygen/v3/videos', undefined],
    ['/heygen/v2/video/generate', V2],
    ['/v1/video_agent/generate', { prompt: 'A video' }],
  ] as const) {
    const send = () =>
      body
        ? gateway.post(path, body, key('every-family'))
        : gateway.createVideo({}, key('every-family'))
    await gateway.sim.forgetRequests()
    const [first, second] = [await send(), await send()]
    expect(second.headers.get('x-gateway-job')).toBe(first.headers.get('x-gateway-job'))
    const [up, ...more] = (await gateway.sim.requests()).filter(
      (request) => request.method === 'POST'
    )
    expect(more).toEqual([])
    const sent = up?.headers['idempotency-key']
    if (path.includes('/v3/')) expect(sent).toMatch(/^[A-Za-z0-9_:.-]{20,255}$/)
    else expect(sent).toBeUndefined()
    expect(sent).not.toBe('every-family')
  }
  expect(await started(gateway)).toBe(3)
})

test('a refusal forgets the key, so that the client may try again', async () => {
  const gateway = await gatewayWith({ accounts: { a: 1 }, ...LONG })
  const first = await gateway.createVideo()
  expect((await gateway.createVideo({}, key('later'))).status).toBe(429)
  await gateway.sim.finishJobs()
  await gateway.fetch(`/heygen/v3/videos/${first.headers.get('x-gateway-job')}`)
  expect((await gateway.createVideo({}, key('later'))).status).toBe(200)
})

test('an answer of many bytes is kept for its key', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  const body = { data: { video_id: 'long-answer', note: '漢字'.repeat(31_000) } }
  await gateway.sim.fault({
    match: { method: 'POST', path: '/v3/videos' },
    times: 1,
    effect: { status: 200, body },
  })
  const first = await gateway.createVideo({}, key('long'))
  const again = await gateway.createVideo({}, key('long'))
  expect([first.status, again.status]).toEqual([200, 200])
  expect(await again.json()).toEqual(body)
  expect(await started(gateway)).toBe(0)
})

test('keys of different tenants and paths do not meet, and a malformed one is refused by name [I5]', async () => {
  const gateway = await gatewayWith({ accounts: { a: 9 }, ...LONG })
  const one = await gateway.createVideo({}, key('same'))
  const other = await gateway.post('/heygen/v2/video/generate', V2, key('same'))
  expect(one.headers.get('x-gateway-job')).not.toBe(other.headers.get('x-gateway-job'))
  const refused = await gateway.createVideo({}, key('no spaces allowed'))
  expect([refused.status, await refused.text()]).toMatchObject([
    400,
    expect.stringContaining('Idempotency-Key') as string,
  ])
})
