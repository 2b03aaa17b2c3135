/**
 * The interface of everything that flows and http need from outside: stores, objects, the network, the clock.
 * composition/make-ports.ts makes it for each request.
 */
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { Account, AccountSnapshot, Credential, Session } from '#domain/accounts/account.ts'
import type { Hints } from '#domain/accounts/account-hints.ts'
import type { RateLimit } from '#domain/runtime/rate-limit.ts'
import type { RecentMap } from '#domain/runtime/recent-map.ts'
import type { RecentSet } from '#domain/runtime/recent-set.ts'
import type { ListCopy } from '#domain/lists/list-copy.ts'
import type { SlotsSeen } from '#domain/accounts/seen-full.ts'
import type { ItemShown } from '#domain/queue/item.ts'
import type { Owner, OwnerPool } from '#domain/routing/owner.ts'
import type { Desk, Registrar } from './desk.ts'
import type { Hub } from './hub.ts'
import type { SlotDesk } from './slots.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import type { Stopwatch } from '#domain/runtime/stopwatch.ts'
import type { TokenRecord } from '#domain/access/token.ts'
import type { Semaphore } from '#domain/runtime/semaphore.ts'
import type { UploadFacts } from '#domain/uploads/upload.ts'
import type { Durations } from '#domain/runtime/durations.ts'
import type { Platform } from './platform.ts'

export interface Ports extends Platform {
  settings: Settings
  durations: Durations
  /** The only way to the network. Redirects are not followed. */
  fetch(url: string, init: RequestInit): Promise<Response>
  /** A stream of exactly that many bytes, so that a request can send its Content-Length. */
  fixedLength(bytes: number): TransformStream<Uint8Array, Uint8Array>
  /** The time spent in `fetch`, until the headers of each answer. */
  upstream: Stopwatch
  /** Keeps work running after the answer was sent or the client has left. */
  defer(work: Promise<unknown>): void
  /** Writes one line of the log (log-line.ts). Never pass a credential, a token, a hook id or a ticket. */
  log(event: string, facts?: Record<string, unknown>): void
  vault: Vault
  hints: Hints
  /** Facts that this isolate remembers for a while. Every name begins with the tenant and the provider. */
  memory: RecentMap
  /** Ends of jobs that this isolate has already reported to their objects. */
  reportedEnds: RecentSet
  /** Counts a failed authentication of an IP address. True: the address has too many. */
  isRateLimited(address: string): Promise<boolean>
  /** Counts a request of a token with this limit. True: it has had its requests of this minute. */
  isOverRate(tokenId: string, requestsPerMinute: number): Promise<boolean>
  tokens: TokenStore
  accounts: AccountStore
  owners: OwnerStore
  items: ItemStore
  /** Whether creations may be queued (docs/rfc/0009-queue.md). */
  isLineOpen: boolean
  addedRoutes: AddedRouteStore
  uploads: UploadStore
  listCopies: ListCopyStore
  /** Whether this request has parked an account. It may park one at most. */
  hasParked: { isTrue: boolean }
  /** Limits the searches for unknown ids that run at once in this isolate. */
  searches: Semaphore
  /** Limits the searches for unknown ids per token in this isolate. */
  searchesOfToken: RateLimit
  desk(tenant: string, provider: string): Desk
  registrar: Registrar
  slots(accountKey: string): SlotDesk
  hub(name: string): Hub
}

export interface Vault {
  /** The id of the key that seals, and the ids of those that only open. */
  firstKey: string
  otherKeys: readonly string[]
  /** Whether there is a key with the text's key id. The text may still not open. */
  knows(sealed: string): boolean
  seal(identity: string, plain: string): Promise<string>
  /**
   * Throws CannotOpen if the text was sealed for another identity or with an unknown key. `isKept`: what it says is remembered for
   * some seconds (decision 0050). For credentials, which every call opens.
   */
  open(identity: string, sealed: string, isKept?: boolean): Promise<string>
  /** A keyed hash of the text: 43 characters of `[A-Za-z0-9_-]`. Only we can make it. */
  name(text: string): Promise<string>
}

/** Tokens by hash. Cached up to 30 s. Unknown tokens are not cached, so lookups of these are limited by address. */
export interface TokenStore {
  find(
    hash: string,
    isLimited: () => Promise<boolean>
  ): Promise<TokenRecord | 'limited' | undefined>
  /** The hash of a token that was found within the last seconds (decision 0050). */
  hashOf(token: string): string | undefined
  /** Only for tokens that were found, so that guesses fill nothing. */
  noteFound(token: string, hash: string): void
  forget(hash: string): void
}

/** The accounts of a tenant. `list` may be 30 s old; `fresh` asks the desk. */
export interface AccountStore {
  list(tenant: string, provider: string): Promise<AccountSnapshot>
  fresh(tenant: string, provider: string): Promise<AccountSnapshot>
  remember(tenant: string, provider: string, snapshot: AccountSnapshot): void
}

/** The owners of ids: asked from the desk once, then cached. */
export interface OwnerStore {
  find(pool: OwnerPool, ids: string[]): Promise<Owner[]>
  /**
   * Records owners. Owners that are known already cost nothing. `seen`: called if the desk is asked, for what it is told beside.
   * False: the desk does not keep the jobs among the owners (`learnJobs`).
   */
  learn(pool: OwnerPool, owners: Owner[], seen?: () => SlotsSeen[]): Promise<boolean>
  /** Remembers for a minute or two that no account has these ids at `where`, a path of the provider. */
  markMissing(pool: OwnerPool, ids: string[], where: string): void
  isMissing(pool: OwnerPool, id: string, where: string): boolean
  /** Forgets that these ids were not found. */
  forgetMisses(pool: OwnerPool, ids: string[]): void
}

/** Queued creations by the names that clients have for their jobs: asked from the desk, then cached for a while. */
export interface ItemStore {
  /** Names that are no item of the tenant are left out. */
  find(pool: OwnerPool, names: readonly string[]): Promise<ItemShown[]>
  forget(pool: Pick<OwnerPool, 'tenant' | 'provider'>, names: readonly string[]): void
  /** The names of jobs, by the provider's ids. Jobs that were not queued are left out. */
  namesOf(pool: OwnerPool, ids: readonly string[]): Promise<Map<string, string>>
}

/** Routes that the operator added. `list` may be a minute old. */
export interface AddedRouteStore {
  list(): Promise<readonly AddedRoute[]>
  /** Updates this isolate's cache. `routes`: the registrar's present list. */
  remember(routes: readonly AddedRoute[]): void
}

/** Files that clients uploaded, for a day. Anyone who knows a name may read the file. */
export interface UploadStore {
  keep(
    name: string,
    body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
    facts: UploadFacts
  ): Promise<void>
  find(name: string): Promise<UploadFound | undefined>
}

/** Copies of long lists of public rows. They may be old, and `find` may return a copy that is too old to be used. */
export interface ListCopyStore {
  find(list: NamedList): Promise<ListCopy | undefined>
  /** For this isolate only. */
  remember(list: NamedList, copy: ListCopy): void
  /** For all isolates. A copy that is too long is not saved. */
  save(list: NamedList, copy: ListCopy): Promise<void>
}

/** `name`: the path and query of the list. */
export interface NamedList {
  tenant: string
  provider: string
  name: string
}

export interface UploadFound extends UploadFacts {
  body: ReadableStream<Uint8Array>
}

/** An account with its credential opened, for one call. */
export interface OpenAccount {
  account: Account
  credential: Credential
  session: Session | undefined
}
