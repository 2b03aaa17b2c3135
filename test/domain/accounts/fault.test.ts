import { expect, test } from 'vitest'
import { isOutage } from '#domain/accounts/provider-outage.ts'
import { decideParking, rowName } from '#domain/accounts/park-after-refusal.ts'
import {
  findParking,
  needlessRows,
  park,
  ROWS_MAX,
  type Parking,
} from '#domain/accounts/parking.ts'
import { durationsAt } from '#domain/runtime/durations.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const WAITS = durationsAt(1)
const MINUTE = 60_000
const key = { scope: 'all', reason: 'credential', detail: '' } as const
const credit = { scope: 'jobs', reason: 'credit', detail: '' } as const
const row = (name: string, more: object = {}) =>
  ({ scope: `row:${name}`, reason: 'busy', detail: '', wide: 'plain', ...more }) as const

test('only a refused key or a block is the account’s when its key is doubted', () => {
  const of = (standing: 'good' | 'refused' | 'blocked' | 'unknown') =>
    decideParking({ order: key, doubt: 'key' }, { key: standing }, undefined)
  expect(of('good')).toEqual({ kind: 'good' })
  expect(of('unknown')).toEqual({ kind: 'unknown' })
  expect(of('refused')).toMatchObject({ kind: 'park', order: { scope: 'all', isProved: true } })
  expect(of('blocked')).toMatchObject({ kind: 'park', order: { reason: 'blocked' } })
})

test('one refused credential of several takes only what goes with it', () => {
  const fault = { order: key, doubt: 'key' } as const
  const found = decideParking(fault, { key: 'refused' }, 'apiKey')
  expect(found).toMatchObject({ order: { scope: 'key:apiKey', part: 'apiKey' } })
  const parking = {
    scope: 'key:apiKey',
    reason: 'credential',
    detail: '',
    until: 1,
    streak: 1,
  } as const
  expect(findParking([parking], { isJob: true, part: 'accessKey' }, 0)).toBeUndefined()
  expect(findParking([parking], { isJob: false, part: 'apiKey' }, 0)).toBe(parking)
})

test('an account is short of credit only where nothing is left of what is meant', () => {
  const of = (spent: string[]) =>
    decideParking({ order: credit, doubt: 'funds' }, { key: 'good', spent }, undefined).kind
  expect([of([]), of(['meter:video']), of(['jobs'])]).toEqual(['good', 'good', 'park'])
})

test('a refused account is asked about at 1, 5 and 15 minutes, then hourly, however often it is refused meanwhile', () => {
  const order = { ...key, isProved: true } as const
  let parking = park([], order, NOW, WAITS)
  const ends: number[] = []
  for (let index = 0; index < 5; index += 1) {
    ends.push((parking.until - NOW) / MINUTE)
    const again = park([parking], order, parking.until - 1000, WAITS)
    expect(again.streak).toBe(parking.streak)
    parking = park([parking], order, parking.until, WAITS)
  }
  expect(ends).toEqual([1, 5, 15, 75, 135])
})

test('a second row that is refused within the time of the first parks what both belong to; the same row does not', () => {
  const first = park([], { ...row('GET /a'), until: NOW + 1000 }, NOW, WAITS)
  expect(first.scope).toBe('row:GET /a')
  expect(park([first], { ...row('GET /a'), until: NOW + 2000 }, NOW, WAITS).scope).toBe(
    'row:GET /a'
  )
  expect(park([first], { ...row('GET /b'), until: NOW + 500 }, NOW, WAITS).scope).toBe('plain')
  expect(park([first], row('GET /b'), NOW + 1000, WAITS).scope).toBe('row:GET /b')
  expect(park([first], row('POST /c', { wide: 'jobs' }), NOW, WAITS).scope).toBe('row:POST /c')
  const speech = { scope: 'row:POST /tts', reason: 'busy', detail: '' } as const
  expect(park([first], speech, NOW, WAITS).scope).toBe('row:POST /tts')
})

test('a row stops its own calls alone', () => {
  const parking = park([], row('GET /a'), NOW, WAITS)
  const find = (name: string) => findParking([parking], { isJob: false, row: name }, NOW)
  expect([find('GET /a'), find('GET /b')]).toEqual([parking, undefined])
  expect(findParking([parking], { isJob: true }, NOW)).toBeUndefined()
})

test('no more than a bounded number of rows is kept, those that end last', () => {
  const many = Array.from({ length: ROWS_MAX + 5 }, (_, index): Parking => {
    return park([], { ...row(`GET /${index}`), until: NOW + 1000 * (index + 1) }, NOW, WAITS)
  })
  const dropped = needlessRows(many, 'row:GET /new', NOW, WAITS)
  expect(dropped.length).toBe(6)
  expect(dropped).toContain('row:GET /0')
})

test('paths outside the table are rows by their template', () => {
  const of = (path: string) => rowName('GET', path, undefined)
  expect(of('/v3/things/0123456789abcdef0123/parts')).toBe('GET /v3/things/{id}/parts')
  expect(of('/v3/brand-kits/settings')).toBe('GET /v3/brand-kits/settings')
  expect(rowName('HEAD', '/v3/x', undefined)).toBe('GET /v3/x')
  expect(of(`/v3/${'x/'.repeat(400)}`).length).toBeLessThanOrEqual(120)
})

test('most of a pool is more than half of it, and two or more', () => {
  expect([isOutage(1, 1), isOutage(1, 2), isOutage(2, 2), isOutage(2, 3), isOutage(2, 4)]).toEqual([
    false,
    false,
    true,
    true,
    false,
  ])
})
