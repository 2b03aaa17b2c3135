/** What a bulk call of 16 MiB holds at once. A Worker has 128 MB, and other calls of its isolate need some of it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Door } from '../../support/queue/door.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const MIB = 1024 * 1024

function held(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / MIB
}

test.each([
  ['15 bodies of 1 MiB', 15, 1_048_000],
  ['1,000 bodies of 16 KiB', 1000, 16_400],
])('16 MiB at once stay under the memory of a Worker: %s', async (_, count, size) => {
  const door = new Door()
  const line = { path: '/v3/videos', body: { type: 'avatar', script: 'x'.repeat(size) } }
  const text = JSON.stringify(line)
  const body = Array.from({ length: count }, () => text).join('\n')
  const before = held()
  // A portion is in memory whole: what came, its items as text and JSON, and their sealed texts.
  const peaks: number[] = []
  door.enqueue = async (items) => {
    peaks.push(held())
    door.items.length = 0
    return items.map(() => ({ kind: 'queued' as const }))
  }
  const answer = await door.call('POST', '/v1/heygen/queue', body)
  expect(answer.status).toBe(200)
  expect(peaks.length).toBeGreaterThan(1)
  expect(Math.max(...peaks) - before).toBeLessThan(64)
})

test('16 MiB of ids at once of a token that sees only its own stay under the memory of a Worker', async () => {
  const door = new Door()
  const usual = door.ports.bind(door)
  const peaks: number[] = []
  let asked = 0
  const desk = {
    ...door.desk(),
    async ownOf(_: string, ids: string[]) {
      peaks.push(held())
      asked += ids.length
      return []
    },
  }
  door.ports = () =>
    ({
      ...usual(),
      desk: () => desk,
      slots: () => ({ listJobs: async () => ({ jobs: [] }) }),
    }) as never
  const ids = (of: number) =>
    Array.from({ length: 800 }, (_, n) => `${String(of * 1000 + n).padStart(12, '0')}abcdef`)
  const body = Array.from({ length: 980 }, (_, n) =>
    JSON.stringify({ path: '/v3/videos', body: { type: 'avatar', script: 'x', x_ids: ids(n) } })
  ).join('\n')
  const before = held()
  const answer = await door.call('POST', '/v1/heygen/queue', body, { caller: { sees: 'own' } })
  expect(answer.status).toBe(200)
  expect(asked).toBe(980 * 800)
  expect(Math.max(...peaks) - before).toBeLessThan(80)
})
