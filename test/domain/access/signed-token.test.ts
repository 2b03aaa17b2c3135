/** Tokens signed with a key pair, by their times. */
import { createHmac } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { issuerOf, signToken, stateOfSigned } from '#domain/access/signed-token.ts'

const NOW = Date.parse('2026-11-28T10:00:00Z')
const SECRET = 'a secret of thirty-two characters'
const at = (seconds: number) => NOW / 1000 + seconds

test.each([
  ['good', 1800, -5],
  ['good', 1800, 45],
  ['early', 1800, 120],
  ['good', -45, -1800],
  ['expired', -120, -1800],
  ['good', 24 * 3600, -5],
  ['long', 48 * 3600, -5],
  ['long', Date.parse('9999-12-31T00:00:00Z') / 1000 - at(0), -5],
])('a signed token is %s when it ends in %i s and begins in %i s', async (state, exp, nbf) => {
  const token = await signToken({ iss: 'me', exp: at(exp), nbf: at(nbf) }, SECRET)
  expect(await stateOfSigned(token, SECRET, NOW)).toBe(state)
  expect(await stateOfSigned(token, `${SECRET}!`, NOW)).toBe('forged')
})

const key = new TextEncoder().encode(SECRET)
const usual = { iss: 'me', exp: at(1800), nbf: at(-5) }

test('another library reads what is signed here, and the reverse', async () => {
  const ours = await signToken(usual, SECRET)
  const read = await jwtVerify(ours, key, { currentDate: new Date(NOW) })
  expect(read).toMatchObject({ payload: usual, protectedHeader: { alg: 'HS256', typ: 'JWT' } })
  const theirs = await new SignJWT(usual).setProtectedHeader({ alg: 'HS256' }).sign(key)
  expect([issuerOf(theirs), await stateOfSigned(theirs, SECRET, NOW)]).toEqual(['me', 'good'])
  const endless = await new SignJWT({ ...usual, nbf: undefined as never })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key)
  expect(await stateOfSigned(endless, SECRET, NOW)).toBe('good')
})

test.each([
  ['another algorithm', { alg: 'HS512' }, usual],
  ['no algorithm', { alg: 'none' }, usual],
  ['an extension that must be understood', { alg: 'HS256', crit: ['b64'], b64: false }, usual],
  ['no end', { alg: 'HS256' }, { iss: 'me' }],
  ['an end that is no number', { alg: 'HS256' }, { ...usual, exp: '9999999999' }],
  ['a beginning that is no number', { alg: 'HS256' }, { ...usual, nbf: 'now' }],
  ['an issuer that is no text', { alg: 'HS256' }, { ...usual, iss: ['me'] }],
  ['claims that are no object', { alg: 'HS256' }, ['me', 'and', 'you']],
])('a token with %s is forged, although its signature is right', async (_, header, claims) => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  const mac = createHmac('sha256', SECRET).update(signed).digest('base64url')
  expect(await stateOfSigned(`${signed}.${mac}`, SECRET, NOW)).toBe('forged')
})

test('a token with one other byte in any of its parts is forged', async () => {
  const token = await signToken(usual, SECRET)
  for (const at of [3, token.indexOf('.') + 3, token.lastIndexOf('.') + 3]) {
    const other = token[at] === 'A' ? 'B' : 'A'
    const changed = token.slice(0, at) + other + token.slice(at + 1)
    expect(await stateOfSigned(changed, SECRET, NOW)).toBe('forged')
  }
})
