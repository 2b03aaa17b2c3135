import { expect, test } from 'vitest'
import { platform } from '#composition/platform.ts'
import {
  parseStreamToken,
  replaceParam,
  replaceString,
  toSealed,
  toStreamToken,
} from '../../../src/domain/streaming/stream-token.ts'
import { makeVault } from '../../../src/storage/vault.ts'

const RING = [{ kid: 'k_1-a', raw: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' }]
const STREAM = {
  provider: 'heygen',
  tenant: 't_1',
  email: 'ä@example.com',
  token: 'a+b/c==',
  endsAt: 1,
}

test('a stream token opens to what was sealed, and needs no escaping in a query or a header', async () => {
  const vault = makeVault(RING, platform)
  for (let round = 0; round < 200; round += 1) {
    const plain = JSON.stringify({ ...STREAM, token: 'x'.repeat(round) })
    const token = toStreamToken(await vault.seal('stream', plain))
    expect(token).toMatch(/^hgs_[\w.-]+$/)
    expect(encodeURIComponent(token)).toBe(token)
    const opened = await vault.open('stream', toSealed(token) ?? '')
    expect(parseStreamToken(opened)).toEqual(JSON.parse(plain))
  }
})

test('what has not the form of a stream token is none', () => {
  const texts = ['', 'hgs_', 'hgs_a.b.c', `hgw_${'a'.repeat(51)}`, `hgs_k.${'a'.repeat(16)}.b c`]
  for (const text of texts) {
    expect(toSealed(text), text).toBeUndefined()
  }
})

test('one string of a JSON text is replaced, however it is escaped, and nothing else is touched', () => {
  const json =
    '{ "code" : 100, "id":12345678901234567890, "data":{"token":"a\\/b\\u003d","x":"a\\"a/b="}}'
  const replaced =
    '{ "code" : 100, "id":12345678901234567890, "data":{"token":"hgs","x":"a\\"a/b="}}'
  expect(replaceString(json, 'a/b=', 'hgs')).toBe(replaced)
  expect(replaceString(json, 'absent', 'hgs')).toBe(json)
  expect(replaceString('{"a":"t', 't', 'hgs')).toBe('{"a":"t')
})

test('one parameter of a query is replaced, however its name is encoded, and the rest stays as it came', () => {
  const search = '?session_id=a%20b&session_token=hgs_1&silence_response=false'
  const replaced = '?session_id=a%20b&session_token=a%2Bb%3D&silence_response=false'
  expect(replaceParam(search, 'session_token', 'a+b=')).toBe(replaced)
  expect(replaceParam('?session%5Ftoken=hgs_1&a', 'session_token', 'up')).toBe(
    '?session_token=up&a'
  )
})
