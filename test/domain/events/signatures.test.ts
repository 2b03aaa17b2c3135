/** Held against Node's own HMAC and against the published `standardwebhooks` package. */
import { createHmac, randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import {
  isSignedHex,
  isSignedStandard,
  newSigningSecret,
  signHex,
  signStandard,
} from '../../../src/domain/events/signatures.ts'

const BODIES = [
  '',
  '{}',
  '{"event_id":"e1","n":12345678901234567890}',
  '{ "ü": "日本語 😀", "nul": "\u0000" }\r\n',
  '\uFEFFbyte order mark',
  'x'.repeat(100_000),
]
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

describe("HeyGen's way", () => {
  test.each(BODIES.map((body) => [body.slice(0, 30), body]))('signs %j', async (_, body) => {
    for (const secret of [SECRET, 'plain', 'whsec_', 'ü']) {
      const hex = createHmac('sha256', secret).update(body).digest('hex')
      expect(await signHex(secret, body)).toBe(hex)
      expect(await isSignedHex(secret, body, hex)).toBe(true)
      expect(await isSignedHex(secret, body, hex.toUpperCase())).toBe(true)
      expect(await isSignedHex(`${secret}x`, body, hex)).toBe(false)
      expect(await isSignedHex(secret, `${body} `, hex)).toBe(false)
    }
  })

  test('a missing or malformed signature proves nothing', async () => {
    const hex = await signHex(SECRET, '{}')
    const flipped = (hex.startsWith('0') ? '1' : '0') + hex.slice(1)
    const wrong = ['', 'x', hex.slice(2), hex.slice(1), `${hex}00`, `0x${hex}`, `sha256=${hex}`]
    const more = [` ${hex}`, `${hex}\n`, `${hex},${hex}`, 'z'.repeat(64), '0'.repeat(64), flipped]
    for (const each of [null, ...wrong, ...more]) {
      expect(await isSignedHex(SECRET, '{}', each), String(each)).toBe(false)
    }
  })

  test('an empty secret proves nothing and signs nothing', async () => {
    const hex = createHmac('sha256', '').update('{}').digest('hex')
    expect(await isSignedHex('', '{}', hex)).toBe(false)
    await expect(signHex('', '{}')).rejects.toThrow('empty secret')
  })
})

describe('Standard Webhooks', () => {
  const now = Math.floor(Date.now() / 1000)
  const toHeaders = (id: string, timestamp: number, signature: string) => ({
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signature,
  })

  test('the published example is signed as published [I3]', async () => {
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
    const body = '{"test": 2432232314}'
    const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    expect(await signStandard([SECRET], id, 1614265330, body)).toBe(signature)
    const headers = { id, timestamp: '1614265330', signature }
    // Years ago: the age is not looked at.
    expect(await isSignedStandard(SECRET, headers, body)).toBe(true)
  })

  test.each(BODIES.map((body) => [body.slice(0, 30), body]))(
    'the package proves what we sign, and we what it signs: %j',
    async (_, body) => {
      for (const secret of [SECRET, newSigningSecret(randomBytes), SECRET.slice('whsec_'.length)]) {
        const webhook = new Webhook(secret)
        const ours = await signStandard([secret], 'msg_1', now, body)
        expect(ours).toBe(webhook.sign('msg_1', new Date(now * 1000), body))
        const headers = toHeaders('msg_1', now, ours)
        webhook.verify(body, headers, { jsonParse: false })
        const theirs = { id: 'msg_1', timestamp: String(now), signature: ours }
        expect(await isSignedStandard(secret, theirs, body)).toBe(true)
      }
    }
  )

  test('while a secret is rotated both prove the same header [I3]', async () => {
    const secrets = [newSigningSecret(randomBytes), newSigningSecret(randomBytes)]
    const signature = await signStandard(secrets, 'msg_2', now, '{}')
    expect(signature).toMatch(/^v1,\S{44} v1,\S{44}$/)
    const headers = { id: 'msg_2', timestamp: String(now), signature }
    for (const secret of secrets) {
      new Webhook(secret).verify('{}', toHeaders('msg_2', now, signature))
      expect(await isSignedStandard(secret, headers, '{}')).toBe(true)
    }
    expect(await isSignedStandard(newSigningSecret(randomBytes), headers, '{}')).toBe(false)
  })

  test('signatures of other versions are passed over', async () => {
    const ours = await signStandard([SECRET], 'm', now, '{}')
    const headers = (signature: string) => ({ id: 'm', timestamp: String(now), signature })
    expect(await isSignedStandard(SECRET, headers(`v1a,abc ${ours} v2,x`), '{}')).toBe(true)
    expect(await isSignedStandard(SECRET, headers(ours.replace('v1', 'v2')), '{}')).toBe(false)
    expect(await isSignedStandard(SECRET, headers(ours.replace('v1,', '')), '{}')).toBe(false)
  })

  test('id, time and body are all signed, and none may be missing', async () => {
    const signature = await signStandard([SECRET], 'm', 1, '{}')
    const good = { id: 'm', timestamp: '1', signature }
    expect(await isSignedStandard(SECRET, good, '{}')).toBe(true)
    expect(await isSignedStandard(SECRET, good, '{ }')).toBe(false)
    const wrong = [
      { id: 'n' },
      { id: null },
      { id: '' },
      { timestamp: '2' },
      { timestamp: '01' },
      { timestamp: '1x' },
      { timestamp: '1.0' },
      { timestamp: '-1' },
      { timestamp: '' },
      { timestamp: null },
      { signature: '' },
      { signature: null },
      { signature: 'v1,' },
      { signature: `${signature}=` },
      { signature: signature.slice(0, -1) },
      { signature: 'v1,!' },
    ]
    for (const each of wrong) {
      const headers = { ...good, ...each }
      expect(await isSignedStandard(SECRET, headers, '{}'), JSON.stringify(each)).toBe(false)
    }
  })

  test('an empty or unreadable secret proves nothing and signs nothing', async () => {
    const empty = createHmac('sha256', '').update('m.1.{}').digest('base64')
    const headers = { id: 'm', timestamp: '1', signature: `v1,${empty}` }
    for (const secret of ['', 'whsec_', 'whsec_ ', 'whsec_!!', 'whsec_ü']) {
      expect(await isSignedStandard(secret, headers, '{}'), secret).toBe(false)
      await expect(signStandard([SECRET, secret], 'm', 1, '{}'), secret).rejects.toThrow('secret')
    }
    await expect(signStandard([], 'm', 1, '{}')).rejects.toThrow('secret')
  })
})

test('a new secret is 32 random bytes that both ways can use', async () => {
  const secrets = Array.from({ length: 50 }, () => newSigningSecret(randomBytes))
  expect(new Set(secrets).size).toBe(50)
  for (const secret of secrets) {
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32)
  }
})
