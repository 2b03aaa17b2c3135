/**
 * The contract of a provider: its name, and one part for each chapter. `docs/adding-a-provider.md` says how to write a provider.
 * A provider reaches the network, the clock and timers only through its arguments.
 */
import type { ProviderAgents } from './agents.ts'
import type { ProviderAccounts } from './accounts.ts'
import type { ProviderAnswers } from './answers.ts'
import type { ProviderEvents } from './events.ts'
import type { ProviderJobs } from './jobs.ts'
import type { ProviderLegacy } from './legacy.ts'
import type { ProviderLists } from './lists.ts'
import type { ProviderNames } from './names.ts'
import type { ProviderRoutes } from './routes.ts'
import type { ProviderStreaming } from './streaming.ts'
import type { ProviderUploads } from './uploads.ts'
import type { ProviderUseapi } from './useapi.ts'

export type * from './accounts.ts'
export type * from './agents.ts'
export type * from './answers.ts'
export type * from './events.ts'
export type * from './jobs.ts'
export type * from './legacy.ts'
export type * from './lists.ts'
export type * from './names.ts'
export type * from './route-row.ts'
export type * from './routes.ts'
export type * from './streaming.ts'
export type * from './uploads.ts'
export type * from './useapi.ts'

export interface Provider {
  /** In lower case. Paths (`/<name>/*`), stored records and names of objects contain it, so it never changes. */
  name: string
  /** Which paths there are, which host they are on, and where to look for an unknown id. */
  routes: ProviderRoutes
  /** What the provider's refusals mean, and the gateway's own errors in the provider's shape. */
  answers: ProviderAnswers
  /** How to read jobs out of bodies, count them, check their status and find them again. */
  jobs: ProviderJobs
  /** How to make one list out of the lists of several accounts. */
  lists: ProviderLists
  /** How to read a credential, prove it and put it on a call. */
  accounts: ProviderAccounts
  /** Absent: the provider has no older calls that the gateway can make out of newer ones. */
  legacy?: ProviderLegacy
  /** Absent: clients do not give their jobs names that must be unique in an account. */
  names?: ProviderNames
  /**
   * Absent: the provider sends no events. The alarm checks the status of each job, and clients get events of the gateway's own.
   */
  events?: ProviderEvents
  /** Absent: an upload to one account is never needed at another. */
  uploads?: ProviderUploads
  /** Absent: browsers have no sessions with the provider. */
  streaming?: ProviderStreaming
  /** Absent: useapi.net has no calls for the provider, besides accounts and the scheduler. */
  useapi?: ProviderUseapi
  /** Absent: agents have no tools of the provider's own, only those about jobs and accounts. */
  agents?: ProviderAgents
}
