/** The whole simulation: a thousand worlds, and all planted faults. simulation.test.ts has a case of each for `npm test`. */
import { expect, test, vi } from 'vitest'
import { simulate } from './simulate.ts'

vi.setConfig({ testTimeout: 7_200_000 })

test('in a thousand simulated worlds every promise holds [I1, I2, I3, I4, I5, I6, I7]', async () => {
  const { code, lines, lastLine } = await simulate()
  expect(lines.filter((line) => /^(?:seed|[\w-]+\.json)\b.*:/.test(line))).toEqual([])
  const [, events] = /^(\d+) events, 1000 seeds, 0 violations$/.exec(lastLine) ?? []
  expect(Number(events)).toBeGreaterThanOrEqual(1_000_000)
  expect(code).toBe(0)
})

test('the simulation sees each planted fault', async () => {
  const { code, lines } = await simulate('--planted')
  expect(lines.filter((line) => line.includes(': not found'))).toEqual([])
  expect(code).toBe(0)
})

test('a seed that is played twice by one process has the same history', async () => {
  const { lines, lastLine } = await simulate('--seeds', '20', '--twice', '--reached', 'no')
  expect(lines.filter((line) => line.includes('played twice'))).toEqual([])
  expect(lastLine).toMatch(/^\d+ events, 20 seeds, 0 violations$/)
})

test('each kept plan finds the fault that it is kept for', async () => {
  const { code, lines } = await simulate('--kept')
  expect(lines.filter((line) => line.endsWith(': not found'))).toEqual([])
  expect(lines.at(-1)).toMatch(/^(\d+) of \1 kept plans find their fault$/)
  expect(code).toBe(0)
})
