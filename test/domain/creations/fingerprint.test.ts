import { expect, test } from 'vitest'
import { isCut, shortCallbackId, shortFingerprint } from '#domain/jobs/fingerprint.ts'

test('of a client’s own text a lease keeps at most 256 characters', () => {
  const kept = shortFingerprint({ title: 't'.repeat(6_000_000), callbackId: 'c'.repeat(6_000_000) })
  expect(kept.title).toBe('t'.repeat(256))
  expect(kept.callbackId).toHaveLength(256)
})

test('what is short is kept as it is', () => {
  const fingerprint = { title: 'Demo', callbackId: 'order-17' }
  expect(shortFingerprint(fingerprint)).toEqual(fingerprint)
  expect(shortFingerprint({})).toEqual({})
  expect(isCut('order-17')).toBe(false)
})

test('long callback ids that differ anywhere stay apart, equal ones equal', () => {
  const long = 'c'.repeat(300)
  const all = [long, `${long}c`, `d${long.slice(1)}`, `${long.slice(1)}d`].map(shortCallbackId)
  expect(new Set(all).size).toBe(4)
  expect(shortCallbackId(`${long}`)).toBe(all[0])
  expect(all.every(isCut)).toBe(true)
})
