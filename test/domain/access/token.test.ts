/** The form of a token, and what is kept of it. */
import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import { hashToken, isTokenForm, newToken } from '#domain/access/token.ts'

test('a token is 32 random bytes with a checksum, and its neighbours are no tokens', () => {
  const token = newToken(platform.randomBytes)
  expect(isTokenForm(token)).toBe(true)
  expect(
    isTokenForm(`${token.slice(0, 20)}${token[20] === 'a' ? 'b' : 'a'}${token.slice(21)}`)
  ).toBe(false)
  for (const bad of [
    '',
    'hgw_',
    token.slice(1),
    `${token}x`,
    'x'.repeat(1_000_000),
    "' OR 1=1 --",
  ]) {
    expect(isTokenForm(bad)).toBe(false)
  }
})

test('two tokens with the same beginning have different hashes', async () => {
  const one = newToken(platform.randomBytes)
  expect(await hashToken(one)).not.toBe(await hashToken(`${one.slice(0, -1)}0x`))
})
