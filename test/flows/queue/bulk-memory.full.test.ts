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
