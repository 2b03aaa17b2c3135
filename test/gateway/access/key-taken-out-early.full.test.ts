/** A master key that was taken out too early, and put back: what is refused, and how. One of each kind: rotation.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventOf, signed } from '../../support/scenes/hooked.ts'
import { Receiver } from '../../support/receiver.ts'
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
} from '../../support/scenes/rotation.ts'
import { VIDEO } from '../../support/gateway.ts'
import { TEXT2VIDEO } from '../../support/scenes/kling.ts'
import { MINUTE } from '../../support/clock/clock.ts'

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
  })
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
    const told = lines.split('\n').map((line) => JSON.parse(line) as object)
    for (const what of ['webhook', 'ticket', 'browser token'])
      expect(told).toContainEqual(expect.objectContaining({ what, keyId: 'k1', isKnownKey: false }))
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
