/** Master keys come and go: what an absent one sealed, and when one may be taken out. More: rotation-early.full.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointsOf, eventOf, hookOf, signed } from '../../support/scenes/hooked.ts'
import { createHmac } from 'node:crypto'
import { Receiver, type Received } from '../../support/receiver.ts'
import {
  callSigned,
  createOn,
  everyKind,
  finish,
  K1,
  K2,
  nextPage,
  openSession,
  Rotating,
  stateOf,
  until,
  type EveryKind,
} from '../../support/scenes/rotation.ts'
import { TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { HOUR, MINUTE } from '../../support/clock/clock.ts'
import { testFull } from '../../support/full.ts'

/** By HeyGen's header; the other one says a time, and the clock of these gateways is moved. */
function expectSigned(told: Received | undefined, secret: string): void {
  const { headers, body = '' } = told ?? {}
  expect(headers?.['signature']).toBe(createHmac('sha256', secret).update(body).digest('hex'))
}

describe('a key that is taken out when it may be', () => {
  let rotating: Rotating
  let receiver: Receiver
  let kinds: EveryKind
  const it = () => rotating.gateway

  beforeAll(async () => {
    receiver = await Receiver.open()
    rotating = await Rotating.open(receiver)
    kinds = await everyKind(rotating)
  })
  afterAll(async () => {
    await rotating.dispose()
    await receiver.close()
  })

  test('taken out early, it makes no 500: each says what cannot be opened, and a hook is refused as garbage is', async () => {
    await rotating.openWith(K2)
    const unavailable: Record<string, () => Promise<Response>> = {
      'a creation of the pool': () => it().createVideo(),
      'a creation of a web session': () => createOn(it(), 'web'),
      'a merged list': () => it().fetch('/heygen/v3/videos'),
      'a creation at Kling': () => it().post('/kling/v1/videos/text2video', TEXT2VIDEO),
      'a signed token': () => callSigned(it(), kinds.pair),
    }
    for (const [what, call] of Object.entries(unavailable)) {
      const answer = await call()
      const error = answer.headers.get('x-gateway-error')
      expect([what, answer.status, error]).toEqual([what, 503, 'account_unavailable'])
      expect(await answer.text(), what).toContain('cannot be opened')
    }
    expect((await openSession(it(), kinds.browserToken)).status).toBe(401)
    const body = eventOf(kinds.jobs.hooked)
    const headers = signed(kinds.hook.secret, body)
    expect((await fetch(kinds.hook.url, { method: 'POST', body, headers })).status).toBe(401)
    const told = await until(async () => {
      const found = it().logs.filter((line) => line.includes('sealed_by_unknown_key'))
      return found.some((line) => line.includes('"webhook"')) && found
    })
    expect(told.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ what: 'webhook', keyId: 'k1', isKnownKey: false })
    )
    // Put back, it opens all again.
    await rotating.openWith(`${K2},${K1}`)
    expect((await createOn(it(), 'a')).status).toBe(200)
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

  test('the first pass seals every kind anew, registers webhooks anew, and starts nothing that costs [I6]', async () => {
    await it().sim.forgetRequests()
    const pass = await rotating.reseal()
    expect(pass).toMatchObject({
      status: 'waiting',
      removable: false,
      removableFrom: null,
      pass: 1,
      // Two, and one for each opening of the gateway.
      tenants: { all: 4, passed: 4 },
      unreadable: { byKey: {}, examples: [] },
      hooksNotRegistered: [],
    })
    // Each account's credential stands at its desk and in its object.
    const kinds2 = Object.keys(pass.resealed).toSorted()
    expect(kinds2).toEqual([
      'alertSecrets',
      'callbackSecrets',
      'credentials',
      'endpointSecrets',
      'keptAnswers',
      'sessions',
      'signIns',
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
    const waiting = await it().fetch(`/v1/heygen/accounts/sign-in/${kinds.signIn.id}`)
    expect(await waiting.json()).toMatchObject({ user_code: kinds.signIn.user_code })
    // The sign-in that waits for a person asks by itself, every five seconds.
    const isFree = (path: string) => path.includes('webhook') || path === '/v1/oauth/token'
    const asked = await it().sim.requests()
    expect(asked.filter(({ path }) => !isFree(path))).toEqual([])
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

  // Of its kind in `npm test`: this file: when it may be taken out early
  testFull(
    'two days later it says removable, and without the key everything still works [I6]',
    async () => {
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
      const { own, operators } = kinds.alerts
      await it().fetch(`/v1/alerts/${own.id}/test`, { method: 'POST' })
      await it().admin('POST', `/alerts/${operators.id}/test`)
      expectSigned((await receiver.heard('/own-alert'))[0], own.secret)
      expectSigned((await receiver.heard('/operators-alert'))[0], operators.secret)
      const hook = await hookOf(it(), 'a')
      expect(hook.url).toContain('/webhooks/heygen/k2.')
      const answer = await createOn(it(), 'a', { callback_url: `${receiver.url}/after` })
      await finish(it(), answer.headers.get('x-gateway-job') ?? '')
      const [told] = await receiver.heard('/after')
      expectSigned(told, kinds.callbackSecret)
      // The account's object has a copy of this secret.
      const atEndpoint = await until(async () =>
        receiver.posts('/endpoint').find(({ body }) => body === told?.body)
      )
      expectSigned(atEndpoint, kinds.endpointSecret)
      expect(it().logs.filter((line) => line.includes('sealed_by_unknown_key'))).toEqual([])
    }
  )
})
