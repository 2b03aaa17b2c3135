/** What an isolate remembers of secrets (decision 0050). */
import { expect, test } from 'vitest'
import { platform } from '../../../src/composition/platform.ts'
import { makeVault } from '../../../src/storage/vault.ts'

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
