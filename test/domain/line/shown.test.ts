import { expect, test } from 'vitest'
import { jobOfName } from '#domain/line/shown.ts'
import type { ItemShown } from '#domain/queue/item.ts'

test('a name leads to its own job, and one whose job is not known is not said to have none', () => {
  const shown = { names: ['a', 'b', 'c'], jobIds: ['x', '', 'z'], state: 'begun' } as ItemShown
  expect(jobOfName(shown, 'c')).toEqual({ id: 'z' })
  expect(jobOfName(shown, 'b')).toMatchObject({
    shown: { state: 'ended', reason: 'outcome_unknown' },
  })
})
