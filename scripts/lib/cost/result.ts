/** Keeps a result of `npm run cost` in bench/results/. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { logDollars, priceOf, totalOf } from './bill.ts'
import { excessOf } from './table.ts'
import type { Line } from './measure.ts'
import { ASSUMED, PRICES } from './prices.ts'

const FOLDER = 'bench/results'

/** Returns the file's name. */
export function writeResult(lines: Line[]): string {
  const at = new Date().toISOString()
  const commit = gitCommit()
  const result = {
    at,
    commit,
    node: process.version,
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
    prices: PRICES,
    assumed: ASSUMED,
    lines: lines.map((line) => ({
      ...line,
      dollarsPerMillion: { ...priceOf(line.usage), total: totalOf(priceOf(line.usage)) },
      logDollarsPerMillion: logDollars(line.usage),
      over: excessOf(line),
    })),
  }
  mkdirSync(FOLDER, { recursive: true })
  const file = `${FOLDER}/${at.slice(0, 19).replaceAll(':', '')}-cost-${commit}.json`
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  return file
}

function gitCommit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
