/** Usage: what a tenant's jobs were, by day, token, account, route and outcome. */
import type { Outcome } from '#domain/slots/lease.ts'
import type { Sums } from './sums.ts'

/** Days are UTC, in days since 1970. Both are included. */
export interface UsageQuery {
  tenant: string
  since: number
  until: number
  /** Only jobs of this token. */
  token?: string
}

/** The jobs of one account that ended on one day. */
export interface UsageOfAccount {
  day: number
  /** Empty: not known. */
  token: string
  route: string
  outcome: Outcome['status']
  sums: Sums
}

/** The object of an account that the tenant has, or has had within the time for which usage is kept. */
export interface UsagePlace {
  key: string
  /** Absent: an older release did not keep it. */
  email?: string
}
