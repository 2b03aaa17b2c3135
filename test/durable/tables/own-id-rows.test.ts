/** How long the ids of own tokens are kept. */
import { expect, test } from 'vitest'
import { OwnIdRows } from '#durable/visibility/own-id-rows.ts'
import { openStorage } from '../../support/sql/sqlite.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)

test('an own id is deleted after 400 days, though the object restarts before each deletion', () => {
  const { sql } = openStorage('SELECT 1')
  const learn = (token: string, list: string, count: number, now: number) => {
    const own = { token, list }
    const ids = Array.from({ length: count }, (_, n) => `${list} ${now} ${n}`)
    const rest = { email: null, source: 'created', mayBeShared: false } as const
    new OwnIdRows(sql).learn(
      ids.map((id) => ({ id, ...rest, own })),
      now
    )
  }
  learn('b', '/v3/videos', 1, START)
  learn('b', '', 1, START)
  // More than one deletion looks at, and none of them old.
  learn('a', '/v3/videos', 2500, START + 10 * DAY)
  learn('b', '/v3/videos', 1, START + 10 * DAY)
  new OwnIdRows(sql).forget(START + 400 * DAY)
  const left = () => sql.exec('SELECT token, made_at FROM own_id').toArray()
  expect(left()).toHaveLength(2503)
  new OwnIdRows(sql).forget(START + 400 * DAY + 1)
  expect(left()).toHaveLength(2501)
  expect(left().at(-1)).toEqual({ token: 'b', made_at: START + 10 * DAY })
  new OwnIdRows(sql).forget(START + 411 * DAY)
  expect(left()).toEqual([])
})
