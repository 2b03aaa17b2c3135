/** What the simulator remembers. Times are epoch milliseconds of simulated time. */
import type { Doc } from '../text/json.ts'
import type { KlingFacts } from './kling-account.ts'

export type Account = {
  /** The email; of an account at Kling, `kling:` and the email. */
  key: string
  email: string
  password: string
  username: string
  apiKeys: string[]
  concurrency: number | null
  overflow: 'refuse' | 'queue'
  credits: number | null
  scopes: string[] | null
  trialDailyLimit: number | null
  /** Speech that may be asked for in a minute (30 in the documentation); null: no limit. */
  speechPerMinute: number | null
  /** USER_BLOCKED at every call. */
  blocked: boolean
  streamingConcurrency: number
  mfa: boolean
  edgeBlock: boolean
  webSessionRefused: boolean
  sessionSeconds: number
  examples: boolean
  /** Which older families are gone for this account. Absent or null: as for the whole simulator. */
  sunset?: Sunset | null
  /** The engines that it may use; absent or null: all. Avatar III is for existing customers only. */
  engines?: string[] | null
  createdAt: number
  // Counted.
  maxInFlight: number
  jobsStarted: number
  logins: number
  /** Videos, for the daily limit of a trial. */
  startedToday: { day: string; count: number }
  /** Only of accounts at Kling. */
  kling?: KlingFacts
}

export type KlingAccount = Account & { kling: KlingFacts }

export type Resource = {
  /** account, type and id. Public resources have an empty account. */
  key: string
  account: string
  type: string
  id: string
  /** Kinds of one type: photo, look, video and streaming avatars, cloned and model voices. */
  form: string
  seq: number
  createdAt: number
  doc: Doc
  jobId?: string
  /** Of an item of a batch, which ends when its share of the job's time is over. */
  part?: { index: number; total: number }
}

export type Failure = { code: string; message: string }

export type Job = {
  key: string
  id: string
  /** The call that started it. A translation into several languages is one creation with several jobs. */
  creation: string
  type: string
  account: string
  /** Method and path template of the row that started it, or 'outside'. */
  row: string
  status: 'queued' | 'running' | 'ended'
  createdAt: number
  startedAt: number | null
  /** null: does not end by itself. */
  durationMs: number | null
  endedAt: number | null
  /** completed, failed, cancelled, … Of a job that runs: how it is going to end. */
  outcome: string
  failure: Failure | null
  charged: number
  callbackId: string | null
  callbackUrl: string | null
  doc: Doc
  /** How many slots of the concurrency it takes; 1 if absent. */
  slots?: number
}

/** One thing that an account would have paid for. */
export type Paid = {
  key: string
  at: number
  account: string
  row: string
  family: string
  /** The job that it pays for. Items of a batch have the batch's. null: answered in the call itself. */
  jobId: string | null
  kind: string
  /** null: no avatar, or one that is inside a template. Of several scenes the dearest. */
  engine: string | null
  is4k: boolean
  look: 'photo' | 'twin' | 'studio' | null
  isCinematic?: boolean
  isPrecise?: boolean
  seconds: number
  characters: number
  /** null: its price is not documented. */
  usd: number | null
}

export type WebSession = { key: string; account: string; expiresAt: number }

/** A device code of the issuer. Its key is the code itself. */
export type OauthCode = {
  key: string
  userCode: string
  clientId: string
  status: 'pending' | 'approved' | 'denied' | 'used'
  account: string | null
  expiresAt: number
  /** The pause between two polls, in seconds. */
  interval: number
  polledAt: number | null
}

/** A token of the issuer. A refresh token has no end; `expiresAt` is null then. */
export type OauthToken = {
  key: string
  kind: 'access' | 'refresh'
  account: string
  clientId: string
  expiresAt: number | null
}

export type Delivery = {
  key: string
  seq: number
  account: string
  url: string
  eventId: string
  eventType: string
  body: string
  /** null: not signed, as HeyGen's calls to a callback_url. */
  secret: string | null
  endpointId: string | null
  /** Decides how it is signed. */
  provider?: 'kling'
  state: 'held' | 'due' | 'delivered' | 'lost' | 'failed' | 'blocked'
  attempts: number
  nextAt: number
  createdAt: number
  lastStatus: number | null
  lastError: string | null
}

export type HookEvent = {
  key: string
  seq: number
  account: string
  eventType: string
  entityId: string
  eventData: Doc
  createdAt: number
}

export type Replay = { key: string; status: number; body: string; expiresAt: number }

export type FaultEffect = {
  /** Of Kling: the documented answer of this code. */
  code?: number
  latencyMs?: number
  status?: number
  body?: unknown
  headers?: Record<string, string>
  reset?: 'before' | 'after'
  badJson?: boolean
  truncate?: boolean
  hang?: boolean
  redirect?: string
}

export type Fault = {
  key: string
  match: { method?: string; path?: string; account?: string; kind?: string; host?: string }
  times: number | null
  probability: number
  hits: number
  effect: FaultEffect
}

/** How the next matching jobs go, `times` of them. */
export type Plan = {
  key: string
  account?: string
  type?: string
  path?: string
  durationMs?: number | null
  outcome?: string
  code?: string
  message?: string
  times: number
}

export type Settings = {
  jobMs: number
  syncMs: number
  /** Of every call. */
  latencyMs: number
  /** auto: sent when due; held: kept until sent by hand; off: none are made. */
  webhooks: 'auto' | 'held' | 'off'
  validateWebhookUrl: boolean
  /** false: webhooks to hosts beyond loopback are kept as `blocked`, since examples name real hosts. */
  webhooksBeyondLoopback: boolean
  loseRate: number
  doubleRate: number
  reorderRate: number
  /** The share of webhooks that are sent `lateMs` later. */
  lateRate: number
  lateMs: number
  /** The share of creations whose jobs end, webhooks included, before the creation is answered. */
  earlyRate: number
  webhookDelayMs: number
  /** all: at every change of a task; end: only at its end. The documentation says both. */
  klingCallbacks: 'all' | 'end'
  webhookRetryMs: number
  /** HeyGen after the end of its older API, for accounts that have no `sunset` of their own. */
  sunset: Sunset
  /** Whether v3 bodies that their schema does not allow are refused. After a sunset they always are. */
  strict: boolean
  /** Public looks and voices besides those of the documentation. Three looks make a group. */
  publicLooks: number
  publicVoices: number
  /** What an Idempotency-Key does on the rows that take one (heygen/calls/idempotency.ts). */
  keyMode: 'key-first' | 'validates-first' | 'stores-refusals' | 'ignores'
}

/** `templates` are the paths of v2 templates and `/v3/template/{id}`; `v2` are the others of v2. */
export type SunsetFamily = 'v1' | 'v2' | 'templates'
export type SunsetManner = '404-json' | '404-html' | '410'
export type Sunset = Partial<Record<SunsetFamily, SunsetManner>>

/** A v3 body that its schema does not allow. */
export type BadBody = {
  /** Number of the recorded request. */
  n: number
  account: string
  row: string
  isRefused: boolean
  faults: { param: string; message: string; isUnknown: boolean }[]
}

export type Recorded = {
  n: number
  at: number
  method: string
  host: string
  path: string
  query: string
  headers: Record<string, string>
  account: string | null
  status: number | null
  bodyBytes: number
  bodySha256?: string
  body?: string
  fault?: string
}
