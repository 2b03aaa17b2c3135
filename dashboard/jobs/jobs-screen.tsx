/** Running and ended jobs, newest first, or one job's life. */
import { useEffect, useState } from 'preact/hooks'
import type { Job, JobPage } from '../api-types.ts'
import { Choice } from '../parts/choice.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago, span } from '../parts/time.tsx'
import { PROVIDERS } from '../providers.ts'
import type { ScreenProps } from '../screen.ts'
import { ask, withQuery } from '../shell/api.ts'
import { pool, providersInUse } from '../shell/live.ts'
import { useLoad } from '../shell/load.ts'
import { hrefTo } from '../shell/router.ts'
import { chosenTenant, isOneTenant, isOperator, seesAccounts } from '../shell/session.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { JobLife } from './job-life.tsx'
import { JobState, OUTCOMES } from './job-words.tsx'

const PAGE = 50
const AGAIN_MS = 10_000
const SINCE: [string, string, number][] = [
  ['1h', 'Last hour', 3_600_000],
  ['1d', 'Last day', 86_400_000],
  ['7d', 'Last 7 days', 604_800_000],
]

export function JobsScreen({ path, query }: ScreenProps) {
  const [provider, id] = path
  if (provider && id) return <JobLife {...{ provider, id }} tenant={query.get('tenant') ?? ''} />
  return (
    <>
      <div class="title">
        <h1>Jobs</h1>
      </div>
      <JobFilters query={query} />
      <JobList key={query.toString()} query={query} />
    </>
  )
}

function providerOf(query: URLSearchParams): string {
  const first = isOperator.value ? '' : (providersInUse.value[0] ?? PROVIDERS[0]?.name ?? '')
  return query.get('provider') ?? first
}

function loadPage(query: URLSearchParams, cursor: string, signal: AbortSignal): Promise<JobPage> {
  const provider = providerOf(query)
  const [, , ms] = SINCE.find(([name]) => name === query.get('since')) ?? []
  const asked = {
    state: query.get('state') ?? '',
    outcome: query.get('outcome') ?? '',
    account: query.get('account') ?? '',
    since: ms === undefined ? '' : new Date(Date.now() - ms).toISOString(),
    limit: PAGE,
    cursor,
  }
  const path = isOperator.value
    ? withQuery('/admin/jobs', { ...asked, provider, tenant: chosenTenant.value })
    : withQuery(`/v1/${provider}/jobs`, asked)
  return ask<JobPage>('GET', path, { signal })
}

/** Changes when a job of the pool starts or ends. */
function poolMark(): string {
  return (pool.value?.accounts ?? [])
    .flatMap(({ jobs }) => jobs.map(({ requestId, status }) => requestId + status))
    .join()
}

function JobList({ query }: { query: URLSearchParams }) {
  const [cursors, setCursors] = useState<string[]>([''])
  const cursor = cursors.at(-1) ?? ''
  const { value, error, isLoading, reload } = useLoad(
    (signal) => loadPage(query, cursor, signal),
    [cursor, providerOf(query)]
  )
  const mark = poolMark()
  // The newest page follows the pool. Older pages stand still.
  useEffect(() => {
    if (cursor !== '') return undefined
    const timer = setTimeout(reload, 700)
    return () => clearTimeout(timer)
  }, [mark])
  // A token that sees no account hears nothing of the pool.
  useEffect(() => {
    if (cursor !== '' || seesAccounts.value) return undefined
    const timer = setInterval(() => !document.hidden && reload(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [cursor])
  const { jobs = [], next = null, isWhole = true, missing = [] } = value ?? {}
  const older = () => next !== null && setCursors([...cursors, next])
  const newer = () => setCursors(cursors.slice(0, -1))
  return (
    <>
      <ProblemBanner error={error} retry={reload} />
      <Missing isWhole={isWhole} missing={missing} />
      <div class="list" aria-busy={isLoading && value === undefined}>
        {value && (
          <Table
            caption="Jobs, newest first"
            columns={columnsOf(providerOf(query))}
            rows={jobs}
            keyOf={({ requestId, jobid, created }) => `${requestId} ${jobid ?? ''} ${created}`}
            empty={
              next === null
                ? 'No job is like that.'
                : 'No such job in these days. Look further back.'
            }
          />
        )}
      </div>
      <nav class="pager" aria-label="Pages">
        <button type="button" class="outline small" disabled={cursors.length < 2} onClick={newer}>
          Newer
        </button>
        <button type="button" class="outline small" disabled={next === null} onClick={older}>
          Older
        </button>
      </nav>
    </>
  )
}

function Missing({ isWhole, missing }: Required<Pick<JobPage, 'isWhole' | 'missing'>>) {
  if (isWhole && missing.length === 0) return null
  const names = missing.map(({ tenant, email }) => (email ? `${email} (${tenant})` : tenant))
  return (
    <p class="note">
      {names.length > 0 && `These could not be asked just now: ${names.join(', ')}. `}
      {!isWhole && 'There are more accounts than the gateway asks at once. Choose a tenant.'}
    </p>
  )
}

function columnsOf(provider: string): Column<Job>[] {
  const tenant: Column<Job>[] = isOneTenant.value
    ? []
    : [{ title: 'Tenant', cell: (job) => tenantTitle(job.tenant ?? '') }]
  // It never had one, or that is removed.
  const none = <span class="muted">none now</span>
  const account: Column<Job>[] = seesAccounts.value
    ? [{ title: 'Account', cell: (job) => job.email ?? none }]
    : []
  return [
    { title: 'Started', cell: (job) => <Ago at={job.created} /> },
    { title: 'State', cell: (job) => <JobState status={job.status} /> },
    { title: 'Job', cell: (job) => <JobLink job={job} provider={job.provider ?? provider} /> },
    { title: 'Kind', cell: (job) => <code>{job.type}</code> },
    ...account,
    ...tenant,
    { title: 'Took', cell: (job) => <Took job={job} />, isNumber: true },
    { title: 'Said', cell: (job) => job.detail },
  ]
}

function JobLink({ job, provider }: { job: Job; provider: string }) {
  const { jobid, requestId, tenant } = job
  return (
    <a href={hrefTo(['jobs', provider, jobid ?? requestId], { tenant })}>
      {jobid ?? <span class="muted">no id yet</span>}
    </a>
  )
}

function Took({ job: { created, ended } }: { job: Job }) {
  return <>{ended === null ? '' : span(Date.parse(ended) - Date.parse(created))}</>
}

function JobFilters({ query }: { query: URLSearchParams }) {
  const accounts = (pool.value?.accounts ?? [])
    .filter(({ provider }) => !providerOf(query) || provider === providerOf(query))
    .map(({ email }) => email)
  const providers = PROVIDERS.map(({ name, title }): [string, string] => [name, title])
  const ended = Object.entries(OUTCOMES).filter(
    ([name]) => !['queued', 'running', 'waiting'].includes(name)
  )
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        {...{ label: 'Provider', name: 'provider', query, value: providerOf(query) }}
        options={isOperator.value ? [['', 'All'], ...providers] : providers}
      />
      <Choice
        {...{ label: 'State', name: 'state', query }}
        options={[
          ['', 'All'],
          ['running', 'Running'],
          ['ended', 'Ended'],
        ]}
      />
      <Choice
        {...{ label: 'Ended as', name: 'outcome', query }}
        options={[['', 'Any'], ...ended.map(([name, { word }]): [string, string] => [name, word])]}
      />
      {seesAccounts.value && (
        <Choice
          {...{ label: 'Account', name: 'account', query }}
          options={[
            ['', 'All'],
            ...[...new Set(accounts)].map((one): [string, string] => [one, one]),
          ]}
        />
      )}
      <Choice
        {...{ label: 'Time', name: 'since', query }}
        options={[
          ['', 'Last 30 days'],
          ...SINCE.map(([name, word]): [string, string] => [name, word]),
        ]}
      />
    </form>
  )
}
