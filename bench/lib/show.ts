/** Prints results as tables in Markdown. */
import type { ComparisonResult, TargetResult } from './compare.ts'
import type { ReportResult } from './report.ts'
import type { ProfileRow } from './profile.ts'
import type { Spread } from './statistics.ts'

export function showComparison({ title, programs, targets }: ComparisonResult): void {
  console.log(`\n## ${title}\n`)
  console.log('| program | requests/s | CPU ms | p50 ms | p99 ms |')
  console.log('| --- | ---: | ---: | ---: | ---: |')
  for (const { program, rps, cpu, p50, p99 } of programs) {
    const cells = [show(rps, 0), show(cpu, 3), show(p50, 2), show(p99, 1)]
    console.log(`| ${program} | ${cells.join(' | ')} |`)
  }
  console.log('\n| ratio | measured | of the best rounds | target | |')
  console.log('| --- | ---: | ---: | ---: | --- |')
  for (const target of targets) console.log(rowOf(target))
}

export function showReport({ title, rows, wishes }: ReportResult): void {
  console.log(`\n## ${title}\n`)
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  console.log(`| ${columns.join(' | ')} |`)
  console.log(`|${columns.map(() => ' --- |').join('')}`)
  for (const row of rows)
    console.log(`| ${columns.map((column) => toCell(row[column])).join(' | ')} |`)
  if (wishes.length === 0) return
  console.log('\n| number | measured | target | |')
  console.log('| --- | ---: | ---: | --- |')
  for (const { what, measured, isMet, ...wish } of wishes)
    console.log(`| ${what} | ${toCell(measured)} | ${showWish(wish)} | ${showMet(isMet)} |`)
}

function toCell(value: string | number | undefined): string {
  if (typeof value !== 'number') return value ?? ''
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1)
}

function showWish({ atLeast, atMost }: { atLeast?: number; atMost?: number }): string {
  if (atLeast !== undefined) return `≥ ${atLeast}`
  return atMost === undefined ? '–' : `≤ ${atMost}`
}

const NAMES = { rps: 'requests/s', cpu: 'CPU', p50: 'p50', p99: 'p99' }

function rowOf({ of, to, measure, ratio, best, isMet, ...wish }: TargetResult): string {
  const what = `${NAMES[measure]} of ${of} / ${to}`
  const cells = [what, show(ratio, 2), best.toFixed(2), showWish(wish), showMet(isMet)]
  return `| ${cells.join(' | ')} |`
}

function showMet(isMet: boolean | undefined): string {
  if (isMet === undefined) return ''
  return isMet ? 'met' : 'NOT met'
}

/** The median, and from the smallest to the largest. */
function show({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

const ROWS = 40

export function showProfile(rows: readonly ProfileRow[]): void {
  const all = rows.reduce((sum, row) => sum + row.selfMs, 0)
  const share = (ms: number) => `${((100 * ms) / all).toFixed(1)} %`
  console.log('| function | self | with what it calls |')
  console.log('| --- | ---: | ---: |')
  for (const { name, selfMs, totalMs } of rows.slice(0, ROWS))
    console.log(`| ${name} | ${share(selfMs)} | ${share(totalMs)} |`)
}
