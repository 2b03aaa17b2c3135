/** How many jobs, how they ended and how long they took, by hour and by account. */
import { useMemo } from 'preact/hooks'
import type { Throughput, ThroughputHour } from '../api-types.ts'
import { Choice, ProviderChoice, providerIn } from '../parts/choice.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { span } from '../parts/time.tsx'
import type { ScreenProps } from '../screen.ts'
import { ask, withQuery } from '../shell/api.ts'
import { pool } from '../shell/live.ts'
import { useLoad } from '../shell/load.ts'
import { replaceQuery } from '../shell/router.ts'
import { chosenTenant, isOperator } from '../shell/session.ts'
import { Plot, type Line } from './plot.tsx'
import { byAccount, byHour, HOUR_MS, sumOf, type Named, type Sum } from './sums.ts'

const RANGES: [string, string, number][] = [
  ['1d', 'Last 24 hours', 24],
  ['3d', 'Last 3 days', 72],
  ['7d', 'Last 7 days', 168],
  ['14d', 'Last 14 days', 336],
]

const time = (seconds: number | null) => (seconds === null ? '–' : span(seconds * 1000))

export function ThroughputScreen({ query }: ScreenProps) {
  const hours = RANGES.find(([name]) => name === query.get('range'))?.[2] ?? 24
  const provider = providerIn(query)
  const account = query.get('account') ?? ''
  const { value, error, reload } = useLoad(
    async (signal) => {
      const until = Date.now()
      const since = until - hours * HOUR_MS
      const asked = { since: new Date(since).toISOString(), until: new Date(until).toISOString() }
      const path = isOperator.value
        ? withQuery('/admin/throughput', { ...asked, tenant: chosenTenant.value })
        : withQuery(`/v1/${provider}/throughput`, { ...asked, account })
      const answer = await ask<Throughput>('GET', path, { signal })
      // The operator's answer has every provider and account.
      const rows = answer.hours.filter(
        (row) => (row.provider ?? provider) === provider && (!account || row.email === account)
      )
      return { rows, since, until, isWhole: answer.isWhole }
    },
    [hours, provider, account]
  )
  return (
    <>
      <div class="title">
        <h1>Throughput</h1>
        {value && <Words sum={sumOf(value.rows)} />}
      </div>
      <Filters {...{ provider, account, query }} />
      <ProblemBanner error={error} retry={reload} />
      {value?.isWhole === false && (
        <p class="note">An account did not answer, so some jobs are missing.</p>
      )}
      {value ? <Plots {...value} /> : <div class="plots-to-come" aria-busy={!error} />}
    </>
  )
}

function Words({ sum }: { sum: Sum }) {
  const { started, completed, failed, refused } = sum
  return (
    <p class="muted number">
      {started} started · {completed} completed · {failed} failed or lost · {refused} refused
    </p>
  )
}

interface FiltersProps {
  provider: string
  account: string
  query: URLSearchParams
}

function Filters({ provider, account, query }: FiltersProps) {
  const own = (pool.value?.accounts ?? []).filter((one) => one.provider === provider)
  const emails = [...new Set([...own.map(({ email }) => email), ...(account ? [account] : [])])]
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        {...{ label: 'Time', name: 'range', query, value: query.get('range') ?? '1d' }}
        options={RANGES.map(([name, word]): [string, string] => [name, word])}
      />
      <ProviderChoice
        {...{ provider }}
        onChoose={(name) => replaceQuery({ provider: name, account: '' })}
      />
      <Choice
        {...{ label: 'Account', name: 'account', query }}
        options={[['', 'All'], ...emails.map((email): [string, string] => [email, email])]}
      />
    </form>
  )
}

interface PlotsProps {
  rows: ThroughputHour[]
  since: number
  until: number
}

function Plots({ rows, since, until }: PlotsProps) {
  const { times, counts, waits, named } = useMemo(() => {
    const all = byHour(rows, since, until)
    const line = (name: keyof Sum) => all.map(({ sum }) => sum[name])
    const countLines: Line[] = [
      { label: 'Started', colour: 'main', values: line('started'), isBars: true },
      { label: 'Completed', colour: 'good', values: line('completed') },
      { label: 'Failed or lost', colour: 'bad', values: line('failed') },
      { label: 'Refused', colour: 'warn', values: line('refused'), isDashed: true },
    ]
    const waitLines: Line[] = [
      { label: 'Rendering', colour: 'main', values: line('took') },
      { label: 'Rendering, longest', colour: 'off', values: line('tookMax'), isDashed: true },
      { label: 'Waiting', colour: 'warn', values: line('waited') },
      { label: 'Waiting, longest', colour: 'bad', values: line('waitedMax'), isDashed: true },
    ]
    const hoursWithJobs = all
      .filter(({ sum }) => sum.started + sum.completed + sum.failed + sum.refused > 0)
      .map(({ at, sum }) => ({ name: new Date(at).toLocaleString(), sum }))
      .toReversed()
    return {
      times: all.map(({ at }) => at),
      counts: countLines,
      waits: waitLines,
      named: hoursWithJobs,
    }
  }, [rows, since, until])
  return (
    <>
      <h2>Jobs in each hour</h2>
      <Plot times={times} lines={counts} write={(value) => String(Math.round(value))} />
      <AsTable caption="Jobs in each hour" first="Hour" rows={named} columns={COUNTS} />
      <h2>How long a job took</h2>
      <Plot times={times} lines={waits} write={(value) => span(value * 1000)} />
      <AsTable caption="Times in each hour" first="Hour" rows={named} columns={TIMES} />
      <h2>By account</h2>
      <Table
        caption="Jobs and times of each account"
        columns={[nameColumn('Account'), ...COUNTS, ...TIMES]}
        rows={byAccount(rows)}
        keyOf={({ name }) => name}
        empty="No job ran in this time."
      />
    </>
  )
}

const COUNTS: Column<Named>[] = [
  { title: 'Started', cell: ({ sum }) => sum.started, isNumber: true },
  { title: 'Completed', cell: ({ sum }) => sum.completed, isNumber: true },
  { title: 'Failed or lost', cell: ({ sum }) => sum.failed, isNumber: true },
  { title: 'Refused', cell: ({ sum }) => sum.refused, isNumber: true },
]

const TIMES: Column<Named>[] = [
  { title: 'Waiting', cell: ({ sum }) => time(sum.waited), isNumber: true },
  { title: 'Longest wait', cell: ({ sum }) => time(sum.waitedMax), isNumber: true },
  { title: 'Rendering', cell: ({ sum }) => time(sum.took), isNumber: true },
  { title: 'Longest', cell: ({ sum }) => time(sum.tookMax), isNumber: true },
]

function nameColumn(title: string): Column<Named> {
  return { title, cell: ({ name }) => name }
}

interface AsTableProps {
  caption: string
  first: string
  rows: Named[]
  columns: Column<Named>[]
}

function AsTable({ caption, first, rows, columns }: AsTableProps) {
  return (
    <details>
      <summary>The same as a table</summary>
      <Table
        caption={caption}
        columns={[nameColumn(first), ...columns]}
        rows={rows}
        keyOf={({ name }) => name}
        empty="No job ran in this time."
      />
    </details>
  )
}
