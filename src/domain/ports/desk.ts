/**
 * The RPC interfaces of TenantDesk and of the registrar. During a deploy an older Worker may call a newer object, and the
 * reverse.
 */
import type { Alert } from '#domain/alerts/alert.ts'
import type { SignIn, SignInWish } from '#domain/accounts/sign-in.ts'
import type { Owner } from '#domain/routing/owner.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import type { Account, AccountSnapshot } from '#domain/accounts/account.ts'
import type { AccountChoiceChange, DeskSettings } from '#domain/accounts/balancing.ts'
import type { Actor, AuditEntry, AuditLine, AuditQuery } from '#domain/access/audit.ts'
import type { DeskRows, Imported, TenantImported } from '#domain/backup/exported.ts'
import type { Endpoint, DeliveryTargets } from '#domain/events/endpoint.ts'
import type { Families } from '#domain/legacy/probe.ts'
import type { KeyEnd, KeyTurn } from '#domain/creations/idempotency.ts'
import type { JobLimits, ReachedLimit, ShareEnd } from '#domain/limits/share.ts'
import type { JobStart } from '#domain/slots/lease.ts'
import type { ResealState, ResealStep } from '#domain/access/reseal.ts'
import type { TenantRecord, TokenLimits, TokenRecord } from '#domain/access/token.ts'
import type { UsagePlace } from '#domain/usage/usage.ts'
import type { SlotsSeen } from '#domain/accounts/seen-full.ts'
import type { Waiter } from '#domain/slots/waiting-line.ts'
import type { ClientWish } from '#domain/queue/waiting-clients.ts'
import type { Line } from './line.ts'

/** The audit of an object. Methods that change something take `by` last and write a line; older Workers do not pass it. */
interface Audited {
  /** For a change in another object. Call it before the change, so that there is a line in any case. */
  noteAudit(entry: AuditEntry, by: Actor): Promise<void>
  /** Latest first. */
  listAudit(query: AuditQuery): Promise<AuditLine[]>
}

/** TenantDesk of one tenant and provider. Only it writes the tenant's accounts. */
export interface Desk extends Audited, Line {
  snapshot(): Promise<AccountSnapshot>
  /** Adds or replaces the account with this email, and claims its object. */
  saveAccount(account: Account, by?: Actor): Promise<SaveAnswer>
  changeLimit(email: string, maxJobs: number, now: number, by?: Actor): Promise<SaveAnswer>
  /** Changes how the tenant's calls choose an account. Undefined: the tenant was removed. */
  changeSettings(change: DeskSettings, by?: Actor): Promise<AccountSnapshot | undefined>
  /** Changes an account's weight and priority. Undefined: there is no such account. */
  changeChoice(
    email: string,
    change: AccountChoiceChange,
    now: number,
    by?: Actor
  ): Promise<AccountSnapshot | undefined>
  /** Ends the parking of an imported account. */
  endImport(email: string): Promise<SaveAnswer>
  /** The account takes no new jobs, or takes them again. `by`: a call of this request that comes again changes nothing. */
  drainAccount(email: string, isDrained: boolean, by?: Actor): Promise<SaveAnswer>
  /** What an export needs of this desk. */
  exportRows(): Promise<DeskRows>
  /** Adds what is not there. The rows are sealed for this tenant. */
  importRows(rows: DeskRows, by?: Actor): Promise<Imported>
  removeAccount(email: string, isNow: boolean, by?: Actor): Promise<AccountSnapshot | undefined>
  /**
   * Renews the web session or the tokens of the sign-in, once however many calls ask. `stale`: the end of the session that is no
   * longer valid.
   */
  refreshSession(email: string, stale: number): Promise<AccountSnapshot>
  /** Asks the provider for the codes of a sign-in, and waits by alarm for the person. `wish.id` makes it safe to repeat. */
  beginSignIn(wish: SignInWish, by?: Actor): Promise<SignInAnswer>
  findSignIn(id: string): Promise<SignIn | undefined>
  /** Cancels a pending sign-in. Returns it as it is then. Undefined: there is none. */
  cancelSignIn(id: string, by?: Actor): Promise<SignIn | undefined>
  /** Keeps which families of older calls the account has. False: the desk has no such account. */
  noteLegacy(email: string, key: string, families: Families): Promise<boolean>
  /** Whether this desk has the account, or is claiming it. */
  holds(email: string, key: string): Promise<boolean>
  /** Keys of removed accounts. Their objects still have their jobs. */
  formerKeys(): Promise<string[]>
  /** The accounts of this desk, and those that were removed within the time for which usage is kept. */
  usagePlaces(): Promise<UsagePlace[]>
  /** Records owners of ids. Returns those ids that are asset copies. `seen`: what the isolate saw of the accounts' slots. */
  learn(owners: Owner[], seen?: SlotsSeen[]): Promise<string[]>
  /**
   * Records owners, of which some are jobs. The jobs are kept with their creation, for `jobsOf`. A desk of an older release lacks
   * this method.
   */
  learnJobs(owners: Owner[], seen?: SlotsSeen[]): Promise<void>
  /** The jobs that these creations started, as their answers named them. What is not known is left out. */
  jobsOf(requestIds: string[]): Promise<JobsOf[]>
  ownersOf(ids: string[]): Promise<Owner[]>
  /** Those of the ids that were made with this own token. */
  ownOf(token: string, ids: string[]): Promise<string[]>
  listOwn(query: OwnIdQuery): Promise<OwnId[]>
  /** The account that this token uploads to now. Counts the upload. Undefined: the desk has none of the accounts. */
  takeHome(token: string, wish: UploadWish): Promise<string | undefined>
  /** For each asset: its copy on this account, or whether this request may make one. */
  beginCopies(originals: string[], email: string, requestId: string): Promise<CopyTurn[]>
  /** Records which copies were made. A copy without `copy` failed. */
  endCopies(copies: AssetCopy[], email: string): Promise<void>
  /** Forgets copies that the provider does not know. */
  forgetCopies(copies: AssetCopy[], email: string): Promise<void>
  /** Forgets the copies of a deleted upload and returns them, also copies of its image keys, which begin with `keyStart`. */
  takeCopies(original: string, keyStart: string): Promise<{ email: string; copy: string }[]>
  /** Whether a creation made its job on another account. */
  isMadeElsewhere(requestId: string, email: string): Promise<boolean>
  /** Keeps the jobs of a creation whose account's object could not be reached. */
  noteMade(requestId: string, made: Made): Promise<void>
  madeBy(requestId: string): Promise<Made | undefined>
  /** What a creation with this Idempotency-Key must do. `fresh`: it may run, and must call endKey. */
  beginKey(name: string, requestId: string): Promise<KeyTurn>
  endKey(name: string, requestId: string, end: KeyEnd): Promise<void>
  /** A creation has an unknown outcome: a repeat (the same `print`) must start nothing. Every isolate learns this by KV. */
  noteUnknown(print: string, unknown: UnknownCreation): Promise<void>
  /** The oldest creation with this print. */
  unknownOf(print: string): Promise<UnknownCreation | undefined>
  /** Forgets the creation, because its outcome is known now. */
  forgetUnknown(print: string, requestId: string): Promise<void>
  /** The requests under a client's key, whatever their path. */
  requestsOfKey(key: string): Promise<string[]>
  /** Keeps a sealed page token for a day; returns a short name for it. */
  keepPlace(place: string): Promise<string>
  placeOf(name: string): Promise<string | undefined>
  /** Counts an upload of a token. Undefined: the upload is allowed now; else the time from which it is allowed. */
  takeUpload(tokenId: string, bytes: number): Promise<number | undefined>
  /**
   * Takes a token's share for these leases, before any of them is acquired (domain/limits/share.ts). `true`: taken, or they have it
   * already. Else the limit that is reached. A desk of an older release lacks this method.
   */
  takeShare(token: string, limits: JobLimits, leaseIds: string[]): Promise<true | ReachedLimit>
  /** Gives back what these leases have, whichever token it is. Safe to repeat. */
  endShare(leaseIds: string[], how: ShareEnd): Promise<void>
  /** The accounts that were full lately, as far as isolates of the Worker said. `seen`: what this one saw. */
  fullAccounts(seen: SlotsSeen[]): Promise<Required<SlotsSeen>[]>
  /** Waits in line until one of the accounts has a free slot, at most until that time. */
  awaitTurn(waiter: Waiter & Partial<ClientWish>, until: number): Promise<Turn>
  /** Notes that slots of a watched account are free again. `slots` absent: one. */
  noteFreed(accountKey: string, slots?: number): Promise<void>
  /** False: the tenant has too many endpoints. */
  addEndpoint(endpoint: Endpoint, by?: Actor): Promise<boolean>
  /** Oldest first. */
  endpoints(): Promise<Endpoint[]>
  changeEndpoint(id: string, change: EndpointChange, by?: Actor): Promise<Endpoint | undefined>
  removeEndpoint(id: string, by?: Actor): Promise<boolean>
  /** Replaces the callback secret. The previous one also signs for a day. */
  saveCallbackSecret(sealed: string, now: number, by?: Actor): Promise<void>
  /** The same for the secret of one own token, which signs what its jobs deliver. */
  saveTokenSecret(token: string, sealed: string, now: number, by?: Actor): Promise<void>
  /** The webhook endpoints and the callback secret. Accounts' objects ask only if nothing was pushed to them. */
  outlets(): Promise<DeliveryTargets>
  /** Notes that an account was refused and is parked until then. True: most accounts are refused, so the provider is at fault. */
  noteRefused(accountKey: string, until: number): Promise<boolean>
  /** Notes that a call was refused because every slot of the pool is taken. */
  noteFull(): Promise<void>
  /** Asks the registrar whether somebody must be told of low balances. */
  refreshAlerts(): Promise<void>
  /** Re-seals a share of its records, and its accounts' objects, with the first master key, `key`. Safe to repeat. */
  reseal(key: string, from?: string): Promise<ResealStep>
  /** Removes every account and forgets everything, because the tenant was removed. */
  close(): Promise<void>
}

/** What the caller knows of the accounts. `able`: emails of those that can be used. */
export interface UploadWish {
  able: string[]
  parked: { email: string; until: number }[]
  isUpload: boolean
}

export interface AssetCopy {
  original: string
  copy?: string
}

/** `mine`: make the copy. `no`: not an upload of this tenant. `failed`: another request tried and failed. */
export type CopyTurn = { kind: 'known'; copy: string } | { kind: 'mine' | 'failed' | 'no' }

/** Ids made with an own token, newest first. `list`: the path of the list that shows them. */
export interface OwnIdQuery {
  token: string
  list: string
  /** Only those after this one. */
  before?: OwnId
  skip?: number
  limit: number
}

/** `at`: when it was recorded, epoch ms. */
export interface OwnId {
  id: string
  at: number
}

/** The account and the jobs of a creation. `key`: the account's, absent where an older Worker kept the jobs. */
export interface Made {
  email: string
  key?: string
  starts: JobStart[]
}

/** `at`: when the desk learned it, epoch ms. */
export interface JobsOf extends Made {
  requestId: string
  at?: number
}

export type EndpointChange = Partial<Pick<Endpoint, 'url' | 'events' | 'status' | 'secret'>>

/** A creation whose outcome is unknown since `at`. `canBeFound`: its job may still be found. */
export interface UnknownCreation {
  requestId: string
  at: number
  email?: string
  canBeFound?: boolean
}

export type { KeyEnd }

/** `none`: the line is full, or the time is over. `go`: try again, on the named account if there is one. */
export type Turn = 'go' | 'none' | { go: string }

export type SaveAnswer =
  | { ok: true; snapshot: AccountSnapshot; isNew: boolean }
  /** `closed`: the tenant was removed. `busy`: jobs run in what may be the same account. */
  | { ok: false; reason: 'exists' | 'not_found' | 'closed' | 'busy' }

/** `full`: too many sign-ins wait for a person. `setup`: the operator's client is wrong. `closed`: the tenant was removed. */
export type SignInAnswer =
  | { ok: true; signIn: SignIn }
  | { ok: false; reason: 'full' | 'closed' }
  | { ok: false; reason: 'setup' | 'unreachable'; message: string }

/** The registrar: one object with all tokens and tenants. */
export interface Registrar extends Audited {
  /**
   * Saves the token for the tenant named `tenant.id`, which is made if there is none. `hasPast`: the tenant's desks know an
   * earlier tenant of that name. Returns the saved token; older objects return nothing.
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
  /** The ids of all tenants that have had this name, latest first. */
  tenantIdsOf(name: string): Promise<string[]>
  changeTenant(id: string, change: TenantChange, by?: Actor): Promise<void>
  removeTenant(id: string, by?: Actor): Promise<TokenRecord[] | undefined>
  /** Adds a tenant of an export and its tokens, as far as they are not there. `hasPast`: see saveToken. */
  importTenant(
    tenant: TenantRecord,
    tokens: TokenRecord[],
    hasPast: boolean,
    by?: Actor
  ): Promise<TenantImported>
  /** Re-seals a share of the tokens' secret keys with the first master key, `key`. */
  resealTokens(key: string, after?: string): Promise<ResealStep>
  /** How far re-sealing has come. */
  resealState(): Promise<ResealState | undefined>
  /** False: another request has saved its state since this one was read. */
  saveReseal(state: ResealState): Promise<boolean>
  /** Routes that the operator added, oldest first. */
  listRoutes(): Promise<AddedRoute[]>
  /** `taken`: another added route matches the same paths. */
  addRoute(route: AddedRoute, by?: Actor): Promise<'added' | 'taken' | 'full'>
  removeRoute(id: string, by?: Actor): Promise<boolean>
  /** `full`: the owner has too many. `closed`: the tenant was removed. */
  addAlert(alert: Alert, by?: Actor): Promise<'added' | 'full' | 'closed'>
  /** The alerts of a tenant, or of the operator (OPERATOR). Oldest first. */
  listAlerts(owner: string): Promise<Alert[]>
  removeAlert(owner: string, id: string, by?: Actor): Promise<boolean>
  /** Those that hear of this tenant's accounts: its own and the operator's. */
  alertsFor(tenant: string): Promise<Alert[]>
}

export type TenantChange = Partial<Pick<TenantRecord, 'name' | 'replyUrl'>>

/** A limit that is undefined is taken away. */
export type TokenChange = Partial<
  Pick<
    TokenRecord,
    'name' | 'scope' | 'subscription' | 'expiresAt' | 'sees' | 'grants' | 'replyUrl'
  >
> & { [Limit in keyof TokenLimits]?: TokenLimits[Limit] | undefined }
