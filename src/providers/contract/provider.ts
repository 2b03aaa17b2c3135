/**
 * What a provider is to the gateway: its name, and one part for each chapter. `docs/adding-a-provider.md` says how to write one.
 * A provider reaches the network, the clock and timers only through what it is handed.
 */
import type { ProviderAccounts } from './accounts.ts'
import type { ProviderAnswers } from './answers.ts'
import type { ProviderEvents } from './events.ts'
import type { ProviderJobs } from './jobs.ts'
import type { ProviderLists } from './lists.ts'
import type { ProviderNames } from './names.ts'
import type { ProviderRoutes } from './routes.ts'
import type { ProviderStreaming } from './streaming.ts'
import type { ProviderUploads } from './uploads.ts'
import type { ProviderUseapi } from './useapi.ts'

export type * from './accounts.ts'
export type * from './answers.ts'
export type * from './events.ts'
export type * from './jobs.ts'
export type * from './lists.ts'
export type * from './names.ts'
export type * from './route-row.ts'
export type * from './routes.ts'
export type * from './streaming.ts'
export type * from './uploads.ts'
export type * from './upstream.ts'
export type * from './useapi.ts'
export type * from './verdict.ts'

export interface Provider {
  /** Lower case; it stands in paths (`/<name>/*`), in stored records and in the names of objects. It never changes. */
  name: string
  /** Which paths there are, which host they are on, and where an unknown id is looked for. */
  routes: ProviderRoutes
  /** What the provider's refusals mean, and our own errors in its shape. */
  answers: ProviderAnswers
  /** How jobs are read out of bodies, counted, followed and found again. */
  jobs: ProviderJobs
  /** How the lists of several accounts become one. */
  lists: ProviderLists
  /** Credentials: read, proved, put on a call. */
  accounts: ProviderAccounts
  /** Absent: its clients give their jobs no names that must be unique in an account. */
  names?: ProviderNames
  /** Absent: it sends no events. The alarm asks about each job, and clients get events in our own words. */
  events?: ProviderEvents
  /** Absent: what is uploaded to one account is never needed at another. */
  uploads?: ProviderUploads
  /** Absent: browsers hold no sessions with it. */
  streaming?: ProviderStreaming
  /** Absent: useapi.net has no calls for it, beside accounts and the scheduler. */
  useapi?: ProviderUseapi
}
