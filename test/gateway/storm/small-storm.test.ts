/** A small storm of what `npm run soak` does at length, on the tests' own witness: everything goes astray, workerd is killed. */
import { beforeAll, expect, test } from 'vitest'
import { smallStorm } from '../../support/storm/storm-plans.ts'
import { runStorm, type StormReport } from '../../support/storm/storm.ts'

const plan = smallStorm('witness')
let report: StormReport

beforeAll(async () => {
  console.log(`storm: STORM_SEED=${plan.seed}`)
  report = await runStorm(plan)
}, 280_000)

test('in a storm no account ever holds more jobs than it may [I1]', () => {
  expect(report.broken.notStarted).toEqual([])
  expect(report.broken.overCap).toEqual([])
})

test('in a storm nothing is started twice that was meant once [I4]', () => {
  expect(report.broken.doubled).toEqual([])
})

test('after a storm every slot is back [I2]', () => {
  expect(report.broken.slotsHeld).toEqual([])
})

test('in a storm every end is told to everyone who asked, as it was, and signed [I3]', () => {
  expect(report.broken.untold).toEqual([])
  expect(report.broken.toldOtherwise).toEqual([])
  expect(report.broken.unsigned).toEqual([])
})

test('in a storm one end is told under one id, and no other end under it [I3]', () => {
  expect(report.broken.twoIds).toEqual([])
  expect(report.broken.sharedIds).toEqual([])
})

test('in a storm nothing that HeyGen accepted is said never to have reached it [I4]', () => {
  expect(report.broken.falselyAbsent).toEqual([])
})

test('receivers that fail or are gone for a while get it in the end, and nothing is owed any more [I3]', () => {
  expect(report.broken.failedForGood).toEqual([])
  expect(report.broken.webhooksNotTaken).toEqual([])
  expect(report.broken.odd).toEqual([])
})

test('a product minute after nothing is owed no object wakes any more, but to forget, hourly at most', () => {
  expect(report.broken.awake).toEqual([])
})

test('a storm is one: answers lost, tried again, refused, killed', () => {
  const { numbers } = report
  expect(numbers['accepted']).toBeGreaterThanOrEqual(plan.jobs)
  for (const name of ['kills', 'cut', 'repeats', 'troubles', 'untraceable']) {
    expect(numbers[name], name).toBeGreaterThan(0)
  }
})
