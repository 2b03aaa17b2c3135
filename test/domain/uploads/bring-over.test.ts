import { expect, test } from 'vitest'
import { planOf, swapIds, type Named } from '#domain/uploads/asset-copies.ts'
import { homeOf, type HomeChoice } from '#domain/uploads/upload-account.ts'

const asset = (id: string, email: string): Named => ({ id, email, isAsset: true })
const fixed = (id: string, email: string): Named => ({ id, email, isAsset: false })

test('what is fixed draws assets to its account', () => {
  expect(planOf([asset('1', 'a'), fixed('v', 'b'), asset('2', 'b')])).toEqual({
    kind: 'at',
    email: 'b',
    ids: ['1'],
    canMove: false,
  })
})

test('two fixed things of two accounts are a conflict, whatever else is named', () => {
  const pair = [fixed('v', 'a'), fixed('w', 'b')]
  expect(planOf([asset('1', 'c'), ...pair])).toEqual({ kind: 'conflict', pair })
})

test('assets alone go to the account that has most of them, the first of equals', () => {
  const plan = { kind: 'at', canMove: true }
  expect(planOf([asset('1', 'a'), asset('2', 'b'), asset('3', 'b')])).toEqual({
    ...plan,
    email: 'b',
    ids: ['1'],
  })
  expect(planOf([asset('1', 'a'), asset('2', 'b')])).toEqual({ ...plan, email: 'a', ids: ['2'] })
  expect(planOf([])).toEqual({ kind: 'any' })
})

test.each([
  ['{"a":{"id":"x"},"b":"x"}', ['/a/id'], '{"a":{"id":"NEW"},"b":"x"}'],
  [
    '{"a" : [ {"id":"x"}, {"id":"y"} ,{"id" :"x"}]}',
    ['/a/*/id'],
    '{"a" : [ {"id":"NEW"}, {"id":"y"} ,{"id" :"NEW"}]}',
  ],
  [
    '{"v":{"one":{"id":"x"},"two":{"id":"x"}}}',
    ['/v/*/id'],
    '{"v":{"one":{"id":"NEW"},"two":{"id":"NEW"}}}',
  ],
  ['{"id":"\\u0078","n":12345678901234567890}', ['/id'], '{"id":"NEW","n":12345678901234567890}'],
  ['{"id":"x","id":"x"}', ['/id'], '{"id":"NEW","id":"NEW"}'],
  ['{"id":"xx","k":1}', ['/id', '/k', '/id'], '{"id":"xx","k":1}'],
  ['{"id":"x"}', ['/id', '/id'], '{"id":"NEW"}'],
  ['[1,"x"]', ['/*', '/id'], '[1,"NEW"]'],
])(
  'ids change where a whole string at a pointer equals them: %s [I7]',
  (text, pointers, wanted) => {
    expect(swapIds(text, pointers, new Map([['x', 'NEW']]))).toBe(wanted)
  }
)

const HOME_MS = 600_000
const accounts = [
  { email: 'a', maxJobs: 3, load: 2 },
  { email: 'b', maxJobs: 3, load: 0 },
]
const choice: HomeChoice = {
  accounts,
  before: undefined,
  likeness: undefined,
  now: 0,
  homeMs: HOME_MS,
  random: () => 0.5,
}

test.each([
  ['the roomiest where there was none', {}, 'b'],
  ['the account of avatars and voices', { likeness: 'a' }, 'a'],
  ['the one before', { before: { email: 'a', since: 0, used: 2 } }, 'a'],
  [
    'another when it has taken as many as it has slots',
    { before: { email: 'a', since: 0, used: 3 } },
    'b',
  ],
  [
    'another when it is older than ten minutes',
    { before: { email: 'a', since: -HOME_MS, used: 0 } },
    'b',
  ],
  ['another when its clock is ahead of ours', { before: { email: 'a', since: 1, used: 0 } }, 'b'],
  ['another when it may not be used', { before: { email: 'c', since: 0, used: 0 } }, 'b'],
  [
    'another once when the owner of avatars is spent',
    { likeness: 'a', before: { email: 'a', since: 0, used: 3 } },
    'b',
  ],
  ['the owner again after that', { likeness: 'a', before: { email: 'b', since: 0, used: 3 } }, 'a'],
  ['the roomiest when the owner may not be used', { likeness: 'c' }, 'b'],
])('a home is %s', (_name, change, email) => {
  expect(homeOf({ ...choice, ...change })?.email).toBe(email)
})
