/** Limits of tokens on jobs in simulated worlds: crashes at any statement, calls that are lost or come twice. */
import { expect, test, vi } from 'vitest'
import { isFull } from '../support/full.ts'
import { simulate } from './simulate.ts'

vi.setConfig({ testTimeout: 600_000 })

const SEEDS = isFull ? 200 : 12

test('in simulated worlds no token runs more jobs than its limit, and each promise holds for limited tokens, too', async () => {
  const options = ['--limited', '--from', '600', '--seeds', String(SEEDS), '--reached', 'no']
  const { code, lines, lastLine } = await simulate(...options)
  expect(lines.filter((line) => /^(?:seed|[\w-]+\.json)\b.*:/.test(line))).toEqual([])
  expect(lastLine).toMatch(new RegExp(`^\\d+ events, ${SEEDS} seeds, 0 violations$`))
  expect(code).toBe(0)
})
