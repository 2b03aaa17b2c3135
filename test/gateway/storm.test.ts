/** A small storm of what `npm run soak` does at length: webhooks go astray, receivers fail, workerd is killed. */
import { beforeAll, expect, test } from 'vitest'
import { runStorm, type StormReport } from '../support/storm.ts'

let report: StormReport

beforeAll(async () => {
  report = await runStorm({
    jobs: 150,
    // Few, and a scale at which a creation has 600 ms and an event that came too early is kept for 4 s: on a slow
    // machine too most creations are answered in time.
    clients: 24,
    accounts: { ada: 10, bob: 8, eve: 6 },
    timeScale: 150,
    jobMs: 300,
    lateMs: 6000,
    killAt: [60],
    lostAtKill: 8,
    deadForMs: 6000,
    // A receiver that failed five times is tried again after 2 h / 150 = 48 s; the rest is for the machine.
    tailMs: 150_000,
  })
}, 280_000)

test('in a storm no account ever holds more jobs than it may', () => {
  expect(report.broken.notStarted).toEqual([])
  expect(report.broken.overLimit).toEqual([])
})

test('in a storm no job is started twice', () => {
  expect(report.broken.startedTwice).toEqual([])
})

test('after a storm every slot is back', () => {
  expect(report.broken.slotsHeld).toEqual([])
})

test('in a storm every job is told to everyone who asked, as it ended, and signed', () => {
  expect(report.broken.notTold).toEqual([])
  expect(report.broken.toldOtherwise).toEqual([])
  expect(report.broken.unsigned).toEqual([])
})

test('in a storm one job is told under one id, so that a receiver can drop repeats', () => {
  expect(report.broken.severalIds).toEqual([])
})

test('receivers that fail five times or are gone for a while get it in the end, and nothing is owed any more', () => {
  expect(report.broken.flakyNotTaken).toEqual([])
  expect(report.broken.failedForGood).toEqual([])
  expect(report.broken.webhooksNotTaken).toEqual([])
})

test('a storm is one: settled both ways, repeated, failed, killed', () => {
  const { numbers } = report
  for (const name of ['settledByEvent', 'settledByAlarm', 'repeats', 'flakyReceivers', 'kills']) {
    expect(numbers[name], name).toBeGreaterThan(0)
  }
})
