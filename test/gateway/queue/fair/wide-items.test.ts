/** A creation of several jobs beside many of one: slots are saved up for it, over HTTP. In generated lines: test/domain/line/save-up.test.ts. */
import { expect, test } from 'vitest'
import { advance, CLOCKED, clockOf, MINUTE, SECOND, stopped } from '../../../support/clock/clock.ts'
import { until } from '../../../support/gateway.ts'
import { gatewaysOfTests } from '../../../support/gateways-of-tests.ts'
import { PlayedJobs, queueTitles } from '../../../support/queue/played-jobs.ts'
import { becomes, jobOf, queued } from '../../../support/queue/queued.ts'
import { openHooked } from '../../../support/scenes/hooked.ts'

const open = gatewaysOfTests()
const TRANSLATION = {
  video: { type: 'url', url: 'https://example.com/in.mp4' },
  output_languages: ['German', 'French', 'Spanish'],
}
const X = 'x@example.com'

test('a creation of three jobs that has waited ten minutes gets its slots within a job’s time, nothing else starts there meanwhile, and the other account stands idle for none', async () => {
  const gateway = await stopped(
    openHooked(open, { accounts: { x: 3, y: 2 }, entry: CLOCKED, simVars: { JOB_MS: '-1' } })
  )
  const jobs = new PlayedJobs(gateway, () => MINUTE)
  // Their ends are apart, so that three slots are never free at once.
  for (let slot = 0; slot < 5; slot += 1) {
    await queueTitles(gateway, [`first${slot}`])
    await jobs.started(slot + 1)
    await advance(gateway, 11 * SECOND)
  }
  const { names } = await queued(gateway, '/heygen/v3/video-translations', TRANSLATION)
  const { now: askedAt } = await clockOf(gateway)
  await advance(gateway, SECOND)
  await queueTitles(
    gateway,
    Array.from({ length: 75 }, (_, index) => `small${index}`)
  )
  const isWide = () => jobs.starts.some(({ title }) => !/^(first|small)/.test(title))
  const late = askedAt + 10 * MINUTE
  for (;;) {
    const before = jobs.starts.length
    const ended = await jobs.end()
    const { now } = await clockOf(gateway)
    if (ended?.account === X && now > late) {
      const isFree = jobs.running.every(({ account }) => account !== X)
      if (isFree) await until(async () => (await jobs.look()) > before && isWide())
      if (isWide()) break
    } else await jobs.started(before + 1)
    expect(now).toBeLessThan(late + 2 * MINUTE)
  }
  const wide = jobs.starts.filter(({ title }) => !/^(first|small)/.test(title))
  expect(wide.map(({ account }) => account)).toEqual([X, X, X])
  const at = wide[0]?.at ?? 0
  expect(at).toBeGreaterThanOrEqual(late)
  expect(at).toBeLessThanOrEqual(late + MINUTE)
  expect(jobs.starts.filter((one) => one.account === X && one.at > late && one.at < at)).toEqual([])
  for (const name of names)
    expect(await becomes(gateway, name, 'running')).toMatchObject({ email: X })
  expect(await jobOf(gateway, names[0] ?? '')).toMatchObject({ status: 'running' })
  // Then the account goes on with the others.
  const before = jobs.starts.length
  await jobs.play(before + 10)
  expect(jobs.starts.slice(before).filter(({ account }) => account === X).length).toBeGreaterThan(2)
})
