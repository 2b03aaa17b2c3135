/** What the parts of the line share. */
import type { Account } from '#domain/accounts/account.ts'
import type { KeyTurn } from '#domain/creations/idempotency.ts'
import type { Balancing } from '#domain/accounts/balancing.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Pull } from '#domain/queue/may-start.ts'
import type { Said } from '#domain/queue/wakes.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { TokenShares } from '#durable/limits/token-shares.ts'
import type { ItemShares } from '#durable/limits/item-shares.ts'
import type { LineMemory } from './line-memory.ts'

export interface LineDeps {
  ports(): Ports
  now(): number
  provider: string
  tenant: string
  /** The tenant's accounts now. */
  accounts(): readonly Account[]
  /** How the tenant wants accounts to be chosen. */
  balancing(): Balancing
  /** The tenant was removed. */
  isClosed(): boolean
  /** Writes the owners of jobs, without a transaction of its own. */
  learn(owners: Owner[]): void
  /** Writes only which own token made them. */
  learnOwn(owners: Owner[]): void
  ownersOf(ids: string[]): Owner[]
  /** The keys of items that came in bulk. They are written in the transaction of their items. */
  keys: {
    standsFor(name: string): Exclude<KeyTurn, { kind: 'fresh' }> | undefined
    hold(name: string, requestId: string): void
  }
  /** The owners of those ids that are jobs. A list may have taught the desk another owner of the same id, which has no name. */
  jobsNamed(ids: string[]): Owner[]
  /** The account list in KV is to be written anew: it says since when the tenant queues. */
  touchAccounts(): void
  /** Sends a client that waits to the account, which keeps a slot for it. */
  sendClient(id: string, account: string): void
  /** Accounts that were full lately. */
  full(): string[]
  /** Sets the alarm, if it is not set to an earlier time. */
  armIn(ms: number): void
  /** What tokens with limits on jobs use. */
  shares: TokenShares
}

export interface LineContext extends LineDeps {
  memory: LineMemory
  itemShares: ItemShares
  /** What the tenant's accounts said when they asked for work last. */
  pulls(): Pull[]
  /** What one of them said last. */
  saidOf(account: string): Said | undefined
}

/** `token`: only an item of this token. `isOwn`: only one that it queued as an own token. `onEnded`: called in the transaction of the end. */
export interface CancelWish {
  token?: string
  isOwn?: boolean
  onEnded?: () => void
}
