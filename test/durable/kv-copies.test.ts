import { expect, test } from 'vitest'
import { KvCopies } from '#durable/desk/kv-copies.ts'

test('a write of copies that fails does not fail the next one', async () => {
  const put: string[] = []
  let isBroken = true
  const tables = {
    staleCopies() {
      if (isBroken) throw new Error('the storage failed')
      return [{ key: 'token:1', version: 1 }]
    },
    valueOfCopy: () => 'value',
    markCopied: () => {},
  }
  const kv = { put: async (key: string) => void put.push(key), delete: async () => {} }
  const copies = new KvCopies(tables, kv, () => {})
  await expect(copies.write()).rejects.toThrow('the storage failed')
  isBroken = false
  await copies.write()
  expect(put).toEqual(['token:1'])
})
