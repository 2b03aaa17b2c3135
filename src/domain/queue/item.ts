/**
 * The types of a queued creation (docs/rfc/0009-queue.md): what the tenant's desk stores of it, and what a Worker needs to answer
 * for it. An item is one creation that waits. It has a part for each job that it will start.
 */
import type { Owner } from '#domain/routing/owner.ts'
import type { Lease, Reply } from '#domain/slots/lease.ts'

/**
 * `waiting`: for its turn. `held`: for the end of another job, which it names. `chosen`: an account's object may start it now, or
 * has. `untold`: it ended without a start, and nobody was told yet. `begun`: its jobs are known. `ended`: it never started, and that
 * was told.
 */
export type ItemState = 'waiting' | 'held' | 'chosen' | 'untold' | 'begun' | 'ended'

/** Why an item ended without a start. */
export type UnstartedReason =
  | 'cancelled'
  | 'start_deadline'
  | 'refused'
  | 'account_removed'
  | 'token_removed'
  | 'dependency_failed'

/**
 * What one that waits is waiting for. `other_job`: the end of a job that it names. `subscription`: that of its token has lapsed.
 * `token_limit`: so many jobs of its token run, or have started today. `pause`: the end of the pauses, which stand at every account that
 * could take it. `account`: each of these is parked or drained, or there is none. `slot`: its turn.
 */
export const WAITS_FOR = [
  'other_job',
  'subscription',
  'token_limit',
  'pause',
  'account',
  'slot',
] as const
export type WaitsFor = (typeof WAITS_FOR)[number]

/** The form of the ids that a row gives its jobs. An item's names have the same form. */
export type IdForm = { kind: 'hex' } | { kind: 'prefix'; prefix: string } | { kind: 'decimal' }

/** What the order and the caps need of an item. It is read into memory for every item that waits, so it is kept short. */
export interface ItemSort {
  /** An item that is chosen keeps its state here. The choice stands in the row of its token. */
  state: 'waiting' | 'held' | 'untold'
  /** The email of the only account that may serve it. Empty: any may. */
  lane: string
  /** When that account was added, as owners have it. Another account under the same email is not meant. */
  laneSince?: number
  /** The id of the token that asked. */
  token: string
  /** That was an own token then (docs/rfc/0010-sees-own.md). What it becomes later changes nothing for the item. */
  isOwn?: true
  /** As asked: 1, which goes first, to 5. */
  priority: number
  /** Epoch ms. Items of one bulk call have times that differ, so this is their order. */
  askedAt: number
  /** The deadline for its start. */
  startBy: number
  /** How long it was expected to wait when it came. Absent: not known. */
  expectedMs?: number
  /** The length of the sealed text. */
  bytes: number
  /** The row of the creation, such as `POST /v3/videos`. */
  route: string
  meter?: string
  /** Which of an account's credentials the call uses, where there are several. */
  part?: string
  /** How many slots it needs at once. */
  slots: number
  /** How many jobs it starts. Absent: one. */
  jobs?: number
  /** Its own limit on running jobs of its account. It can only lower the account's. */
  limit?: number
  /** Keys of accounts that refused it. */
  leftOut?: string[]
  /** Set with the state `held`: not tried before that. */
  heldUntil?: number
  /** Set with the state `untold`. */
  reason?: UnstartedReason
}

/** One choice of an account for the item. It has a lease id for each time that the item was handed over. */
export interface Try {
  /** The account's key. */
  account: string
  leaseIds: string[]
  at: number
  /** How many of the item's leases had ended as `absent` at this account. Absent: none, or an older release did not say it. */
  absents?: number
  /** Why the item came back, and when. */
  why?: string
  backAt?: number
}

/** Everything else that may stand unsealed. */
export interface ItemRecord {
  requestId: string
  tenant: string
  method: string
  path: string
  /** One for each job, in the form of the row's ids. */
  names: string[]
  /** The name that the client itself gave its job, shortened. No other item of the tenant has it. */
  taskName?: string
  /** What its lease will know of its texts. An end without a start names its callback id, too. */
  fingerprint?: Lease['fingerprint']
  tokenHash: string
  /** An own token queued it (docs/rfc/0010-sees-own.md). `list`: which shows the jobs that it makes. */
  own?: { list: string }
  origin: string
  reply?: Reply
  /** The client's own Idempotency-Key, shortened as the desk keeps it. */
  clientKey?: string
  /** The names in its call that lead to other items. It waits for the ends of those jobs. */
  named?: { name: string; item: string }[]
  tries: Try[]
  /** Once it has begun: the lease, its account, and the provider's ids, in the order of the names. Empty: no such job is known. */
  leaseId?: string
  email?: string
  key?: string
  jobIds?: string[]
  /** What the provider's refusal said, sealed. */
  refusal?: string
  /** Why it is over, as its account reported it. */
  reason?: string
  /** When it ended without a start. */
  endedAt?: number
  /** When it left the line. The key of its request counts for a day from then. */
  leftAt?: number
}

export interface NewItem {
  /** The item's id: a UUID of version 7 made from the request's id. */
  item: string
  sort: Omit<ItemSort, 'state'>
  record: ItemRecord
  /** Body, query and headers, sealed together. */
  sealed: string
  /** The name of its Idempotency-Key, which is to be held with it. Absent: it has none, or its Worker holds it. */
  key?: string
}

/** What a Worker needs of an item to answer for it. */
export interface ItemShown {
  item: string
  names: string[]
  taskName?: string
  state: ItemState
  route: string
  askedAt: number
  /** The request that queued it. */
  requestId?: string
  /** The id of the token that queued it. Absent: a desk of an older release. */
  token?: string
  /** That was an own token then. */
  isOwn?: true
  reason?: string
  refusal?: string
  jobIds?: string[]
  leaseId?: string
  owner?: Owner
  place?: number
  startsAt?: number
  /** Of one that waits. A desk of an older release does not say it. */
  waitsFor?: WaitsFor
  /** The accounts that it was given to, for its story. The last one may have it still. */
  tries?: Pick<Try, 'account' | 'at' | 'why' | 'backAt'>[]
  /** The email of the only account that may serve it. */
  lane?: string
  /** When it ended without a start. */
  endedAt?: number
}
