/**
 * What a provider is to the rest of the house: a table of routes and a few readers of its bodies.
 * A provider folder does no I/O of its own except through the `Upstream` it is handed.
 */
import type * as z from 'zod'
import type { Account, AccountForm, Credential, Proof, Session } from '#domain/accounts/account.ts'
import type { ErrorCode } from '#domain/runtime/errors.ts'
import type { Standing } from '#domain/accounts/park-after-refusal.ts'
import type { ExpectedJob, JobReport, JobStart, Lease } from '#domain/slots/lease.ts'
import type { Settings } from '#domain/runtime/settings.ts'
import type { ProviderEvents } from './events-mapping.ts'
import type {
  Finder,
  IdRef,
  IdSearch,
  ListShape,
  Method,
  OwnList,
  Route,
  RouteMatch,
} from './route.ts'
import type { Upstream } from './upstream.ts'
import type { ProviderSpeech, ProviderTasks } from './useapi-mapping.ts'
import type { Blame, Verdict } from './verdict.ts'

export type {
  Finder,
  IdRef,
  IdSearch,
  JobLink,
  ListShape,
  Method,
  OwnList,
  Pool,
  Route,
  RouteKind,
  RouteMatch,
  StatusLink,
} from './route.ts'
export type { Upstream } from './upstream.ts'
export type { Blame, Verdict } from './verdict.ts'
export type {
  EndpointCommand,
  EndpointResult,
  ProviderEndpoints,
  ProviderEvents,
  ProviderWebhooks,
  ReadEvent,
  RegisteredWebhook,
  ShownEndpoint,
  WebhookFailure,
} from './events-mapping.ts'
export type {
  BuiltCall,
  MissingCall,
  ProviderSpeech,
  ProviderTasks,
  ProviderUploads,
  TaskCall,
} from './useapi-mapping.ts'

export interface JudgedAnswer {
  status: number
  headers: Headers
  body: unknown
  isJobCall: boolean
  now: number
  /** The row that was called, where the caller of this knows it. */
  match?: RouteMatch | undefined
}

export interface Provider {
  name: string
  /** The highest `maxJobs` an account may have. */
  maxJobsCeiling(settings: Settings): number
  routes: readonly Route[]
  match(method: string, path: string): RouteMatch | undefined
  /** The fixed origin a call goes to; nothing in a request changes it. */
  origin(match: RouteMatch | undefined, settings: Settings, credential: Credential): string
  /** Every origin of the provider's whose paths are ours as well; absent: the one of the call. */
  hosts?(settings: Settings, credential: Credential): readonly string[]
  /** What an account lacks for calls to a path, as a sentence; undefined: it can serve them. */
  missingFor?(account: Account, path: string): string | undefined
  /** Which kind of credential a call to a path goes with, where an account may have several. */
  partFor?(path: string): string
  /** Clients may present a token that they signed with a key pair of ours (HS256). */
  takesSignedTokens?: boolean
  /** The provider's own codes for those whose times are wrong. */
  signedTokenCodes?: { early: number; expired: number; long: number }
  names?: ProviderNames
  /** Whether an Idempotency-Key means something to the provider on this row, or on a path without one; else it does not go up. */
  takesIdempotencyKey(path: string, match: RouteMatch | undefined): boolean
  authorize(
    headers: Headers,
    credential: Credential,
    session: Session | undefined,
    at: { path: string; now: number; settings: Settings }
  ): void | Promise<void>
  /** `body` is the parsed JSON answer, or undefined when it is not JSON. */
  judge(answer: JudgedAnswer): Verdict
  /** How many jobs a creation starts, so how many slots it takes. */
  countJobs(match: RouteMatch, body: unknown): number
  /** How many slots each of these jobs takes; absent: one. */
  slotsPerJob?(match: RouteMatch, body: unknown): number
  readJobs(match: RouteMatch, requestBody: unknown, answer: unknown): JobStart[]
  /** The answer to a creation in the provider's shape, made of what was found of it: ids, and the first state of a job. */
  creationAnswer(
    match: RouteMatch,
    starts: readonly JobStart[],
    requestBody: unknown,
    now: number
  ): object
  /** The body of a creation that asks the provider to check it and to start nothing. */
  asksForNothing?(match: RouteMatch, requestBody: unknown): boolean
  expectedJob(match: RouteMatch, requestBody: unknown): ExpectedJob | undefined
  /** `text`: the answer as it came. */
  readReports(
    match: RouteMatch,
    query: URLSearchParams,
    answer: unknown,
    text?: string
  ): JobReport[]
  /** Whether a status answer says, in the provider's own words, that there is no such job. Absent: a 404 or 410 in JSON. */
  saysUnknown?(answer: { status: number; body: unknown }): boolean
  /** Whether the path may be gone for good, so that a 404 on it says nothing of what it names. */
  mayBeRetired?(path: string): boolean
  /** Whether a refusal says that another call under the same Idempotency-Key is still running. */
  saysInProgress?(answer: { status: number; body: unknown }): boolean
  /** A call that asks for the creation under its own key and cannot start anything; undefined: there is none. */
  askUnderKey?(lease: Lease): { path: string; body: string } | undefined
  /** The jobs that the answer to this lease's creation names. */
  startsIn?(lease: Lease, answer: unknown): JobStart[]
  /** What a word in a list's row says of a job of this kind; undefined: nothing that is known. */
  stateOfRow?(lease: Lease, word: string): 'running' | 'over' | undefined
  /** What the end of a job may say about its account, such as: it had no credit. */
  parkingOf(report: JobReport): Blame | undefined
  /** The creation a lease stands for: what a found job would be called and where it is asked about. */
  startOf(lease: Lease, id: string): JobStart | undefined
  finderOf(lease: Lease): Finder | undefined
  /** The shape of a list that merges all accounts; undefined: the row is no such list. */
  listOf(route: Route): ListShape | undefined
  /** Numbers that are added up over all accounts; undefined: the row is no such sum. */
  sumsOf(route: Route): readonly string[] | undefined
  /** How to look for an id that nobody has seen; undefined: it cannot be, or it has no form of its resource. */
  searchFor(match: RouteMatch, ref: IdRef, id: string): IdSearch | undefined
  /** Where many unknown ids of a resource are looked for at once; undefined: one by one. */
  ownListOf?(resource: string): OwnList | undefined
  /** What identifies a job whose answer was lost. */
  clueOf(body: unknown, call?: NamedCall): { title?: string; callbackId?: string }
  /** An error of ours in the shape that the called path's clients parse. */
  errorBody(
    path: string,
    error: {
      code: ErrorCode
      status: number
      message: string
      requestId: string
      /** The provider's own code for it, and the field that is wrong. */
      providerCode?: string | number
      field?: string
    }
  ): unknown

  accounts: ProviderAccounts
  /** What it tells by itself. Absent: nothing; every end is asked for, and told to clients in our own words. */
  events?: ProviderEvents
  speech?: ProviderSpeech
  tasks?: ProviderTasks
  /** Uploads that can be made again at another account, for nothing. */
  assets?: ProviderAssets
  /** Rows and ids of avatars and voices: where an account has some of the tenant's own, its uploads belong too. */
  likeness?: { isRow(route: Route): boolean; isId(ref: IdRef): boolean }
  streaming?: ProviderStreaming
}

/** How an upload is read and made again. */
export interface ProviderAssets {
  /** What ids of uploads are called in the route table. */
  resource: string
  /** The read that tells where an asset's bytes are, and under which name. */
  read(id: string): { path: string; urlAt: string; nameAt: string }
  /** The upload that answers an id of the same kind as this one, at `idAt`: the file stands between `head` and `tail`. */
  upload(id: string, file: { type: string; name: string }): AssetUpload
  /** Whether a row lists uploads. */
  isList(route: Route): boolean
  /** The asset that a row deletes, and where other names of it begin. */
  deleted(match: RouteMatch): { id: string; keyStart: string } | undefined
  deletion(id: string): { method: string; path: string }
  /** Whether a refusal says that an asset is not known. */
  saysUnknown(answer: { status: number; body: unknown }): boolean
}

export interface AssetUpload {
  path: string
  contentType: string
  head: string
  tail: string
  idAt: string
}

/** A call as far as the client's own names for jobs are concerned. */
export interface NamedCall {
  tenant: string
  requestId: string
  match: RouteMatch | undefined
  path: string
  search: string
}

/**
 * Names that clients give their jobs and that must be unique in an account: kept apart by tenant on the way up, and as
 * the client wrote them on the way down.
 */
export interface ProviderNames {
  /** What ids that are such names are called in the route table. */
  resource: string
  /** The call as it goes up. A second form is asked for when the provider does not know the first (reads only). */
  up(call: NamedCall, body: string | undefined): NamedForm[]
  /** JSON text of the provider as the client should see it; spliced, never written anew. */
  down(text: string, tenant: string): string
}

export interface NamedForm {
  path: string
  search: string
  body: string | undefined
}

export interface ProviderAccounts {
  /** A cheap read that every good account answers with 200: whether the provider is well at all. */
  aliveAt?: string
  /** Whether two credentials are surely of one account, where the provider does not name its accounts. */
  isSame?(before: Credential, after: Credential): boolean
  /** The credential's fields beside `email`, `maxJobs` and `dryRun`; also their part of the OpenAPI text. */
  fields: z.ZodRawShape
  /** One of these stands in every new account. */
  needsOneOf?: readonly string[]
  /** Reads the fields of POST /accounts into a credential, or says what is wrong with them. */
  readCredential(
    form: AccountForm
  ): { ok: true; credential: Credential; field: string } | { ok: false; message: string }
  /** Proves a credential at the provider. Never throws for what the provider says. */
  prove(upstream: Upstream, credential: Credential, session: Session | undefined): Promise<Proof>
  /**
   * What the provider says of an account by its cheapest read. `part`: the kind of credential that is asked with, of an
   * account that has several. Never throws. Absent: `prove` says it.
   */
  standing?(
    upstream: Upstream,
    credential: Credential,
    session: Session | undefined,
    part?: string
  ): Promise<Standing>
  /** Absent where the credential needs no session. */
  logIn?(upstream: Upstream, credential: Credential): Promise<LogIn>
  toView(account: Account): Record<string, unknown>
  /** What the page of one account shows besides, asked of the provider. Never throws; nothing when it does not answer. */
  details?(
    upstream: Upstream,
    credential: Credential,
    session: Session | undefined
  ): Promise<Record<string, unknown>>
}

export type LogIn =
  | { ok: true; session: Session }
  | { ok: false; reason: 'refused' | 'unreachable'; message?: string }

/** Interactive sessions, which a browser opens and holds with nothing but a token made for it. */
export interface ProviderStreaming {
  /** Gives out such a token; `at` points to it in the answer. */
  token: { method: Method; path: string; at: string }
  /** The paths, all POST, that such a token opens. */
  paths: readonly string[]
  /** The WebSocket beside them, and the query parameter that carries the token. */
  socket: { route: Route; tokenParam: string }
  /** Whether a refusal says that the session named in the call is over. */
  saysOver(status: number, body: unknown): boolean
}
