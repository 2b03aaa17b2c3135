/**
 * What a provider is to the rest of the house: a table of routes and a few readers of its bodies.
 * A provider folder does no I/O of its own except through the `Upstream` it is handed.
 */
import type * as z from 'zod'
import type { Account, AccountForm, Credential, Proof, Session } from '#domain/account.ts'
import type { ErrorCode } from '#domain/errors.ts'
import type { ExpectedJob, JobReport, JobStart, Lease } from '#domain/lease.ts'
import type { ParkOrder } from '#domain/parking.ts'
import type { Settings } from '#domain/settings.ts'

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
}

/** How a list that all accounts share in is shaped. Pointers into the answer, names of query parameters. */
export interface ListShape {
  /** Arrays of rows. Only unpaged lists have more than one. */
  rows: readonly string[]
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
  rows?: string
}

export interface Provider {
  name: string
  /** The highest `maxJobs` an account may have. */
  maxJobsCeiling(settings: Settings): number
  routes: readonly Route[]
  match(method: string, path: string): RouteMatch | undefined
  /** The fixed origin a call goes to; nothing in a request changes it. */
  origin(match: RouteMatch | undefined, settings: Settings): string
  /** Whether an Idempotency-Key means something to the provider on this path; else it does not go up. */
  takesIdempotencyKey(path: string): boolean
  authorize(headers: Headers, credential: Credential, session: Session | undefined): void
  /** `body` is the parsed JSON answer, or undefined when it is not JSON. */
  judge(answer: JudgedAnswer): Verdict
  /** How many jobs a creation starts, so how many slots it takes. */
  countJobs(match: RouteMatch, body: unknown): number
  readJobs(match: RouteMatch, requestBody: unknown, answer: unknown): JobStart[]
  expectedJob(match: RouteMatch, requestBody: unknown): ExpectedJob | undefined
  readReports(match: RouteMatch, query: URLSearchParams, answer: unknown): JobReport[]
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
  clueOf(body: unknown): { title?: string; callbackId?: string }
  /** An error of ours in the shape that the called path's clients parse. */
  errorBody(
    path: string,
    error: { code: ErrorCode; status: number; message: string; requestId: string }
  ): unknown

  accounts: ProviderAccounts
  speech?: ProviderSpeech
  streaming?: ProviderStreaming
}

export interface ProviderAccounts {
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

/** Mapping of useapi.net's text-to-speech calls to the provider's own. */
export interface ProviderSpeech {
  /** The fields of POST /tts/create beside `email`. */
  fields: z.ZodRawShape
  create(fields: Record<string, unknown>): { path: string; body: unknown }
  createAnswer(answer: unknown): Record<string, unknown>
  voicesPath(page: { limit: number; token?: string; language?: string }): string
  voicePath(voiceId: string): string
  voicesAnswer(answer: unknown): { list: Record<string, unknown>[]; next?: string }
  voiceAnswer(answer: unknown): Record<string, unknown>
  languagesPath: string
  languagesAnswer(answer: unknown): Record<string, unknown>[]
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
