/** Master keys come and go: what an absent one sealed, and when one may be taken out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointsOf, eventOf, hookOf, signed } from '../support/hooked.ts'
import { createHmac } from 'node:crypto'
import { Receiver, type Received } from '../support/receiver.ts'
import {
  callSigned,
  createOn,
  everyKind,
  finish,
  K1,
  K2,
  KEYED,
  nextPage,
  openSession,
  Rotating,
  stateOf,
  until,
  type EveryKind,
} from '../support/rotation.ts'
import { VIDEO } from '../support/gateway.ts'
import { TEXT2VIDEO } from '../support/kling.ts'
import { HOUR, MINUTE } from '../support/clock.ts'

/** By HeyGen's header; the other one says a time, and the clock of these gateways is moved. */
function expectSigned(told: Received | undefined, secret: string): void {
  const { headers, body = '' } = told ?? {}
  expect(headers?.['signature']).toBe(createHmac('sha256', secret).update(body).digest('hex'))
}

describe('a key that was taken out early', () => {
  let rotating: Rotating
  let receiver: Receiver
  let kinds: EveryKind
  const it = () => rotating.gateway

  beforeAll(async () => {
    receiver = await Receiver.open()
    rotating = await Rotating.open(receiver)
    kinds = await everyKind(rotating)
    await rotating.openWith(K2)
  }, 120_000)
  afterAll(async () => {
    await rotating.dispose()
    await receiver.close()
  })

  test('no call answers 500, and each says what cannot be opened', async () => {
    const post = (path: string, body: unknown) => it().post(path, body)
    const unavailable: Record<string, () => Promise<Response>> = {
      'a creation of the pool': () => it().createVideo(),
      'a creation on one': () => createOn(it(), 'a'),
      'a creation of a web session': () => createOn(it(), 'web'),
      'a read': () => it().fetch('/heygen/v3/users/me'),
      'a merged list': () => it().fetch('/heygen/v3/videos'),
      'a status': () => it().fetch(`/heygen/v3/videos/${kinds.jobs.hooked}`),
      'a creation at Kling': () => post('/kling/v1/videos/text2video', TEXT2VIDEO),
      'a read at Kling': () => it().fetch(`/kling/v1/videos/text2video/${kinds.jobs.kling}`),
      'a generation': () =>
        post('/heygen/v3/voices/speech', { text: 'Hi', voice_id: VIDEO.voice_id }),
      'a token of streaming': () => post('/v1/streaming.create_token', {}),
      'a signed token': () => callSigned(it(), kinds.pair),
    }
    for (const [what, call] of Object.entries(unavailable)) {
      const answer = await call()
      const text = await answer.text()
      expect([what, answer.status, answer.headers.get('x-gateway-error')], text).toEqual([
        what,
        503,
        'account_unavailable',
      ])
      expect(text, what).toContain('cannot be opened')
      expect(Number(answer.headers.get('retry-after')), what).toBeLessThan(60)
    }
  })

  test('a kept answer is told as done, with its job', async () => {
    const answer = await createOn(it(), 'a', {}, KEYED)
    expect([answer.status, answer.headers.get('x-gateway-error')]).toEqual([409, 'conflict'])
    expect(answer.headers.get('x-gateway-job')).toBe(kinds.keyedJob)
  })

  test('a page token is a 400 that says to start anew', async () => {
    await it().addAccount('fresh', 5)
    for (const token of Object.values(kinds.pages)) {
      const answer = await nextPage(it(), token)
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('Start the list anew')
    }
  })

  test('a hook, a ticket and a browser token are refused as garbage is, and the log names the key', async () => {
    const body = eventOf(kinds.jobs.hooked)
    const sent = await fetch(kinds.hook.url, {
      method: 'POST',
      body,
      headers: signed(kinds.hook.secret, body),
    })
    const garbage = await fetch(kinds.hook.url.replace(/[^/]+$/, 'k9.AAAA.BBBB'), {
      method: 'POST',
      body,
    })
    expect([sent.status, await sent.text()]).toEqual([garbage.status, await garbage.text()])
    expect(sent.status).toBe(401)
    expect((await openSession(it(), kinds.browserToken)).status).toBe(401)
    // The ticket is called by the simulator.
    await finish(it(), kinds.jobs.ticketed)
    const lines = await until(async () => {
      const found = it().logs.filter((line) => line.includes('sealed_by_unknown_key'))
      return found.some((line) => line.includes('"ticket"')) && found.join('\n')
    })
    for (const what of ['webhook', 'ticket', 'browser token'])
      expect(lines).toContain(
        JSON.stringify({ event: 'sealed_by_unknown_key', what, keyId: 'k1', isKnownKey: false })
      )
    expect(lines).not.toContain('k9')
  })

  test('the accounts say that their credential cannot be opened, and one added again serves', async () => {
    const list = async (provider: string) => {
      const answer = await it().fetch(`/v1/${provider}/accounts`)
      expect(answer.status).toBe(200)
      return (await answer.json()) as Record<string, { error?: string }>
    }
    expect((await list('heygen'))['a@example.com']?.error).toContain('cannot be opened')
    expect((await list('kling'))['k@example.com']?.error).toContain('cannot be opened')
    const room = await (await it().fetch('/v1/heygen/scheduler/available')).json()
    const { available } = room as {
      available: { email: string; available: number; error?: string }[]
    }
    expect(available.find(({ email }) => email === 'a@example.com')).toMatchObject({
      available: 0,
      error: expect.stringContaining('cannot be opened') as string,
    })
    await it().addAccount('fresh', 5)
    const answer = await it().createVideo()
    expect([answer.status, answer.headers.get('x-gateway-account')]).toEqual([
      200,
      'fresh@example.com',
    ])
  })

  test('what is owed to an endpoint waits until it can be signed again', async () => {
    const job = (
      await createOn(it(), 'fresh', { callback_url: `${receiver.url}/later` })
    ).headers.get('x-gateway-job')
    await finish(it(), job ?? '')
    const owed = await until(async () => {
      const { deliveries } = (await (await it().fetch('/v1/deliveries?limit=100')).json()) as {
        deliveries: { state: string; job: string; attempts: number }[]
      }
      return deliveries.find((one) => one.job === job && one.attempts > 0)
    })
    expect(owed.state).toBe('pending')
    expect(receiver.posts('/later')).toEqual([])
  })

  test('its jobs hold their slots, and end when the key is back', async () => {
    await rotating.advance(12 * MINUTE)
    const jobs = [kinds.jobs.ticketed, kinds.jobs.hooked, kinds.jobs.former]
    for (const job of jobs) expect(await stateOf(it(), job)).toBe('running')
    expect(it().logs.filter((line) => line.includes('alarm_failed'))).toEqual([])
    await rotating.openWith(`${K2},${K1}`)
    for (const job of [...jobs, kinds.keyedJob]) await finish(it(), job)
    for (let n = 0; n < 6; n += 1) await rotating.advance(6 * MINUTE)
    for (const job of [...jobs, kinds.keyedJob]) expect(await stateOf(it(), job)).toBe('completed')
    expect(await until(async () => receiver.posts('/later').length)).toBe(1)
  })
})

describe('a key that is taken out when it may be', () => {
  let rotating: Rotating
  let receiver: Receiver
  let kinds: EveryKind
  const it = () => rotating.gateway

  beforeAll(async () => {
    receiver = await Receiver.open()
    rotating = await Rotating.open(receiver)
    kinds = await everyKind(rotating)
    await rotating.openWith(`${K2},${K1}`)
  }, 120_000)
  afterAll(async () => {
    await rotating.dispose()
    await receiver.close()
  })

  test('before the first pass nothing is said to be removable', async () => {
    expect(await rotating.shown()).toMatchObject({
      key: 'k2',
      status: 'none',
      removable: false,
      others: [{ id: 'k1', removable: false }],
    })
    for (const method of ['POST', 'GET']) {
      const asTenant = await it().fetch('/admin/reseal', { method })
      expect(asTenant.status).toBe(401)
    }
  })

  test('the first pass seals every kind anew, registers webhooks anew, and starts nothing that costs', async () => {
    await it().sim.forgetRequests()
    const pass = await rotating.reseal()
    expect(pass).toMatchObject({
      status: 'waiting',
      removable: false,
      removableFrom: null,
      pass: 1,
      tenants: { all: 3, passed: 3 },
      unreadable: { byKey: {}, examples: [] },
      hooksNotRegistered: [],
    })
    // Each account's credential stands at its desk and in its object.
    const kinds2 = Object.keys(pass.resealed).toSorted()
    expect(kinds2).toEqual([
      'callbackSecrets',
      'credentials',
      'endpointSecrets',
      'keptAnswers',
      'sessions',
      'tokenPairs',
      'webhookSecrets',
    ])
    expect(Object.values(pass.resealed).reduce((a, b) => a + b)).toBe(pass.byKey['k1'])
    expect(pass.hangs).toHaveLength(3)
    expect(pass.hangs.every(({ until: end }) => end === null)).toBe(true)
    const hook = await until(async () => {
      const now = await endpointsOf(it(), 'a')
      return now.length === 1 && now[0]?.id !== kinds.hook.id && now[0]
    })
    expect(hook.url).toContain('/webhooks/heygen/k2.')
    const asked = await it().sim.requests()
    expect(asked.filter(({ path }) => !path.includes('webhook'))).toEqual([])
  })

  test('a second pass at once does nothing, and one ten minutes later finds nothing', async () => {
    const first = await rotating.shown()
    expect(await rotating.reseal()).toEqual(first)
    await rotating.advance(11 * MINUTE)
    const second = await rotating.reseal()
    expect(second).toMatchObject({
      status: 'aging',
      pass: 2,
      removable: false,
      resealed: {},
      byKey: {},
      waitsFor: { hooks: 0, copies: 0, workers: 0 },
    })
    const from = Date.parse(second.removableFrom ?? '')
    expect(Math.max(...second.hangs.map(({ until: end }) => Date.parse(end ?? '')))).toBe(from)
  })

  test('what is in others’ hands still works while it says so', async () => {
    expect((await nextPage(it(), kinds.pages.short)).status).toBe(200)
    expect((await nextPage(it(), kinds.pages.long)).status).toBe(200)
    expect((await openSession(it(), kinds.browserToken)).status).toBe(200)
    await finish(it(), kinds.jobs.ticketed)
    const [told] = await receiver.heard('/ticketed')
    expectSigned(told, kinds.callbackSecret)
    expect(await stateOf(it(), kinds.jobs.ticketed)).toBe('completed')
  })

  test('two days later a last pass says removable, and without the key everything still works', async () => {
    await rotating.advance(48 * HOUR)
    expect(await rotating.shown()).toMatchObject({ status: 'waiting', removable: false })
    expect(await rotating.reseal()).toMatchObject({
      status: 'removable',
      removable: true,
      hangs: [],
      others: [{ id: 'k1', removable: true }],
    })
    await rotating.openWith(K2)
    for (const account of ['a', 'web']) expect((await createOn(it(), account)).status).toBe(200)
    const kling = await it().post('/kling/v1/videos/text2video', TEXT2VIDEO)
    expect(kling.status).toBe(200)
    expect((await callSigned(it(), kinds.pair)).status).not.toBe(503)
    const list = await it().fetch('/heygen/v3/videos')
    expect([list.status, list.headers.get('x-gateway-partial')]).toEqual([200, null])
    const shown = await it().fetch('/heygen/v1/webhook/endpoint.list')
    const { data } = (await shown.json()) as { data: { secret: string }[] }
    expect(data[0]?.secret).toBe(kinds.endpointSecret)
    const hook = await hookOf(it(), 'a')
    expect(hook.url).toContain('/webhooks/heygen/k2.')
    const answer = await createOn(it(), 'a', { callback_url: `${receiver.url}/after` })
    await finish(it(), answer.headers.get('x-gateway-job') ?? '')
    const [told] = await receiver.heard('/after')
    expectSigned(told, kinds.callbackSecret)
    expect(it().logs.filter((line) => line.includes('sealed_by_unknown_key'))).toEqual([])
  })
})
