import { expect, test } from 'vitest'
import { sayAction, sayDetail } from '../../dashboard/audit/words.ts'

test.each([
  [{ maxJobs: 3, credential: 'apiKey' }, ['3 jobs at once', 'with apiKey']],
  [{ maxJobs: 3, maxJobsBefore: 2 }, ['3 jobs at once', '2 before']],
  [{ now: true }, ['at once: its running jobs were lost']],
  [{ now: false }, []],
  [{ expiresAt: null }, ['never expires']],
  [{ expiresAt: Date.UTC(2027, 0, 2, 3, 4) }, ['expires 2027-01-02 03:04 UTC']],
  [
    { host: 'a.example', status: 'enabled', events: null },
    ['calls a.example', 'status enabled', 'every event'],
  ],
  [{ tokens: ['tok_1', 'tok_2'] }, ['tokens tok_1, tok_2']],
])('an audit line says %j in words', (detail, words) => {
  expect(sayDetail({ detail })).toEqual(words)
})

test('an action of a newer gateway is shown as it came', () => {
  expect(sayAction({ action: 'account.added' })).toBe('added the account')
  expect(sayAction({ action: 'pool.drained' })).toBe('pool.drained')
})
