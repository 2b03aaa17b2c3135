/** What the simulator remembers. Times are epoch milliseconds of the simulated clock. */

import type { KlingFacts } from './kling-account.ts'

export type Doc = Record<string, unknown>

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
  createdAt: number
  // The witness.
  maxInFlight: number
  jobsStarted: number
  logins: number
  /** Videos, for the daily limit of a trial. */
  startedToday: { day: string; count: number }
  /** Only of an account at Kling. */
  kling?: KlingFacts
}

export type Resource = {
  /** account, type and id; an empty account is the public catalogue. */
  key: string
  account: string
  type: string
  id: string
  /** Tells relatives of one type apart: photo, look, video and streaming avatars, cloned and model voices. */
  form: string
  seq: number
  createdAt: number
  doc: Doc
  jobId?: string
  /** One item of a batch: it ends when its share of the job's time is over. */
  part?: { index: number; total: number }
}

export type Failure = { code: string; message: string }

export type Job = {
  key: string
  id: string
  /** The call that started it; several languages are one creation. */
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
  /** Planned while it runs, true once it ended: completed, failed, cancelled, … */
  outcome: string
  failure: Failure | null
  charged: number
  callbackId: string | null
  callbackUrl: string | null
  doc: Doc
  /** How much of the concurrency it takes; 1 unless told. */
  slots?: number
}

export type WebSession = { key: string; account: string; expiresAt: number }

export type Delivery = {
  key: string
  seq: number
  account: string
  url: string
  eventId: string
  eventType: string
  body: string
  /** null: a per-request callback_url, which is not signed. */
  secret: string | null
  endpointId: string | null
  /** Kling signs in another way. */
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

/** Tells how the next matching jobs go; `times` of them. */
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
  /** auto: sent when due; held: kept until drained by hand; off: none are made. */
  webhooks: 'auto' | 'held' | 'off'
  validateWebhookUrl: boolean
  /** Off: what is addressed beyond loopback is kept as `blocked`, since examples name hosts of the real world. */
  webhooksBeyondLoopback: boolean
  loseRate: number
  doubleRate: number
  reorderRate: number
  /** That share of webhooks is sent `lateMs` later. */
  lateRate: number
  lateMs: number
  /** That share of creations has ended, and told so, before it is answered. */
  earlyRate: number
  webhookDelayMs: number
  /** all: at every change of a task; end: only when it is over. The documentation says both. */
  klingCallbacks: 'all' | 'end'
  webhookRetryMs: number
  /** HeyGen after the end of v1 and v2: each of their paths is unknown, v3 is as before. */
  sunset: boolean
  /** What an Idempotency-Key does on the rows that take one (heygen/idempotency.ts). */
  keyMode: 'key-first' | 'validates-first' | 'stores-refusals' | 'ignores'
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
