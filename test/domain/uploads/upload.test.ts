/** What may be uploaded, and how much of it in a day. */
import { expect, test } from 'vitest'
import {
  hourOf,
  isUploadName,
  mediaType,
  nameInUrl,
  newUploadName,
  UPLOADED_BYTES_MAX,
  UPLOADS_MAX,
  uploadUrl,
} from '#domain/uploads/upload.ts'
import { UploadCounts } from '#durable/desk-tables/upload-counts.ts'
import { makeUploadStore } from '#storage/uploads.ts'
import { openSql } from '../../support/sql/sqlite.ts'

const HOUR = 3_600_000
const NOW = 480_000 * HOUR + 5
const MIB = 1024 * 1024

test('a token uploads so many files in 24 hours, and again when the first of them are a day old', () => {
  const book = new UploadCounts(openSql(''))
  for (let count = 0; count < UPLOADS_MAX - 1; count += 1)
    expect(book.take('a', 1, NOW)).toBeUndefined()
  expect(book.take('a', 1, NOW + HOUR)).toBeUndefined()
  const freeAt = (hourOf(NOW) + 24) * HOUR
  expect(book.take('a', 1, NOW + 2 * HOUR)).toBe(freeAt)
  expect(book.take('b', 1, NOW + 2 * HOUR)).toBeUndefined()
  expect(book.take('a', 1, freeAt - 1)).toBe(freeAt)
  expect(book.take('a', 1, freeAt)).toBeUndefined()
})

test('a token uploads so many bytes in 24 hours, and a small file fits where a large one does not', () => {
  const book = new UploadCounts(openSql(''))
  const files = Math.floor(UPLOADED_BYTES_MAX / (25 * MIB))
  for (let count = 0; count < files; count += 1)
    expect(book.take('a', 25 * MIB, NOW)).toBeUndefined()
  expect(book.take('a', 25 * MIB, NOW)).toBe((hourOf(NOW) + 24) * HOUR)
  expect(book.take('a', MIB, NOW)).toBeUndefined()
  book.forgetAll()
  expect(book.take('a', 25 * MIB, NOW)).toBeUndefined()
})

test('only images, sounds and films are media, and nothing that a browser runs', () => {
  for (const type of ['image/png', 'IMAGE/JPEG', 'audio/x-wav', 'video/mp4; codecs="avc1"'])
    expect(mediaType(type), type).toBe(type.toLowerCase().split(';')[0])
  for (const type of [
    '',
    'image/',
    'image/svg+xml',
    'image/svg',
    'text/html',
    'image/png, text/html',
  ])
    expect(mediaType(type), type).toBeUndefined()
  expect(mediaType('image/vnd.x+xml')).toBeUndefined()
  expect(mediaType(undefined)).toBeUndefined()
})

test('an upload’s name cannot be guessed, ends as its kind does, and is found in addresses of ours alone', () => {
  const names = ['image/jpeg', 'audio/mpeg', 'video/mpeg', 'video/quicktime', 'image/x.y+z-1'].map(
    (type) => newUploadName(type, crypto.getRandomValues(new Uint8Array(32)))
  )
  expect(names.map((name) => name.slice(43))).toEqual(['.jpg', '.mp3', '.mpeg', '.mov', '.xyz1'])
  expect(names.every(isUploadName)).toBe(true)
  const [name = ''] = names
  const origins = ['https://gw.example.com']
  expect(nameInUrl(uploadUrl('https://gw.example.com', name), origins)).toBe(name)
  expect(nameInUrl(uploadUrl('https://gw.example.com.evil.example', name), origins)).toBeUndefined()
  expect(nameInUrl(`${uploadUrl('https://gw.example.com', name)}?x`, origins)).toBeUndefined()
})

test('a file is stored under a hash of its name, for a day', async () => {
  const puts: [string, unknown, unknown][] = []
  const kv = {
    put: async (...put: [string, unknown, unknown]) => void puts.push(put),
  } as unknown as KVNamespace
  const name = newUploadName('image/png', new Uint8Array(32))
  const facts = { type: 'image/png', size: 1, tenant: 't' }
  await makeUploadStore(kv, 24 * HOUR).keep(name, new Uint8Array(1), facts)
  const [[key = '', , options] = []] = puts
  expect(key).toMatch(/^upload:[0-9a-f]{64}$/)
  expect(options).toEqual({ expirationTtl: 86_400, metadata: facts })
})
