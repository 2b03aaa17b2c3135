/** What is asked of a tenant's object, and of the registrar. RPC: an older Worker may ask a newer object, and the reverse. */
import type { Owner } from '#domain/routing/owner.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { Actor, AuditEntry, AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { Endpoint, DeliveryTargets } from '#domain/events/endpoint.ts'
import type { KeptAnswer, KeyTurn } from '#domain/creations/idempotency.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { ResealState, ResealStep } from '#domain/access/reseal.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'

/**
 * What both kinds of desk say of who changed what. `by`, the last argument of what changes something, is written beside the
 * change; an older Worker does not give it.
 */
interface Audited {
  /** Of what is changed in another object: before it is asked, so that no change is without a line. */
  noteAudit(entry: AuditEntry, by: Actor): Promise<void>
  /** Latest first. */
  listAudit(query: AuditQuery): Promise<AuditLine[]>
}

/** TenantDesk of one tenant and provider. The only writer of its accounts. */
export interface Desk extends Audited {
  snapshot(): Promise<AccountSnapshot>
  /** Adds or replaces by email, and claims the provider account for it. */
  saveAccount(account: Account, by?: Actor): Promise<SaveAnswer>
  changeLimit(email: string, maxJobs: number, now: number, by?: Actor): Promise<SaveAnswer>
  removeAccount(email: string, isNow: boolean, by?: Actor): Promise<AccountSnapshot | undefined>
  /** Logs in again, once however many ask: `stale` is the end of the session that is no longer good. */
  refreshSession(email: string, stale: number): Promise<AccountSnapshot>
  holds(email: string, key: string): Promise<boolean>
  /** Objects of accounts that were removed: what became of their jobs can still be asked there. */
  formerKeys(): Promise<string[]>
  /** Returns those that are copies of ours. */
  learn(owners: Owner[]): Promise<string[]>
  ownersOf(ids: string[]): Promise<Owner[]>
  /** Where this token uploads now; chooses, and counts an upload. Undefined: it knows none of the accounts. */
  takeHome(token: string, wish: HomeWish): Promise<string | undefined>
  /** For each asset whether it has a copy at this account, or may be copied there now, by this request alone. */
  beginCopies(originals: string[], email: string, requestId: string): Promise<CopyTurn[]>
  /** Ends what was begun; without `copy`: none was made. */
  endCopies(copies: AssetCopy[], email: string): Promise<void>
  /** The provider does not know them. */
  forgetCopies(copies: AssetCopy[], email: string): Promise<void>
  /** The original was deleted, and with it image keys, which begin with `keyStart`: its copies are forgotten. */
  takeCopies(original: string, keyStart: string): Promise<{ email: string; copy: string }[]>
  /** Whether a creation made its job on another account than this. */
  isMadeElsewhere(requestId: string, email: string): Promise<boolean>
  /** What a creation's own answer named, kept here when its account's object could not be told. */
  noteMade(requestId: string, made: Made): Promise<void>
  madeBy(requestId: string): Promise<Made | undefined>
  /** What a creation with this Idempotency-Key should do; `fresh`: it may run, and must end the key. */
  beginKey(name: string, requestId: string): Promise<KeyTurn>
  endKey(name: string, requestId: string, end: KeyEnd): Promise<void>
  /** A creation's outcome is not known: a repeat of it (the same `print`) starts nothing. Published to every isolate. */
  noteUnknown(print: string, unknown: UnknownCreation): Promise<void>
  /** The oldest one that a call with this print would repeat. */
  unknownOf(print: string): Promise<UnknownCreation | undefined>
  /** What became of it was told. */
  forgetUnknown(print: string, requestId: string): Promise<void>
  /** The requests that ran under a key, on whatever path. */
  requestsOfKey(key: string): Promise<string[]>
  /** Keeps a place in a list, sealed, for a day; returns its name. */
  keepPlace(place: string): Promise<string>
  placeOf(name: string): Promise<string | undefined>
  /** Counts an upload of a token. Undefined: it may come; else when it may. */
  takeUpload(tokenId: string, bytes: number): Promise<number | undefined>
  /** Waits in line until an account that could serve has a free slot, or until a time. */
  awaitTurn(waiter: Waiter, until: number): Promise<Turn>
  /** Slots of an account that was being watched came free; absent: one. */
  noteFreed(accountKey: string, slots?: number): Promise<void>
  /** Webhook endpoints of the tenant, oldest first. False: there are too many. */
  addEndpoint(endpoint: Endpoint, by?: Actor): Promise<boolean>
  endpoints(): Promise<Endpoint[]>
  changeEndpoint(id: string, change: EndpointChange, by?: Actor): Promise<Endpoint | undefined>
  removeEndpoint(id: string, by?: Actor): Promise<boolean>
  /** The one before is kept, to sign beside it for a day. */
  saveCallbackSecret(sealed: string, now: number, by?: Actor): Promise<void>
  /** Where events go beside a job's own target, and what signs them. */
  outlets(): Promise<DeliveryTargets>
  /** The provider refuses an account, which is parked until then. True when it refuses most of them just now. */
  noteRefused(accountKey: string, until: number): Promise<boolean>
  /** Seals a share of what it keeps with the first master key, `key`, and asks its accounts' objects to. Safe to repeat. */
  reseal(key: string, from?: string): Promise<ResealStep>
  /** Removes every account and forgets everything: the tenant is deleted. */
  close(): Promise<void>
}

/** `able`: emails of accounts that can be called; `parked`: what is known of others. */
export interface HomeWish {
  able: string[]
  parked: { email: string; until: number }[]
  isUpload: boolean
}

export interface AssetCopy {
  original: string
  copy?: string
}

/** `no`: no upload of this tenant. `failed`: another call tried meanwhile, in vain. */
export type CopyTurn = { kind: 'known'; copy: string } | { kind: 'mine' | 'failed' | 'no' }

/** The account that a creation started its jobs on, and the jobs. */
export interface Made {
  email: string
  starts: JobStart[]
}

export type EndpointChange = Partial<Pick<Endpoint, 'url' | 'events' | 'status' | 'secret'>>

/** A creation that was given up, at `at`, without its outcome being known. `canBeFound`: it may still be. */
export interface UnknownCreation {
  requestId: string
  at: number
  email?: string
  canBeFound?: boolean
}

export type KeyEnd =
  | { kind: 'keep'; answer: KeptAnswer }
  /** `done`: it was answered, with an answer that cannot be given again. */
  | { kind: 'unknown'; email?: string; done?: { jobIds?: string[] }; isSought?: boolean }
  | { kind: 'forget' }

/** `none`: the line is full, or the time is over. `go`: try again, there may be room, where it is named on that account. */
export type Turn = 'go' | 'none' | { go: string }

export type SaveAnswer =
  | { ok: true; snapshot: AccountSnapshot; isNew: boolean }
  /** `closed`: the tenant was removed. */
  | { ok: false; reason: 'exists' | 'not_found' | 'closed' }

/** The operator's desk: tokens and tenants. */
export interface Registrar extends Audited {
  /**
   * Of the tenant that the name (`tenant.id`) means, which is made when there is none; `hasPast`: its desks remember one.
   * Answers what was saved; an older object nothing.
   */
  saveToken(
    token: TokenRecord,
    tenant: TenantRecord,
    hasPast?: boolean,
    by?: Actor
  ): Promise<TokenRecord | undefined>
  findToken(hash: string): Promise<TokenRecord | undefined>
  listTokens(): Promise<TokenRecord[]>
  changeToken(id: string, change: TokenChange, by?: Actor): Promise<TokenRecord | undefined>
  removeToken(id: string, by?: Actor): Promise<TokenRecord | undefined>
  listTenants(): Promise<TenantRecord[]>
  findTenant(id: string, isName?: boolean): Promise<TenantRecord | undefined>
  /** Of every tenant that has had this name, latest first. */
  tenantIdsOf(name: string): Promise<string[]>
  changeTenant(id: string, change: TenantChange, by?: Actor): Promise<void>
  removeTenant(id: string, by?: Actor): Promise<TokenRecord[] | undefined>
  /** Seals a share of the tokens' secrets with the first master key, `key`. */
  resealTokens(key: string, after?: string): Promise<ResealStep>
  /** How far the pass over everything has come. */
  resealState(): Promise<ResealState | undefined>
  /** False: somebody has saved another since this one was read. */
  saveReseal(state: ResealState): Promise<boolean>
  /** Rows added without a deploy, oldest first. `taken`: another one matches the same paths. */
  listRoutes(): Promise<AddedRoute[]>
  addRoute(route: AddedRoute, by?: Actor): Promise<'added' | 'taken' | 'full'>
  removeRoute(id: string, by?: Actor): Promise<boolean>
}

export type TenantChange = Partial<Pick<TenantRecord, 'name' | 'replyUrl'>>

export type TokenChange = Partial<
  Pick<TokenRecord, 'name' | 'scope' | 'subscription' | 'expiresAt'>
>
