/**
 * Writes the pool as metrics in the text format of Prometheus (version 0.0.4). Gauges only: a counter would run backwards when an
 * object forgets. Times are Unix seconds. Pure.
 */
import type { Pool, PoolAccount, PoolQueue } from './pool-account.ts'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Record<string, string>

/** A value of an account, with further labels. Several: one for each. */
type Value = number | { value: number; labels: Labels }

interface AccountGauge {
  help: string
  read(account: PoolAccount): Value | undefined | Value[]
}

const STATES = ['ok', 'full', 'parked', 'key_missing', 'unreachable'] as const

const GAUGES: Record<string, AccountGauge> = {
  gateway_account_slots: {
    help: 'Jobs that the account may run at one time.',
    read: ({ maxJobs }) => maxJobs,
  },
  gateway_account_slots_held: {
    help: 'Slots in use.',
    read: ({ held }) => held,
  },
  gateway_account_slots_free: {
    help: 'Slots that a new job can get now. 0 for a parked account.',
    read: ({ free }) => free,
  },
  gateway_account_state: {
    help: '1 for the state that the account is in, 0 for the others.',
    read: ({ state }) =>
      STATES.map((one) => ({ value: one === state ? 1 : 0, labels: { state: one } })),
  },
  gateway_account_parked_until_seconds: {
    help: 'When a parking ends. Absent: nothing is parked.',
    read: ({ parked }) =>
      parked.map(({ scope, reason, until }) => ({
        value: seconds(until),
        labels: { scope, reason },
      })),
  },
  gateway_account_session_expires_seconds: {
    help: 'When the session or sign-in of the account expires.',
    read: ({ session }) => (session?.expires === undefined ? undefined : seconds(session.expires)),
  },
  gateway_account_session_failed: {
    help: '1 when a person must sign in again.',
    read: ({ session }) => session && (session.error === undefined ? 0 : 1),
  },
  gateway_account_webhook_missing: {
    help: '1 when the webhook at the provider is not registered. Status checks find the ends of jobs then.',
    read: ({ webhook }) => (webhook.state === 'missing' ? 1 : 0),
  },
  gateway_account_jobs: {
    help: 'Running jobs by status.',
    read: ({ jobs }) => byStatus(jobs),
  },
  gateway_account_oldest_job_started_seconds: {
    help: 'When the oldest running job began. Absent: no job runs.',
    read: ({ jobs }) =>
      jobs.length === 0 ? undefined : Math.min(...jobs.map(({ since }) => seconds(since))),
  },
  gateway_account_deliveries_pending: {
    help: 'Deliveries to clients that wait or are tried again.',
    read: ({ deliveries }) => deliveries.pending,
  },
  gateway_account_deliveries_failing: {
    help: 'Of the pending deliveries, those that were tried in vain so far.',
    read: ({ deliveries }) => deliveries.failing,
  },
  gateway_account_deliveries_dead: {
    help: 'Deliveries of the last week that were given up. 1000: that many or more.',
    read: ({ deliveries }) => deliveries.dead,
  },
  gateway_account_balance: {
    help: 'What the account can still spend, as the provider last said. Absent: unknown.',
    read: ({ balance }) => balance && { value: balance.amount, labels: { unit: balance.unit } },
  },
  gateway_account_balance_lasts_hours: {
    help: 'For how many hours the balance lasts at the pace of the last 24 hours. Absent: unknown.',
    read: ({ lastsAboutHours }) => lastsAboutHours,
  },
  gateway_account_last_error_seconds: {
    help: 'When the provider last refused the account, or a job of it failed. Absent: not known.',
    read: ({ errors }) => (errors[0] ? seconds(errors[0].at) : undefined),
  },
  gateway_account_seen_seconds: {
    help: 'When the account last said all of this.',
    read: ({ at }) => seconds(at),
  },
}

interface QueueGauge {
  help: string
  read(queue: PoolQueue): number | undefined
}

const QUEUE_GAUGES: Record<string, QueueGauge> = {
  gateway_queue_waiting: {
    help: 'Queued creations that wait for a slot.',
    read: ({ waiting }) => waiting,
  },
  gateway_queue_starting: {
    help: 'Queued creations that are being started.',
    read: ({ starting }) => starting,
  },
  gateway_queue_oldest_asked_seconds: {
    help: 'When the oldest creation that waits was asked for. Absent: nothing waits.',
    read: ({ oldest }) => (oldest === null ? undefined : seconds(oldest)),
  },
  gateway_queue_starts_a_minute: {
    help: 'How many queued creations start in a minute at the present pace.',
    read: ({ startsAMinute }) => startsAMinute,
  },
}

export function metricsText({ accounts, isWhole, queues = [] }: Pool, version: string): string {
  const ofPool = [
    ...gauge('gateway_info', 'The version of the gateway.', [line({ version }, 1)]),
    ...gauge('gateway_accounts', 'Accounts that these metrics are about.', [
      line({}, accounts.length),
    ]),
    ...gauge('gateway_pool_whole', '0 when there are more accounts than these metrics show.', [
      line({}, isWhole ? 1 : 0),
    ]),
  ]
  const ofAccounts = Object.entries(GAUGES).flatMap(([name, { help, read }]) =>
    gauge(
      name,
      help,
      accounts.flatMap((account) => linesOf(account, read(account)))
    )
  )
  const ofQueues = Object.entries(QUEUE_GAUGES).flatMap(([name, { help, read }]) =>
    gauge(
      name,
      help,
      queues.flatMap((queue) => lineOf(queue, read(queue)))
    )
  )
  return `${[...ofPool, ...ofAccounts, ...ofQueues].join('\n')}\n`
}

function lineOf({ tenant, provider }: PoolQueue, value: number | undefined): string[] {
  return value === undefined ? [] : [line({ tenant, provider }, value)]
}

/** A metric without a value is left out, with its help. */
function gauge(name: string, help: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const head = [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`]
  return [...head, ...lines.map((text) => `${name}${text}`)]
}

function linesOf(account: PoolAccount, read: ReturnType<AccountGauge['read']>): string[] {
  const { tenant, provider, email } = account
  const own = { tenant, provider, account: email }
  const values = read === undefined ? [] : Array.isArray(read) ? read : [read]
  return values.map((one) =>
    typeof one === 'number' ? line(own, one) : line({ ...own, ...one.labels }, one.value)
  )
}

function line(labels: Labels, value: number): string {
  const shown = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`)
  return `${shown.length === 0 ? '' : `{${shown.join(',')}}`} ${value}`
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)
}

function byStatus(jobs: PoolAccount['jobs']): Value[] {
  const counts = new Map<string, number>()
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, value]) => ({ value, labels: { status } }))
}

function seconds(time: string): number {
  return Date.parse(time) / 1000
}
