/** What counting-worker.ts has counted, and what a piece of work costs by that. */
import type { Gateway } from '../gateway.ts'

/** KV calls, requests to objects, and rows written. */
export interface Counts {
  kv: number
  requests: number
  rows: number
}

/** Since the last call. */
export async function takeCounts({ url }: Pick<Gateway, 'url'>): Promise<Counts> {
  return (await (await fetch(`${url}/__count`)).json()) as Counts
}

/** Of the work itself. What came before it must be over. */
export async function costOf(
  gateway: Pick<Gateway, 'url'>,
  work: () => Promise<unknown>
): Promise<Counts> {
  await takeCounts(gateway)
  await work()
  return takeCounts(gateway)
}

/** Waits until nothing more is counted for a while, in real time. Returns the sum. */
export async function settledCounts(gateway: Pick<Gateway, 'url'>): Promise<Counts> {
  const sum = { kv: 0, requests: 0, rows: 0 }
  for (let quiet = 0; quiet < 6;) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    const { kv, requests, rows } = await takeCounts(gateway)
    quiet = kv + requests + rows > 0 ? 0 : quiet + 1
    sum.kv += kv
    sum.requests += requests
    sum.rows += rows
  }
  return sum
}
