/**
 * The sums of usage: how many jobs, how long they waited and took, and what the provider told about their length and price. Times
 * are counted in buckets, each a fifth longer than the one before, so a percentile is wrong by a tenth at most. Pure.
 */
import type { JobEnd } from './job-end.ts'

/** How many times fell into each bucket, by its number. */
type Buckets = Record<string, number>

/** A sum over the jobs that told it. */
interface Told {
  sum: number
  jobs: number
}

/** A member that nothing told is absent, which is not zero. */
export interface Sums {
  jobs: number
  waited: Buckets
  took: Buckets
  seconds?: Told
  credits?: Told
}

const GROWTH = 1.2
/** The bucket of times below a millisecond. */
const NONE = -1

export const NO_SUMS: Sums = { jobs: 0, waited: {}, took: {} }

export function addEnd(sums: Sums, end: JobEnd): Sums {
  const { waitedMs, tookMs, seconds, credits } = end
  return mergeSums(sums, {
    jobs: 1,
    waited: { [bucketOf(waitedMs)]: 1 },
    took: tookMs === undefined ? {} : { [bucketOf(tookMs)]: 1 },
    ...(seconds === undefined ? {} : { seconds: { sum: seconds, jobs: 1 } }),
    ...(credits === undefined ? {} : { credits: { sum: credits, jobs: 1 } }),
  })
}

export function mergeSums(one: Sums, other: Sums): Sums {
  const seconds = mergeTold(one.seconds, other.seconds)
  const credits = mergeTold(one.credits, other.credits)
  return {
    jobs: one.jobs + other.jobs,
    waited: mergeBuckets(one.waited, other.waited),
    took: mergeBuckets(one.took, other.took),
    ...(seconds === undefined ? {} : { seconds }),
    ...(credits === undefined ? {} : { credits }),
  }
}

/** The time that this share of the jobs did not exceed. Undefined: there is no job. */
export function percentile(buckets: Buckets, share: number): number | undefined {
  const sorted = Object.entries(buckets)
    .map(([bucket, count]) => ({ bucket: Number(bucket), count }))
    .toSorted((a, b) => a.bucket - b.bucket)
  const wanted = share * sorted.reduce((sum, { count }) => sum + count, 0)
  let counted = 0
  for (const { bucket, count } of sorted) {
    counted += count
    if (counted >= wanted) return middleOf(bucket)
  }
  return undefined
}

function bucketOf(ms: number): number {
  return ms < 1 ? NONE : Math.floor(Math.log(ms) / Math.log(GROWTH))
}

/** The middle by ratio, which is equally far from both ends. */
function middleOf(bucket: number): number {
  return bucket === NONE ? 0 : Math.round(GROWTH ** (bucket + 0.5))
}

function mergeBuckets(one: Buckets, other: Buckets): Buckets {
  const merged = { ...one }
  for (const [bucket, count] of Object.entries(other))
    merged[bucket] = (merged[bucket] ?? 0) + count
  return merged
}

function mergeTold(one: Told | undefined, other: Told | undefined): Told | undefined {
  if (!one || !other) return one ?? other
  // Seconds have fractions, whose sums would end in many nines.
  const sum = Math.round((one.sum + other.sum) * 1000) / 1000
  return { sum, jobs: one.jobs + other.jobs }
}
