/**
 * A sample of the simulation (docs/rfc/0008-simulation.md): the real Worker and its objects in seeded worlds, with crashes at any
 * statement, lost, doubled and late calls, stale KV and a failing provider. simulation.full.test.ts plays the whole.
 */
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { PLANTED } from '../../sim/planted/faults.ts'
import { simulate } from './simulate.ts'

vi.setConfig({ testTimeout: 600_000 })

test('in thirty simulated worlds, and in every plan that has once broken a promise, every promise holds [I1, I2, I3, I4, I5, I6, I7]', async () => {
  const { code, lines, lastLine } = await simulate('--seeds', '30', '--reached', 'no')
  expect(lines.filter((line) => /^(?:seed|[\w-]+\.json)\b.*:/.test(line))).toEqual([])
  expect(lastLine).toMatch(/^\d+ events, 30 seeds, 0 violations$/)
  expect(code).toBe(0)
})

test('a simulated world has one history, whatever its process has played before', async () => {
  const hashOf = ({ lines }: { lines: string[] }) => lines.find((line) => line.startsWith('hash '))
  const alone = await simulate('--seed', '2')
  expect(hashOf(alone)).toMatch(/^hash [0-9a-f]{64}$/)
  expect(hashOf(await simulate('--seed', '2'))).toBe(hashOf(alone))
  const twice = await simulate('--seeds', '2', '--twice', '--processes', '1', '--reached', 'no')
  expect(twice.lines.filter((line) => line.includes('played twice'))).toEqual([])
})

test('the simulation sees a planted fault: an account that grants one slot too many', async () => {
  const { code, lines, lastLine } = await simulate('--planted', '--only', 'lease', '--seeds', '20')
  expect(lines[0]).toMatch(/^lease: found by \d+ seeds? \(seed \d+: I1 /)
  expect(lastLine).toBe('1 of 1 planted faults found')
  expect(code).toBe(0)
})

test('each planted fault changes a text that stands once in its file', () => {
  const sabotages = PLANTED.flatMap((one) => one.sabotages)
  const wrong = sabotages.filter(
    ({ file, from }) => readFileSync(file, 'utf8').split(from).length !== 2
  )
  expect(wrong).toEqual([])
})
