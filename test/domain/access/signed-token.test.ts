/** Tokens signed with a key pair, by their times. */
import { expect, test } from 'vitest'
import { signToken, stateOfSigned } from '#domain/access/signed-token.ts'

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
