/** What billable operations cost. */
import type { Bill } from '../../../test/support/meter/bill.ts'
import { ASSUMED, PRICES } from './prices.ts'

/** Operations of one call or one job, on average. */
export interface Usage extends Bill {
  cpuMs: number
  logBytes: number
}

export const NOTHING: Usage = {
  workerRequests: 0,
  kvReads: 0,
  kvWrites: 0,
  objectRequests: 0,
  objectMs: 0,
  objectCalls: 0,
  rowsRead: 0,
  rowsWritten: 0,
  cpuMs: 0,
  logBytes: 0,
}

/** Dollars for a million of them. */
export interface Dollars {
  workerRequests: number
  cpu: number
  objectRequests: number
  objectTime: number
  rowsRead: number
  rowsWritten: number
  kv: number
}

export function priceOf(usage: Usage): Dollars {
  const { perMillion, objectGb } = PRICES
  return {
    workerRequests: usage.workerRequests * perMillion.workerRequests,
    cpu: usage.cpuMs * perMillion.cpuMs,
    objectRequests: usage.objectRequests * perMillion.objectRequests,
    objectTime: (objectMsOf(usage) / 1000) * objectGb * perMillion.objectGbSeconds,
    rowsRead: usage.rowsRead * perMillion.rowsRead,
    rowsWritten: usage.rowsWritten * perMillion.rowsWritten,
    kv: usage.kvReads * perMillion.kvReads + usage.kvWrites * perMillion.kvWrites,
  }
}

/** What was measured, and what a local run has none of. Calls at the same time are added up, so this is the most it can be. */
function objectMsOf({ objectMs, objectRequests, objectCalls }: Usage): number {
  return objectMs + objectRequests * ASSUMED.objectRequestMs + objectCalls * ASSUMED.objectCallMs
}

export function totalOf(dollars: Dollars): number {
  return Object.values(dollars).reduce((sum: number, part: number) => sum + part, 0)
}

export function logDollars({ logBytes }: Usage): number {
  return (logBytes / 1e9) * PRICES.logsPerGb * 1e6
}

export function usagePer(count: number, all: Usage): Usage {
  const entries = Object.entries(all) as [keyof Usage, number][]
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value / count])
  ) as unknown as Usage
}
