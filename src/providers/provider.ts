/**
 * What a provider is to the rest of the house: a table of routes and a few readers of its bodies.
 * A provider folder does no I/O of its own except through the `Upstream` it is handed.
 */
import type * as z from 'zod'
import type { Account, AccountForm, Credential, Proof, Session } from '#domain/account.ts'
import type { ErrorCode } from '#domain/errors.ts'
import type { Endpoint } from '#domain/endpoint.ts'
import type { HeardEvent } from '#domain/event.ts'
import type { EndedJob, EventText, ExpectedJob, JobReport, JobStart, Lease } from '#domain/lease.ts'
import type { ParkOrder } from '#domain/parking.ts'
import type { OpenAccount } from '#domain/ports.ts'
import type { Settings } from '#domain/settings.ts'
import type { ProviderSpeech, ProviderTasks } from './useapi-mapping.ts'

export type {
  BuiltCall,
  MissingCall,
  ProviderSpeech,
  ProviderTasks,
  TaskCall,
} from './useapi-mapping.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `creates-job` and `sync-generation` take slots; every other kind is a plain call. */
export type RouteKind =
  | 'creates-job'
  | 'sync-generation'
  | 'job-status'
  | 'read-account'
  | 'write-account'
  | 'read-shared'
  | 'streaming-session'

/**
 * Which accounts a call concerns. `any`: one usable account. `owner`: the account that owns the ids in the
 * call, else any. `roomy`: the account with the most free slots, as what is uploaded there is used there.
 * `merge`, `sum`, `split`: several accounts make one answer. `gateway`: the gateway's own.
 */
export type Pool = 'any' | 'owner' | 'roomy' | 'merge' | 'sum' | 'split' | 'gateway'

/** Where one id stands in a request. `pointer` is a JSON pointer in which `*` stands for every member. */
export interface IdRef {
  resource: string
  in: 'path' | 'query' | 'body'
  at: string
  required: boolean
  mayBeShared: boolean
  isList: boolean
}

/** Links a creating route to the job it starts. `null` on the route: it has no status row to ask. */
export interface JobLink {
  /** The kind of thing whose state tells the end; with the id it makes the watch key `video:abc`. */
  watch: string
  /** Pointers into the answer (or `body:` into the request); the first that yields ids wins, each id is a job. */
  id: string | readonly string[]
  /** Where the id to watch stands when it is not the job's own: `path:session_id`. */
  watchId?: string
  /** A second name of the same job. */
  alias?: { watch: string; id: string }
  /** The status path to ask, `{id}` replaced. */
  ask: string
  /** Asked when the first path is no longer there. */
  askElse?: string
  /** Pointer to an array in the request body: one job, so one slot, for each member. */
  slots?: string
  /** What a daily trial limit counts; such a limit parks only this meter. */
  meter?: string
}

/** How a status answer is read. `id` as in {@link JobLink}, or `answer:` for bulk answers. */
export interface StatusLink {
  watch: string
  id: string
  status?: string
  /** The same in bulk answers, from the row; absent: `/status`. */
  rowStatus?: string
  done: readonly string[]
  failed: readonly string[]
  /** A pointer whose presence means failure whatever the status says. */
  failedWhen?: string
  /** States in which a human is awaited: such a job holds no slot. */
  waiting?: readonly string[]
  /** A pointer to the list of everything that runs: what the account's alarm does not find there has ended. */
  listOfAll?: string
}

export interface Route {
  method: Method
  path: string
  kind: RouteKind
  /** `upload`: the provider's upload host. */
  host: 'api' | 'upload'
  pool: Pool
  ids: readonly IdRef[]
  creates: readonly string[]
  lists: readonly string[]
  mixesShared: boolean
  job?: JobLink | null
  reports?: StatusLink
  /** Once the call is accepted, the session that it names is over. */
  ends?: boolean
  /** Not passed on; the sentence says why and what to do instead. */
  notOffered?: string
}

export interface RouteMatch {
  route: Route
  params: Readonly<Record<string, string>>
}

/** What the provider's answer to a call means for the account that gave it. */
export type Verdict =
  | { kind: 'ok' }
  /** The caller's own mistake: the answer passes through. */
  | { kind: 'caller' }
  /** Surely not accepted; this account cannot, another may. Parks nothing. */
  | { kind: 'refused'; reason: string }
  /** Surely not accepted; the account is out for a while. `until` absent: the usual wait of `reason`. */
  | { kind: 'park'; order: ParkOrder }
  /** It may have been accepted. */
  | { kind: 'unsure' }

/** One call to the provider on one account; `path` starts with `/`. Network failures throw. */
export interface UpstreamCall {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
  timeoutMs: number
}

/** A way to list an account's recent jobs, for a creation whose answer was lost. */
export interface Finder {
  path: string
  /** Pointers from a row. */
  rows: string
  id: string
  title: string
  createdAt: string
  /** Pointer to the callback id in a row, where rows have it. */
  callbackId?: string
  /** Else the path of one job's details that have it at `/data/callback_id`, `{id}` replaced. */
  details?: string
}

export interface JudgedAnswer {
  status: number
  headers: Headers
  body: unknown
  isJobCall: boolean
  now: number
  /** The row that was called, where the caller of this knows it. */
  match?: RouteMatch | undefined
}

/** How a list that all accounts share in is shaped. Pointers into the answer, names of query parameters. */
export interface ListShape {
  /** Arrays of rows. Only unpaged lists have more than one. */
  rows: readonly string[]
  /** Where a row has its id; absent: by one of the usual names. */
  id?: string
  /** Ids further in that belong to the row's account. */
  owned?: readonly string[]
  /** It is asked with POST; limit and token stand in the JSON body. */
  isAskedInBody?: boolean
  /** Pages that are only counted, without a total or an end: the parameters, the usual and the largest size. */
  counted?: { page: string; size: string; usual: number; most: number }
  /** Where the number of rows on the page stands. */
  count?: string
  limit?: string
  token?: string
  /** The token of the next page, and whether there is one. */
  next?: string
  more?: string
  /** Pages counted from 1, where a list has them beside tokens. */
  page?: string
  totals: readonly string[]
  /** Where a row has its time, the first that is there. */
  times: readonly string[]
  /** The query parameter that tells `public` from `private` rows. */
  shared?: { query: string }
}

/** A read that shows whether an account has an id, `{id}` replaced. `rows`: it is a list, and these are its ids. */
export interface IdSearch {
  path: string
  /** JSON, for a list that is asked for with POST. */
  body?: string
  rows?: string
}

export interface Provider {
  name: string
  /** The highest `maxJobs` an account may have. */
  maxJobsCeiling(settings: Settings): number
  routes: readonly Route[]
  match(method: string, path: string): RouteMatch | undefined
  /** The fixed origin a call goes to; nothing in a request changes it. */
  origin(match: RouteMatch | undefined, settings: Settings, credential: Credential): string
  /** What an account lacks for calls to a path, as a sentence; undefined: it can serve them. */
  missingFor?(account: Account, path: string): string | undefined
  /** Clients may present a token that they signed with a key pair of ours (HS256). */
  takesSignedTokens?: boolean
  names?: ProviderNames
  /** Whether an Idempotency-Key means something to the provider on this path; else it does not go up. */
  takesIdempotencyKey(path: string): boolean
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
  expectedJob(match: RouteMatch, requestBody: unknown): ExpectedJob | undefined
  /** `text`: the answer as it came. */
  readReports(
    match: RouteMatch,
    query: URLSearchParams,
    answer: unknown,
    text?: string
  ): JobReport[]
  /** Whether a status answer says that there is no such job, beside 404 and 410. */
  saysUnknown?(answer: { status: number; body: unknown }): boolean
  /** What the end of a job says about its account, such as: it had no credit. */
  parkingOf(report: JobReport): ParkOrder | undefined
  /** The creation a lease stands for: what a found job would be called and where it is asked about. */
  startOf(lease: Lease, id: string): JobStart | undefined
  finderOf(lease: Lease): Finder | undefined
  /** The shape of a list that merges all accounts; undefined: the row is no such list. */
  listOf(route: Route): ListShape | undefined
  /** Numbers that are added up over all accounts; undefined: the row is no such sum. */
  sumsOf(route: Route): readonly string[] | undefined
  /** How to look for an id that nobody has seen; undefined: it cannot be looked for. */
  searchFor(match: RouteMatch, ref: IdRef, id: string): IdSearch | undefined
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
  streaming?: ProviderStreaming
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

/** Events: to the webhook of an account, signed, and to the callback of one creation. */
export interface ProviderEvents {
  /** The headers that a delivery is signed with. */
  signatureHeaders: readonly string[]
  /** False without a secret, without a signature, or when it is of other bytes. */
  isSigned(
    secret: string,
    headers: Readonly<Record<string, string>>,
    body: string
  ): Promise<boolean>
  /** Undefined: not an event. `id` undefined: it has none of its own. */
  read(body: string): ReadEvent | undefined
  /** Whether an end of what this row starts is surely told, so that asking can wait. */
  tells(route: Route): boolean
  /** Where a creation's body names its callback. */
  callbackUrlAt(route: Route): string
  /** The event of an end that was heard otherwise. `at`: epoch ms. Undefined: such an end is no event. */
  build(end: EndedJob, id: string, at: number): Omit<EventText, 'id'> | undefined
  /** The secret that signs callbacks of this account, where there is one; else they come unsigned. */
  callbackSecret?(credential: Credential): string | undefined
  /** Whether a creation without a callback gets one of ours: for providers that tell ends in no other way. */
  addsCallback?(route: Route): boolean
  /** An event in the other form that a job's target asked for (`Reply.form`). */
  replyBody?(lease: Lease, body: string): string | undefined
  /** How the account's own webhook is registered. Absent: it has none. */
  webhooks?: ProviderWebhooks
  /** The provider's own calls for webhook endpoints, which the gateway answers. */
  endpoints?: ProviderEndpoints
}

export type ReadEvent = Omit<HeardEvent, 'id'> & { id?: string }

/** An endpoint as the provider has it. `isOn`: it is delivered to. */
export interface RegisteredWebhook {
  id: string
  url: string
  isOn: boolean
}

export type WebhookFailure = { ok: false; message: string }

export interface ProviderWebhooks {
  list(
    upstream: Upstream,
    open: OpenAccount
  ): Promise<{ ok: true; webhooks: RegisteredWebhook[] } | WebhookFailure>
  /** For every event. The provider asks our receiver before it answers. */
  add(
    upstream: Upstream,
    open: OpenAccount,
    url: string
  ): Promise<{ ok: true; id: string; secret: string } | WebhookFailure>
  /** True when it is gone. */
  remove(upstream: Upstream, open: OpenAccount, id: string): Promise<boolean>
}

/** What a client's call about webhook endpoints wants. */
export type EndpointCommand =
  | { kind: 'types' }
  | { kind: 'list'; limit?: number; token?: string }
  | { kind: 'add'; url: string; events: string[] | null; entityId: string | null }
  | {
      kind: 'update'
      id: string
      url?: string
      events?: string[] | null
      status?: Endpoint['status']
    }
  | { kind: 'remove'; id: string }
  | { kind: 'rotate'; id: string }
  | { kind: 'bad'; message: string }

/** `secret` is open where it may be shown. */
export type ShownEndpoint = Omit<Endpoint, 'secret'> & { secret: string | null }

export type EndpointResult =
  | { kind: 'types' }
  | { kind: 'list'; endpoints: ShownEndpoint[]; next?: string }
  | { kind: 'one' | 'rotated'; endpoint: ShownEndpoint }
  | { kind: 'removed' }

export interface ProviderEndpoints {
  /** Undefined: the row is no such call. */
  read(match: RouteMatch, query: URLSearchParams, body: unknown): EndpointCommand | undefined
  answer(match: RouteMatch, tenant: string, result: EndpointResult): unknown
  /** Whether a path that no row knows is about endpoints: it must not reach the provider's own. */
  owns(path: string): boolean
  /** Whether this row's lists show secrets. */
  showsSecrets(match: RouteMatch): boolean
  /** The provider's own code for a refused URL and an endpoint that is not there, by the row's family. */
  codes(match: RouteMatch): { badUrl: string | number; notFound: string | number }
}

export interface ProviderAccounts {
  /** Whether two credentials are surely of one account, where the provider does not name its accounts. */
  isSame?(before: Credential, after: Credential): boolean
  /** The credential's fields beside `email`, `maxJobs` and `dryRun`; also their part of the OpenAPI text. */
  fields: z.ZodRawShape
  /** Reads the fields of POST /accounts into a credential, or says what is wrong with them. */
  readCredential(
    form: AccountForm
  ): { ok: true; credential: Credential; field: string } | { ok: false; message: string }
  /** Proves a credential at the provider. Never throws for what the provider says. */
  prove(upstream: Upstream, credential: Credential, session: Session | undefined): Promise<Proof>
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

export interface Upstream {
  now(): number
  settings: Settings
  /** Never follows redirects; the body is read up to 1 MiB. Throws when the provider cannot be reached. */
  send(
    origin: string,
    call: UpstreamCall
  ): Promise<{ status: number; headers: Headers; text: string }>
}

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
