/**
 * What flows and http need from outside: stores, objects, the network, the clock. `deps.ts` makes them; nobody below
 * it knows what they are made of.
 */
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { Account, AccountSnapshot, Credential, Session } from '#domain/accounts/account.ts'
import type { Hints } from '#domain/accounts/account-hints.ts'
import type { RateLimit } from '#domain/runtime/rate-limit.ts'
import type { RecentSet } from '#domain/runtime/recent-set.ts'
import type { Owner, OwnerPool } from '#domain/routing/owner.ts'
import type { Desk, Registrar } from './desk.ts'
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
  /** Every way out to the network. Redirects are never followed. */
  fetch(url: string, init: RequestInit): Promise<Response>
  /** A stream of exactly so many bytes, so that what is sent of it says its length. */
  fixedLength(bytes: number): TransformStream<Uint8Array, Uint8Array>
  /** How long they took, each until its headers. */
  upstream: Stopwatch
  /** Work that must finish although the answer has been given or the client has gone. */
  defer(work: Promise<unknown>): void
  /** One structured line (log-line.ts). Never given a credential, a token, a hook id or a ticket. */
  log(event: string, facts?: Record<string, unknown>): void
  vault: Vault
  hints: Hints
  /** Ends that this isolate has already passed on. */
  reportedEnds: RecentSet
  /** Counts a failed authentication of an address; true when it has had too many. */
  isDamped(address: string): Promise<boolean>
  tokens: TokenBook
  accounts: AccountBook
  owners: OwnerBook
  addedRoutes: AddedRouteBook
  uploads: UploadStore
  /** One request parks at most one account: whether this one has. */
  hasParked: { isTrue: boolean }
  /** Searches under way in this isolate. */
  searches: Semaphore
  /** Searches that a token has caused in this isolate. */
  searchesOfToken: RateLimit
  desk(tenant: string, provider: string): Desk
  registrar: Registrar
  slots(accountKey: string): SlotDesk
}

export interface Vault {
  /** The id of the key that seals, and of those that only open. */
  firstKey: string
  otherKeys: readonly string[]
  /** Whether a key of the text's id is there. Asks no cryptography: the text may still not open. */
  knows(sealed: string): boolean
  seal(identity: string, plain: string): Promise<string>
  /** Throws CannotOpen when the text was sealed for another identity or by an unknown key. */
  open(identity: string, sealed: string): Promise<string>
  /** A name that only we can make, always the same for a text: 43 of `[A-Za-z0-9_-]`. */
  name(text: string): Promise<string>
}

/** Token hash → record. Cached up to 30 s; absence is never cached, but asking about it is damped by address. */
export interface TokenBook {
  find(hash: string, damp: () => Promise<boolean>): Promise<TokenRecord | 'damped' | undefined>
  forget(hash: string): void
}

/** The accounts of a tenant. Cached up to 30 s; `fresh` asks the desk. */
export interface AccountBook {
  list(tenant: string, provider: string): Promise<AccountSnapshot>
  fresh(tenant: string, provider: string): Promise<AccountSnapshot>
  note(tenant: string, provider: string, snapshot: AccountSnapshot): void
}

/** Who owns an id, asked of the desk once and then remembered. */
export interface OwnerBook {
  find(pool: OwnerPool, ids: string[]): Promise<Owner[]>
  /** Only what is not known yet costs anything. */
  learn(pool: OwnerPool, owners: Owner[]): Promise<void>
  /** Ids that no account had: believed for a minute. */
  noteMissing(pool: OwnerPool, ids: string[]): void
  isMissing(pool: OwnerPool, id: string): boolean
  /** They are asked about anew. */
  forgetMisses(pool: OwnerPool, ids: string[]): void
}

/** Rows that were added without a deploy; what is read may be a minute old. */
export interface AddedRouteBook {
  list(): Promise<readonly AddedRoute[]>
  /** As the registrar has them now. */
  note(routes: readonly AddedRoute[]): void
}

/** Files that clients uploaded, for a day. A name that was made is its own permission. */
export interface UploadStore {
  keep(
    name: string,
    body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
    facts: UploadFacts
  ): Promise<void>
  find(name: string): Promise<UploadFound | undefined>
}

export interface UploadFound extends UploadFacts {
  body: ReadableStream<Uint8Array>
}

/** An account with its secrets open, for one call. */
export interface OpenAccount {
  account: Account
  credential: Credential
  session: Session | undefined
}
