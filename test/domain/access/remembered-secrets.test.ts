/** What an isolate remembers of secrets (decision 0050). */
import { expect, test } from 'vitest'
import { platform } from '../../../src/composition/platform.ts'
import type { TokenRecord } from '../../../src/domain/access/token.ts'
import type { Registrar } from '../../../src/domain/ports/desk.ts'
import { makeTokenCache, makeTokenStore } from '../../../src/storage/tokens.ts'
import { makeVault } from '../../../src/storage/vault.ts'

const SECONDS = 1000
const KEYS = [{ kid: 'k1', raw: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=' }]

test('a credential that is remembered does not open for another identity, or once its key is gone [I6]', async () => {
  const vault = makeVault(KEYS, platform)
  const sealed = await vault.seal('account/a', 'secret')
  expect(await vault.open('account/a', sealed, true)).toBe('secret')
  expect(await vault.open('account/a', sealed, true)).toBe('secret')
  await expect(vault.open('account/b', sealed, true)).rejects.toThrow('unknown master key')
  const other = makeVault([{ kid: 'k2', raw: KEYS[0]?.raw ?? '' }], platform)
  await expect(other.open('account/a', sealed, true)).rejects.toThrow('unknown master key')
})

test('only a token that was found is remembered, for ten seconds, and its removal ends it at once [I6]', async () => {
  let now = 0
  const record = { id: 'i', hash: 'h' } as TokenRecord
  let known: TokenRecord | undefined = record
  const kv = { get: async () => null } as unknown as KVNamespace
  const registrar = { findToken: async () => known } as unknown as Registrar
  const tokens = makeTokenStore(
    kv,
    makeTokenCache(() => now),
    registrar
  )
  const isLimited = async () => false
  expect(tokens.hashOf('hgw_a')).toBeUndefined()
  expect(await tokens.find('h', isLimited)).toBe(record)
  tokens.noteFound('hgw_a', 'h')
  expect(tokens.hashOf('hgw_a')).toBe('h')
  known = undefined
  tokens.forget('h')
  expect(await tokens.find(tokens.hashOf('hgw_a') ?? '', isLimited)).toBeUndefined()
  now = 10 * SECONDS
  expect(tokens.hashOf('hgw_a')).toBeUndefined()
})
