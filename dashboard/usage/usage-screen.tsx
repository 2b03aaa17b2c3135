/** Who used what: jobs by day, token, account and kind, as a plot, as tables, and as a file. */
import { useMemo, useState } from 'preact/hooks'
import type { Usage, UsageRow } from '../api-types.ts'
import { Choice } from '../parts/choice.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { saveFile } from '../parts/save-file.ts'
import { Table, type Column } from '../parts/table.tsx'
import { span } from '../parts/time.tsx'
import { titleOf } from '../providers.ts'
import type { ScreenProps } from '../screen.ts'
import { ask, call, withQuery } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { chosenTenant, isOperator } from '../shell/session.ts'
import { Plot, type Line } from '../throughput/plot.tsx'
import { NO_NAMES, tokenNames, type TokenNames } from '../tokens/token-names.ts'
import { by, byDay, DAY_MS, sumOf, type NamedSum, type UsageSum } from './sums.ts'

const RANGES: [string, string, number][] = [
  ['7d', 'Last 7 days', 7],
  ['30d', 'Last 30 days', 30],
  ['90d', 'Last 90 days', 90],
]

const NOT_TOLD = '–'

export function UsageScreen({ query }: ScreenProps) {
  const days = RANGES.find(([name]) => name === query.get('range'))?.[2] ?? 30
  const token = query.get('token') ?? ''
  const account = query.get('account') ?? ''
  const { value, error, reload } = useLoad(
    (signal) => ask<Usage>('GET', pathOf(days), { signal }),
    [days, chosenTenant.value]
  )
  const { value: names } = useLoad((signal) => tokenNames(signal), [])
  const rows = (value?.rows ?? []).filter(
    (row) => (!token || tokenOf(row) === token) && (!account || accountOf(row) === account)
  )
  return (
    <>
      <div class="title">
        <h1>Usage</h1>
        {value && <Words sum={sumOf(rows)} />}
      </div>
      <Filters {...{ rows: value?.rows ?? [], names: names ?? NO_NAMES, query }} />
      <ProblemBanner error={error} retry={reload} />
      {value?.isWhole === false && (
        <p class="note">An account did not answer, so some jobs are missing.</p>
      )}
      {value ? (
        <>
          <Plots {...{ rows, since: value.since, until: value.until }} names={names ?? NO_NAMES} />
          <SaveCsv path={pathOf(days, 'csv')} name={`usage-${value.since}-${value.until}.csv`} />
        </>
      ) : (
        <div class="plots-to-come" aria-busy={!error} />
      )}
    </>
  )
}

function pathOf(days: number, format = ''): string {
  const since = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10)
  return isOperator.value
    ? withQuery('/admin/usage', { since, format, tenant: chosenTenant.value })
    : withQuery('/v1/usage', { since, format })
}

/** Jobs of older releases have no token, and a token that sees its own hears of no account. */
function tokenOf({ token }: UsageRow): string {
  return token ?? 'not known'
}

function accountOf({ account, provider, tenant }: UsageRow): string {
  const where = tenant === undefined ? titleOf(provider) : `${titleOf(provider)}, ${tenant}`
  return `${account ?? 'not told'} (${where})`
}

function Words({ sum: { jobs, completed, failures, seconds, credits } }: { sum: UsageSum }) {
  return (
    <p class="muted number">
      {jobs} jobs · {completed} completed · {failures} failed
      {seconds !== null && ` · ${span(seconds * 1000)} of video and sound`}
      {credits !== null && ` · ${rounded(credits)} credits`}
    </p>
  )
}

function Filters({
  rows,
  names,
  query,
}: {
  rows: UsageRow[]
  names: TokenNames
  query: URLSearchParams
}) {
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        {...{ label: 'Time', name: 'range', query, value: query.get('range') ?? '30d' }}
        options={RANGES.map(([name, word]): [string, string] => [name, word])}
      />
      <OneOf
        label="Token"
        name="token"
        query={query}
        values={rows.map(tokenOf)}
        wordOf={(token) => names.get(token) ?? token}
      />
      <OneOf label="Account" name="account" query={query} values={rows.map(accountOf)} />
    </form>
  )
}

interface OneOfProps {
  label: string
  name: string
  query: URLSearchParams
  values: string[]
  wordOf?: (value: string) => string
}

function OneOf({ label, name, query, values, wordOf = (value) => value }: OneOfProps) {
  const chosen = query.get(name) ?? ''
  const choices = [...new Set(chosen ? [...values, chosen] : values)].toSorted()
  const options = choices.map((value): [string, string] => [value, wordOf(value)])
  return <Choice {...{ label, name, query }} options={[['', 'All'], ...options]} />
}

interface PlotsProps {
  rows: UsageRow[]
  since: string
  until: string
  names: TokenNames
}

function Plots({ rows, since, until, names }: PlotsProps) {
  const days = useMemo(() => byDay(rows, since, until), [rows, since, until])
  const line = (name: keyof UsageSum) => days.map(({ sum }) => sum[name])
  const lines: Line[] = [
    { label: 'Jobs', colour: 'main', values: line('jobs'), isBars: true },
    { label: 'Completed', colour: 'good', values: line('completed') },
    { label: 'Failed', colour: 'bad', values: line('failures') },
    { label: 'Other ends', colour: 'warn', values: line('others'), isDashed: true },
  ]
  const busy = days.filter(({ sum }) => sum.jobs > 0).toReversed()
  return (
    <>
      <h2>Jobs that ended on each day (UTC)</h2>
      <Plot
        times={days.map(({ at }) => at)}
        lines={lines}
        write={(value) => String(Math.round(value))}
      />
      <details>
        <summary>The same as a table</summary>
        <Sums first="Day" caption="Usage of each day" rows={busy} />
      </details>
      <h2>By token</h2>
      <Sums
        first="Token"
        caption="Usage of each token"
        rows={by(rows, (row) => names.get(tokenOf(row)) ?? tokenOf(row))}
      />
      <h2>By account</h2>
      <Sums first="Account" caption="Usage of each account" rows={by(rows, accountOf)} />
      <h2>By kind</h2>
      <Sums first="Kind" caption="Usage of each kind" rows={by(rows, ({ route }) => route)} />
      <p class="muted">
        “{NOT_TOLD}” means that no answer told it. It does not mean zero: HeyGen tells no price of a
        job.
      </p>
    </>
  )
}

const COLUMNS: Column<NamedSum>[] = [
  { title: 'Jobs', cell: ({ sum }) => sum.jobs, isNumber: true },
  { title: 'Completed', cell: ({ sum }) => sum.completed, isNumber: true },
  { title: 'Failed', cell: ({ sum }) => sum.failures, isNumber: true },
  { title: 'Other ends', cell: ({ sum }) => sum.others, isNumber: true },
  {
    title: 'Length made',
    cell: ({ sum }) => (sum.seconds === null ? NOT_TOLD : span(sum.seconds * 1000)),
    isNumber: true,
  },
  {
    title: 'Credits',
    cell: ({ sum }) => (sum.credits === null ? NOT_TOLD : rounded(sum.credits)),
    isNumber: true,
  },
]

function Sums({ first, caption, rows }: { first: string; caption: string; rows: NamedSum[] }) {
  return (
    <Table
      caption={caption}
      columns={[{ title: first, cell: ({ name }) => name }, ...COLUMNS]}
      rows={rows}
      keyOf={({ name }) => name}
      empty="No job ended in this time."
    />
  )
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

/** A plain link could not carry the token. */
function SaveCsv({ path, name }: { path: string; name: string }) {
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const save = async () => {
    setBusy(true)
    try {
      const answer = await call('GET', path)
      saveFile(name, 'text/csv', await answer.text())
      setError(undefined)
    } catch (problem) {
      setError(problem)
    }
    setBusy(false)
  }
  return (
    <>
      <ProblemBanner error={error} />
      <p class="buttons">
        <button
          type="button"
          class="outline small"
          aria-busy={isBusy}
          disabled={isBusy}
          onClick={() => void save()}
        >
          Save as CSV
        </button>
        <span class="muted">All rows of this time, whatever is chosen above.</span>
      </p>
    </>
  )
}
