/** Two minutes of `npm run soak`: plans of the simulation with all that can go wrong from outside, and SIGKILL of workerd. */
import { expect, test, vi } from 'vitest'
import { printed, soak } from '../../sim/workerd/soak.ts'

vi.setConfig({ testTimeout: 3_600_000 })

test('while plans are played in workerd and workerd is killed every promise holds, as in the simulation [I1, I2, I3, I4, I5, I6, I7]', async () => {
  const report = await soak({
    from: 1 + Math.floor(Math.random() * 1_000_000),
    calm: { plans: 6, steps: 8, scale: 15, lanes: 6 },
    storm: { minutes: 2, kills: 3, lanes: 16, crowd: 3, scale: 30 },
    say: (line) => console.log(line),
  })
  expect(report.violations, printed(report).join('\n')).toEqual([])
  expect(report.kills).toBe(3)
  expect(report.jobs).toBeGreaterThan(100)
})
