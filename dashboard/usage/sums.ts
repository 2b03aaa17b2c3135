/** Adds up rows of usage for the plot and the tables. Pure. */
import type { UsageRow } from '../api-types.ts'

/** null: nothing told it, which is not zero. */
export interface UsageSum {
  jobs: number
  completed: number
  failures: number
  /** Neither completed nor failed at the provider: lost, gone, freed by force, unknown. */
  others: number
  seconds: number | null
  credits: number | null
}

export interface NamedSum {
  name: string
  sum: UsageSum
}

export const DAY_MS = 86_400_000

export function sumOf(rows: UsageRow[]): UsageSum {
  const all = add(rows, ({ jobs }) => jobs) ?? 0
  const failures = add(rows, (row) => row.failures) ?? 0
  const completed =
    add(
      rows.filter(({ outcome }) => outcome === 'completed'),
      ({ jobs }) => jobs
    ) ?? 0
  return {
    jobs: all,
    completed,
    failures,
    others: all - completed - failures,
    seconds: add(rows, ({ seconds }) => seconds),
    credits: add(rows, ({ credits }) => credits),
  }
}

/** The sum of what is told. null: no row tells it. */
function add(rows: UsageRow[], read: (row: UsageRow) => number | null): number | null {
  const told = rows.map(read).filter((one) => one !== null)
  return told.length === 0 ? null : told.reduce((sum, one) => sum + one, 0)
}

/** Every day from `since` to `until`, both included, also those without a job. */
export function byDay(
  rows: UsageRow[],
  since: string,
  until: string
): { at: number; name: string; sum: UsageSum }[] {
  const known = Map.groupBy(rows, ({ day }) => day)
  const first = Date.parse(since)
  const count = Math.max(0, Math.round((Date.parse(until) - first) / DAY_MS) + 1)
  return Array.from({ length: count }, (_, index) => {
    const at = first + index * DAY_MS
    const name = new Date(at).toISOString().slice(0, 10)
    return { at, name, sum: sumOf(known.get(name) ?? []) }
  })
}

/** The one with the most jobs first. */
export function by(rows: UsageRow[], nameOf: (row: UsageRow) => string): NamedSum[] {
  return [...Map.groupBy(rows, nameOf)]
    .map(([name, own]) => ({ name, sum: sumOf(own) }))
    .toSorted((one, other) => other.sum.jobs - one.sum.jobs)
}
