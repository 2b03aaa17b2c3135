/** Adds up rows of hours for the plots and tables. Pure. */
import type { ThroughputHour } from '../api-types.ts'

export const HOUR_MS = 3_600_000

/** What a plot draws. Times are seconds for each job. null: no job, so there is no time to speak of. */
export interface Sum {
  started: number
  completed: number
  failed: number
  refused: number
  waited: number | null
  waitedMax: number | null
  took: number | null
  tookMax: number | null
}

const COUNTS = ['started', 'completed', 'failed', 'lost', 'refused', 'waitedMs', 'tookMs'] as const
const HIGHEST = ['waitedMaxMs', 'tookMaxMs'] as const

type Total = Record<(typeof COUNTS)[number] | (typeof HIGHEST)[number], number>

function add(rows: ThroughputHour[]): Total {
  const total = Object.fromEntries([...COUNTS, ...HIGHEST].map((name) => [name, 0])) as Total
  for (const row of rows) {
    for (const name of COUNTS) total[name] += row[name]
    for (const name of HIGHEST) total[name] = Math.max(total[name], row[name])
  }
  return total
}

/** Waiting was counted for each job that started, rendering for each that ended with a result or a failure. */
export function sumOf(rows: ThroughputHour[]): Sum {
  const { started, completed, failed, lost, refused, ...times } = add(rows)
  const rendered = completed + failed
  const each = (ms: number, count: number) => (count === 0 ? null : ms / count / 1000)
  return {
    started,
    completed,
    failed: failed + lost,
    refused,
    waited: each(times.waitedMs, started),
    waitedMax: each(times.waitedMaxMs, Math.min(1, started)),
    took: each(times.tookMs, rendered),
    tookMax: each(times.tookMaxMs, Math.min(1, rendered)),
  }
}

export interface Named {
  name: string
  sum: Sum
}

/** Every hour from `since` to `until`, also those without a job. */
export function byHour(
  rows: ThroughputHour[],
  since: number,
  until: number
): { at: number; sum: Sum }[] {
  const known = Map.groupBy(rows, (row) => Math.floor(Date.parse(row.hour) / HOUR_MS))
  const first = Math.floor(since / HOUR_MS)
  const count = Math.max(0, Math.floor(until / HOUR_MS) - first + 1)
  return Array.from({ length: count }, (_, index) => ({
    at: (first + index) * HOUR_MS,
    sum: sumOf(known.get(first + index) ?? []),
  }))
}

/** The busiest account first. */
export function byAccount(rows: ThroughputHour[]): Named[] {
  const groups = Map.groupBy(rows, ({ tenant, email }) => (tenant ? `${email} (${tenant})` : email))
  return [...groups]
    .map(([name, own]) => ({ name, sum: sumOf(own) }))
    .toSorted((one, other) => other.sum.started - one.sum.started)
}
