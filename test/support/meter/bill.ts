/** Billable operations, as meter.ts counts them. */
export interface Bill {
  workerRequests: number
  kvReads: number
  /** Writes, deletes and lists, which have one price. */
  kvWrites: number
  /** Calls of methods, and alarms. */
  objectRequests: number
  objectMs: number
  /** Calls of objects to providers and receivers. The simulator answers them faster than the internet would. */
  objectCalls: number
  rowsRead: number
  rowsWritten: number
}
