/** Answers of the gateway that the page draws. Times are ISO 8601 texts. docs/openapi.json says what each member means. */

/** Of `GET /v1/pool`, and of the messages of `GET /v1/live`. */
export interface PoolAccount {
  tenant: string
  provider: string
  email: string
  maxJobs: number
  held: number
  free: number
  state: 'ok' | 'full' | 'parked' | 'key_missing' | 'unreachable'
  parked: Parking[]
  /** 'apiKey', 'oauth', 'password', … */
  credentials: string[]
  session?: { expires?: string; error?: string }
  webhook: { state: 'ok' | 'missing' | 'none'; error?: string; retry?: string }
  jobs: PoolJob[]
  errors: AccountError[]
  /** Absent: unknown, which is not zero. */
  balance?: { amount: number; unit: string; at: string }
  deliveries: { pending: number; failing: number; dead: number }
  at: string
}

export interface Parking {
  scope: string
  reason: string
  detail: string
  until: string
}

export interface PoolJob {
  id: string | null
  requestId: string
  type: string
  status: string
  since: string
}

export interface AccountError {
  at: string
  status: number | null
  code: string | null
  text: string
  route: string
}

export interface Pool {
  at: string
  /** false: there are more accounts than the gateway watches at once. */
  isWhole: boolean
  accounts: PoolAccount[]
}

export type LiveMessage =
  | ({ type: 'pool' } & Pool)
  | { type: 'account'; account: PoolAccount }
  | { type: 'removed'; tenant: string; provider: string; email: string }

export interface Tenant {
  id: string
  name: string
  createdAt: string
  tokens: number
}

/** Of `GET /v1/{provider}/jobs`. `tenant` and `provider` stand only in the operator's list. */
export interface Job {
  tenant?: string
  provider?: string
  /** The name of a queued job, else the provider's id. null: not known. */
  jobid: string | null
  /** Of a queued job: the provider's id. Absent: not known. */
  providerJob?: string
  requestId: string
  email: string | null
  type: string
  status: string
  status_final: boolean
  detail: string | null
  created: string
  ended: string | null
}

/** Of `GET /v1/{provider}/jobs/{id}`. */
export interface JobInFull extends Job {
  title?: string
  times: {
    asked: string | null
    started: string | null
    accepted: string | null
    ended: string | null
  }
  waitedMs: number | null
  tookMs: number | null
  /** Absent: a gateway of an earlier release. */
  story?: StoryStep[]
  storyIsWhole?: boolean
  /** While it waits in the queue. */
  place?: number
  startsAround?: string
  waitsFor?: string
  /** Paths of the gateway, by kind. Absent: there is no file to fetch. */
  files?: Partial<Record<'video' | 'image' | 'audio', string>>
}

/** One thing that happened to a job. */
export interface StoryStep {
  at: string
  what: string
  account?: string
  why?: string
  others?: { account: string; why: string; reason?: string; until?: string }[]
  more?: number
  delivery?: string
}

export interface JobPage {
  jobs: Job[]
  next: string | null
  /** false: more tenants or accounts than the gateway asks at once. */
  isWhole?: boolean
  missing?: { tenant: string; provider: string; email: string | null }[]
}

/** Of `GET /v1/deliveries`. */
export interface Delivery {
  tenant?: string
  id: string
  state: 'pending' | 'delivered' | 'dead'
  reason: string | null
  provider: string
  job: string | null
  requestId: string | null
  event: { id: string; type: string }
  endpoint: string | null
  url: string | null
  ref: string | null
  created: string
  nextAttempt: string | null
  attempts: number
  lastStatus: number | null
  lastError: string | null
}

/** Of `GET /v1/{provider}/throughput`. */
export interface Throughput {
  /** false: an account did not answer. */
  isWhole: boolean
  hours: ThroughputHour[]
}

/** Of `GET /v1/usage` and `GET /admin/usage`. */
export interface Usage {
  since: string
  until: string
  /** false: an account did not answer, or there are more tenants than the gateway asks at once. */
  isWhole: boolean
  rows: UsageRow[]
}

/** The jobs of one day, account, token, route and outcome. null: not told, which is not zero. */
export interface UsageRow {
  /** Only for the operator. */
  tenant?: string
  day: string
  provider: string
  account: string | null
  token: string | null
  route: string
  outcome: string
  jobs: number
  failures: number
  seconds: number | null
  secondsJobs: number
  credits: number | null
  creditsJobs: number
  waitedP50Ms: number | null
  waitedP90Ms: number | null
  tookP50Ms: number | null
  tookP90Ms: number | null
}

/** One hour of one account. Only hours in which something happened. */
export interface ThroughputHour {
  hour: string
  email: string
  tenant?: string
  provider?: string
  started: number
  ended: number
  completed: number
  failed: number
  lost: number
  refused: number
  waitedMs: number
  waitedMaxMs: number
  tookMs: number
  tookMaxMs: number
}

/** Of `GET /v1/{provider}/queue`. */
export interface Queue {
  waiting: number
  /** Chosen, and under way to the provider. */
  starting: number
  startsAMinute: number
  paused: QueuePause[]
  tokens: QueueToken[]
  items: QueueItem[]
  next: string | null
}

/** Nothing is started there. Without an account: on none. Without a token: of none. */
export interface QueuePause {
  account?: string
  token?: string
}

export interface QueueToken {
  token: string
  waiting: number
  weight: number
  oldest: string
}

export interface QueueItem {
  id: string
  requestId: string | null
  token: string
  type: string
  place: number | null
  startsAround: string | null
  /** A gateway of an earlier release does not say it. */
  waitsFor?: string | null
  priority: number
  /** null: any account may serve it. */
  account: string | null
  asked: string
  startBy: string
}
