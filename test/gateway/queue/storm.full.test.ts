/** The storms of issue 16, "Never a 429". */
import { expect, test } from 'vitest'
import { runQueueStorm, type QueueStormPlan } from '../../support/queue/queue-storm.ts'

const PLAN: QueueStormPlan = {
  jobs: Number(process.env['STORM_JOBS'] ?? 1000),
  accounts: { ada: 3, bob: 3, eve: 3 },
  jobMs: 1000,
  timeScale: 20,
  overMs: 10_000,
  kills: 0,
  isRough: false,
  tailMs: 600_000,
}
/** A lost webhook costs a slot ten minutes of the product, so its time is faster. */
const ROUGH = { kills: 10, isRough: true, timeScale: 60, tailMs: 900_000 }
const onProgress = (line: string) => console.log(line)

test('1,000 creations in ten seconds into three accounts of three: none is refused, none is above three, each is told once [I1, I3, I4]', async () => {
  const { broken, numbers } = await runQueueStorm({ ...PLAN, onProgress })
  console.log(JSON.stringify(numbers))
  expect(broken).toEqual([])
  expect(numbers['started']).toBe(PLAN.jobs)
  expect(numbers['posts']).toBe(PLAN.jobs)
}, 700_000)

test('the same with ten kills, a fifth of the webhooks lost and lost answers: none is lost, none starts twice [I1, I3, I4]', async () => {
  const { broken, numbers } = await runQueueStorm({ ...PLAN, ...ROUGH, onProgress })
  console.log(JSON.stringify(numbers))
  expect(broken).toEqual([])
}, 1_000_000)
