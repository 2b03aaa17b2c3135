/**
 * A token's share of the slots: how many of its jobs run, and how many have started today, against its limits `maxConcurrent` and
 * `jobsPerDay`. What runs is a set of names and not a counter, so that no job is counted or given back twice. A name is the id of a
 * lease. For a queued creation it is made of the item's id in the same way. Pure.
 */
const DAY_MS = 24 * 3_600_000

/** The limits of a token on jobs. At least one of them is set. */
export interface JobLimits {
  maxConcurrent?: number
  jobsPerDay?: number
}

export interface Use {
  /** The day of `count`: days since 1970, UTC. */
  day: number
  /** Jobs that have started on that day, or may have. */
  count: number
  /** What runs, or may run: when each was taken, epoch ms. `DOUBTFUL`: it seems to be over. */
  running: Readonly<Record<string, number>>
}

export const UNUSED: Use = { day: 0, count: 0, running: {} }

/** The time of a job that may be over. It counts until the accounts were asked. */
const DOUBTFUL = 0

export interface ReachedLimit {
  limit: keyof JobLimits
  value: number
  /** When there may be room again, epoch ms. For `maxConcurrent` a guess. Absent: never, as the call wants more than the whole limit. */
  until?: number
}

/**
 * How what was taken ends. `ended`: the job is over. `unused`: certainly nothing started, so the day gets it back. `doubtful`: it
 * may be over; the next refusal asks the accounts.
 */
export type ShareEnd = 'ended' | 'unused' | 'doubtful'

/** Whether so many jobs may start now. `typicalMs`: how long a job usually takes, for the time of the next try. */
export function mayStart(
  { maxConcurrent = Infinity, jobsPerDay = Infinity }: JobLimits,
  use: Use,
  jobs: number,
  now: number,
  typicalMs: number
): true | ReachedLimit {
  if (jobs > jobsPerDay) return { limit: 'jobsPerDay', value: jobsPerDay }
  if (jobs > maxConcurrent) return { limit: 'maxConcurrent', value: maxConcurrent }
  const { day, count } = onDayOf(use, now)
  if (count + jobs > jobsPerDay)
    return { limit: 'jobsPerDay', value: jobsPerDay, until: (day + 1) * DAY_MS }
  const running = Object.values(use.running)
  if (running.length + jobs <= maxConcurrent) return true
  const oldest = Math.min(...running.filter((at) => at !== DOUBTFUL), now)
  return { limit: 'maxConcurrent', value: maxConcurrent, until: Math.max(now, oldest + typicalMs) }
}

/** How many more jobs may start now. */
export function roomOf(
  { maxConcurrent = Infinity, jobsPerDay = Infinity }: JobLimits,
  use: Use,
  now: number
): number {
  const { count } = onDayOf(use, now)
  return Math.min(maxConcurrent - Object.keys(use.running).length, jobsPerDay - count)
}

/**
 * How long the last of so many jobs waits for the token's own limits, if all that may run does. `meanMs`: how long a job takes.
 */
export function waitFor(
  { maxConcurrent = Infinity, jobsPerDay = Infinity }: JobLimits,
  use: Use,
  jobs: number,
  { meanMs, now }: { meanMs: number; now: number }
): number {
  const { day, count } = onDayOf(use, now)
  const later = jobs - Math.max(0, jobsPerDay - count)
  const daysMs = Math.floor((later - 1) / jobsPerDay) * DAY_MS
  const untilDayMs = later > 0 ? (day + 1) * DAY_MS - now + daysMs : 0
  return Math.max((jobs / maxConcurrent) * meanMs, untilDayMs)
}

/** When a day begins on which more may start, epoch ms. Undefined: the limit of the day is not reached. */
export function nextDayAt(
  { jobsPerDay = Infinity }: JobLimits,
  use: Use,
  now: number
): number | undefined {
  const { day, count } = onDayOf(use, now)
  return count < jobsPerDay ? undefined : (day + 1) * DAY_MS
}

/** Counts these jobs. What is counted already, because the call came twice, is not counted again. */
export function take(use: Use, names: readonly string[], now: number): Use {
  const fresh = names.filter((name) => use.running[name] === undefined)
  if (fresh.length === 0) return use
  const { day, count } = onDayOf(use, now)
  const taken = Object.fromEntries(fresh.map((name) => [name, now]))
  return { day, count: count + fresh.length, running: { ...use.running, ...taken } }
}

/** Gives these jobs back. What is not counted changes nothing. */
export function end(use: Use, names: readonly string[], how: ShareEnd): Use {
  const mine = names.filter((name) => use.running[name] !== undefined)
  if (mine.length === 0) return use
  if (how === 'doubtful') {
    const doubted = Object.fromEntries(mine.map((name) => [name, DOUBTFUL]))
    return { ...use, running: { ...use.running, ...doubted } }
  }
  const unused = mine.filter((name) => dayOf(use.running[name] ?? 0) === use.day).length
  const count = how === 'unused' ? Math.max(0, use.count - unused) : use.count
  return { ...use, count, running: without(use.running, mine) }
}

/** Whether something was taken before this time, so that its end may have been lost. */
export function mayBeMended(use: Use, before: number): boolean {
  return Object.values(use.running).some((at) => at < before)
}

/** Drops what was taken before this time and runs on no account. The day's count stays: it may have run. */
export function mend(use: Use, live: ReadonlySet<string>, before: number): Use {
  const dead = Object.entries(use.running).filter(([name, at]) => at < before && !live.has(name))
  if (dead.length === 0) return use
  return {
    ...use,
    running: without(
      use.running,
      dead.map(([name]) => name)
    ),
  }
}

export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS)
}

/** A new day begins with nothing. If the clock goes back over midnight, the day that has begun goes on. */
function onDayOf({ day, count }: Use, now: number): { day: number; count: number } {
  const today = dayOf(now)
  return today > day ? { day: today, count: 0 } : { day, count }
}

function without(running: Use['running'], names: readonly string[]): Use['running'] {
  const gone = new Set(names)
  return Object.fromEntries(Object.entries(running).filter(([name]) => !gone.has(name)))
}
