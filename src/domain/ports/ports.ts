/**
 * What flows and http need from outside: stores, objects, the network, the clock. `deps.ts` makes them; nobody below
 * it knows what they are made of.
 */
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type {
  Account,
  AccountSnapshot,
  Credential,
  Holder,
  Session,
} from '#domain/accounts/account.ts'
import type { Actor, AuditEntry, AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { Delivery } from '#domain/events/delivery.ts'
import type { Endpoint, Outlets } from '#domain/events/endpoint.ts'
import type { Became, Via } from '#domain/events/incoming-event.ts'
import type { Fault, Finding } from '#domain/accounts/park-after-refusal.ts'
import type { GuessedStart } from '#domain/jobs/guessed-job.ts'
import type { Hints } from '#domain/accounts/account-hints.ts'
import type { KeptAnswer, KeyTurn } from '#domain/creations/idempotency.ts'
import type {
  EndedJob,
  JobReport,
  JobStart,
  Lease,
  LeaseAnswer,
  LeaseAsk,
  Outcome,
} from '#domain/slots/lease.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { PerMinute } from '#domain/runtime/rate-limit.ts'
import type { Recent } from '#domain/runtime/recent-set.ts'
import type { ResealState, ResealStep } from '#domain/access/reseal.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import type { Stopwatch } from '#domain/runtime/stopwatch.ts'
import type { TenantRecord, TokenRecord } from '#domain/access/token.ts'
import type { Turnstile } from '#domain/runtime/semaphore.ts'
import type { UploadFacts } from '#domain/uploads/upload.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { Waits } from '#domain/runtime/durations.ts'

export type { Holder }

export interface Ports {
  settings: Settings
  waits: Waits
  now(): number
  random(): number
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
  toldEnds: Recent
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
  searches: Turnstile
  /** Searches that a token has caused in this isolate. */
  searchesOfToken: PerMinute
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

/** Whose ids. `epoch` changes with the set of accounts, so that what was believed of fewer accounts is asked anew. */
export interface OwnerPool {
  tenant: string
  provider: string
  epoch: string
}

/**
 * What both kinds of desk say of who changed what. `by`, the last argument of what changes something, is written beside the
 * change; an older Worker does not give it.
 */
export interface Audited {
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
  outlets(): Promise<Outlets>
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

/** `freeAt`: when more may be without a notice, as a parking ends. */
export interface Room {
  free: number
  freeAt?: number
}

export type SaveAnswer =
  | { ok: true; snapshot: AccountSnapshot; isNew: boolean }
  /** `closed`: the tenant was removed. */
  | { ok: false; reason: 'exists' | 'not_found' | 'closed' }

/**
 * Which account an id belongs to; `email` null: it is public, any account will do. `source` says how it became known:
 * a `created` id never changes hands (`uploaded`: nor its bytes; `copied`: by us, for another account), one that was `listed` or `found` and may be public is forgotten when an account is
 * added, since with more accounts it may show to be public.
 */
export interface Owner {
  id: string
  email: string | null
  source: 'created' | 'uploaded' | 'copied' | 'listed' | 'found'
  mayBeShared: boolean
  /** An avatar or a voice; said only to whoever learns it. */
  isLikeness?: true
  /** The creation it came from, if it is a job. */
  lease?: string
}

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

/** AccountSlots of one provider account. */
export interface SlotDesk {
  /** Says whose account this is and what it may do. Refused while another tenant's record holds it. */
  claim(account: Account, instead?: Holder): Promise<ClaimAnswer>
  /** A renewed session: the account is otherwise as it was. */
  renew(account: Account): Promise<void>
  /** No new lease. The credential is wiped when the last lease has ended, or now. Without effect when another holds it. */
  retire(isNow: boolean, holder?: Holder): Promise<void>
  acquire(ask: LeaseAsk): Promise<LeaseAnswer>
  /** `again`: what the lease was asked for with; a lease that is not there (any more) is made anew from it. */
  bind(requestId: string, starts: JobStart[], again?: LeaseAsk): Promise<void>
  /** Looks now for the job of a creation whose outcome is unknown, instead of waiting for the alarm. */
  lookNow(requestId: string): Promise<Looked>
  /** `fault`: why; an older object says nothing of it. */
  release(requestId: string, fault?: Fault): Promise<Finding | undefined>
  /** The call of a path without a row seems to have started a job. False: its slot was given back with the call. */
  keepGuess(requestId: string, start: GuessedStart, again: LeaseAsk): Promise<boolean>
  /** A call was refused: whether that is the account's. Asks the provider where it is doubted, and parks. */
  blame(fault: Fault): Promise<Finding>
  /** Ends what it is parked for, and the questions whether that still stands. */
  unpark(tenant: string): Promise<void>
  /** The provider seems to be ill: what it refused is asked about again by then. */
  hold(until: number): Promise<void>
  /** The one door to an end state. True when something changed. */
  settle(reports: JobReport[]): Promise<boolean>
  /** Ends tracking of a job; with `isForced` frees its slot. False: no such running job. */
  untrack(tenant: string, jobId: string, isForced: boolean): Promise<boolean>
  /** Until a time, the desk wants to know when slots come free; says how many are now. */
  watch(until: number): Promise<Room | undefined>
  view(tenant: string): Promise<SlotsView>
  /** Seals what it keeps with the first master key, `key`, and has our webhook registered anew. Safe to repeat. */
  reseal(key: string): Promise<ResealStep>
  findJob(tenant: string, name: JobName): Promise<JobRecord | undefined>
  /** Newest first, running and ended; at most `limit`. */
  listJobs(query: JobQuery): Promise<JobPage>
  /** An event of the provider, as it came. What is not signed changes nothing. */
  receive(received: ReceivedEvent): Promise<Became | 'refused'>
  /** Newest first. */
  listDeliveries(query: DeliveryQuery): Promise<Delivery[]>
  findDelivery(tenant: string, id: string): Promise<Delivery | undefined>
  /** Sends it again, whatever became of it. */
  retryDelivery(tenant: string, id: string): Promise<Delivery | undefined>
}

/** `headers`: those that may sign it. */
export interface ReceivedEvent {
  via: Via
  tenant: string
  headers: Record<string, string>
  body: string
  /** As it came, where that is no UTF-8: signatures are over these. */
  bytes?: Uint8Array<ArrayBuffer>
}

export interface DeliveryQuery {
  tenant: string
  state?: Delivery['state']
  /** A job's or its request's id. */
  job?: string
  since?: number
  until?: number
  /** Only what is older than this one. */
  before?: { createdAt: number; id: string }
  limit: number
}

export type ClaimAnswer = { ok: true } | { ok: false; holder: Holder; provider: string }

export interface SlotsView {
  /** Every lease that holds a slot or waits, of this tenant. */
  leases: Lease[]
  /** Slots held by anybody: a retired tenant's last jobs count. */
  held: number
  maxJobs: number
  parkings: Parking[]
  /** Our webhook at the provider is not there (yet): its events are missed and ends are asked for. */
  hookFailure?: { message: string; retryAt: number }
}

/**
 * What a look for a lost creation came to. `found`: for certain; `body` is the provider's own answer, where it gave it
 * again. `later`: the provider still works on it. `absent`: it never arrived. `unknown`: nobody knows yet.
 */
export type Looked =
  | { kind: 'found'; starts: JobStart[]; body?: string }
  | { kind: 'later' | 'absent' | 'unknown' }

export type JobName = { leaseId: string } | { jobId: string } | { requestId: string }

/** `before`: a place in the order, the id of a lease. `since`: begun then or later, epoch ms. */
export interface JobQuery {
  tenant: string
  state?: 'running' | 'ended'
  outcome?: Outcome['status']
  since?: number
  before?: string
  limit: number
}

/** `stoppedAt`: what comes behind this place was not looked at; absent: there is nothing. */
export interface JobPage {
  jobs: JobRecord[]
  stoppedAt?: string
}

export type JobRecord = { lease: Lease; ended?: Pick<EndedJob, 'endedAt' | 'outcome'> }

/** An account with its secrets open, for one call. */
export interface OpenAccount {
  account: Account
  credential: Credential
  session: Session | undefined
}
