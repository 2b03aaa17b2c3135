/**
 * A sample of the simulation (docs/rfc/0008-simulation.md): the real Worker and its objects in seeded worlds, with crashes at any
 * statement, lost, doubled and late calls, stale KV and a failing provider. simulation.full.test.ts plays the whole.
 */
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { PLANTED } from '../../sim/planted/faults.ts'
import { simulate, type Simulated } from './simulate.ts'

vi.setConfig({ testTimeout: 600_000 })

let played: Promise<Simulated> | undefined

/** Played once, for all tests of this file. */
function sample(): Promise<Simulated> {
  played ??= simulate('--seeds', '30', '--reached', 'no', '--hashes')
  return played
}

test('in thirty simulated worlds, and in every plan that has once broken a promise, every promise holds [I1, I2, I3, I4, I5, I6, I7]', async () => {
  const { code, lines, lastLine } = await sample()
  expect(lines.filter((line) => /^(?:seed|[\w-]+\.json)\b.*:/.test(line))).toEqual([])
  expect(lastLine).toMatch(/^\d+ events, 30 seeds, 0 violations$/)
  expect(code).toBe(0)
})

test('a simulated world has one history, whatever its process has played before', async () => {
  // The last of the sample: its process has played many before it.
  const after = (await sample()).lines.find((line) => line.startsWith('hash of seed 30 '))
  const alone = (await simulate('--seed', '30')).lines.find((line) => line.startsWith('hash '))
  expect(alone).toMatch(/^hash [0-9a-f]{64}$/)
  expect(after).toBe(alone?.replace('hash ', 'hash of seed 30 '))
})

test('the simulation sees a planted fault: an account that grants one slot too many', async () => {
  const { code, lines, lastLine } = await simulate(
    ...'--planted --only lease --from 2 --seeds 20 --processes 1'.split(' ')
  )
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
