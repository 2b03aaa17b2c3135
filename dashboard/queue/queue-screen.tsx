/** What waits for a slot: how much of whom, in which order, and when it should start. */
import { useEffect, useState } from 'preact/hooks'
import type { Queue, QueueItem, QueuePause, QueueToken } from '../api-types.ts'
import { waitsForWords } from '../jobs/job-words.tsx'
import { ProviderChoice, providerIn } from '../parts/choice.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Age, clock, now, span } from '../parts/time.tsx'
import type { ScreenProps } from '../screen.ts'
import { ask, Problem, withQuery } from '../shell/api.ts'
import { pool } from '../shell/live.ts'
import { useLoad } from '../shell/load.ts'
import { hrefTo, replaceQuery } from '../shell/router.ts'
import { mayChange, seesAccounts } from '../shell/session.ts'
import { NO_NAMES, tokenNames, type TokenNames } from '../tokens/token-names.ts'
import { say, sayProblem } from '../shell/toasts.tsx'

const PAGE = 100
const AGAIN_MS = 5000

export function QueueScreen({ query }: ScreenProps) {
  const provider = providerIn(query)
  const token = query.get('token') ?? ''
  const [cursors, setCursors] = useState<string[]>([''])
  const cursor = cursors.at(-1) ?? ''
  const path = withQuery(`/v1/${provider}/queue`, { token, limit: PAGE, cursor })
  const { value, error, reload } = useLoad((signal) => ask<Queue>('GET', path, { signal }), [path])
  const { value: names = NO_NAMES } = useLoad((signal) => tokenNames(signal), [])
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && reload(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [path])
  const narrow = (change: Record<string, string>) => {
    setCursors([''])
    replaceQuery(change)
  }
  return (
    <>
      <div class="title">
        <h1>Queue</h1>
        {value && <Words queue={value} />}
      </div>
      <Filters {...{ provider, token, narrow, names }} tokens={value?.tokens ?? []} />
      <ProblemBanner error={error} retry={reload} />
      {value && (
        <>
          <Pauses {...{ provider, token, reload }} paused={value.paused} />
          <h2>By token</h2>
          <Table
            caption="What waits, by token"
            columns={tokenColumns(names)}
            rows={value.tokens}
            keyOf={(one) => one.token}
            empty="Nothing waits. A creation waits here when all accounts are full and its client asked for it."
          />
          <h2>What waits</h2>
          <Table
            caption="Creations that wait, by token, oldest first"
            columns={columnsOf(provider, names, reload)}
            rows={value.items}
            keyOf={({ id }) => id}
            empty="No creation waits."
          />
          <Turner
            back={cursors.length > 1 ? () => setCursors(cursors.slice(0, -1)) : undefined}
            on={nextOf(value, (next) => setCursors([...cursors, next]))}
          />
        </>
      )}
    </>
  )
}

function nextOf({ next }: Queue, turn: (next: string) => void): (() => void) | undefined {
  return next === null ? undefined : () => turn(next)
}

/** Nothing where there is one page. */
function Turner({ back, on }: Record<'back' | 'on', (() => void) | undefined>) {
  if (!back && !on) return null
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" class="outline small" disabled={!back} onClick={back}>
        Back
      </button>
      <button type="button" class="outline small" disabled={!on} onClick={on}>
        More
      </button>
    </nav>
  )
}

function Words({ queue: { waiting, starting, startsAMinute } }: { queue: Queue }) {
  return (
    <p class="muted number">
      {waiting} waiting · {starting} starting · {Math.round(startsAMinute * 10) / 10} starts a
      minute
    </p>
  )
}

interface FiltersProps {
  provider: string
  token: string
  tokens: QueueToken[]
  names: TokenNames
  narrow: (change: Record<string, string>) => void
}

function Filters({ provider, token, tokens, names, narrow }: FiltersProps) {
  const ids = [...new Set([...tokens.map((one) => one.token), ...(token ? [token] : [])])]
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <ProviderChoice
        provider={provider}
        onChoose={(name) => narrow({ provider: name, token: '' })}
      />
      <label>
        Token
        <select value={token} onChange={(event) => narrow({ token: event.currentTarget.value })}>
          <option value="">All</option>
          {ids.map((id) => (
            <option key={id} value={id}>
              {names.get(id) ?? id}
            </option>
          ))}
        </select>
      </label>
    </form>
  )
}

interface PausesProps {
  provider: string
  token: string
  paused: QueuePause[]
  reload: () => void
}

/** Stops and goes on with starting what waits. Jobs that run go on. */
function Pauses({ provider, token, paused, reload }: PausesProps) {
  const [account, setAccount] = useState('')
  const [isBusy, setBusy] = useState(false)
  const standing = paused.length > 0 && (
    <p role="status" class="muted">
      Paused: {paused.map(wordsOfPause).join('; ')}.
    </p>
  )
  if (!mayChange.value || !seesAccounts.value) return standing
  const emails = (pool.value?.accounts ?? [])
    .filter((one) => one.provider === provider)
    .map(({ email }) => email)
  const isPaused = paused.some(
    (one) => (one.account ?? '') === account && (one.token ?? '') === token
  )
  const change = async () => {
    if (isBusy) return
    setBusy(true)
    const what = isPaused ? 'resume' : 'pause'
    const body = { ...(account ? { account } : {}), ...(token ? { token } : {}) }
    try {
      await ask('POST', `/v1/${provider}/queue/${what}`, { body })
      say(what === 'pause' ? 'Nothing of it is started now.' : 'It is started again.')
    } catch (error) {
      sayProblem(error)
    }
    setBusy(false)
    reload()
  }
  const what = [token && `of the token ${token}`, account && `on ${account}`]
    .filter(Boolean)
    .join(' ')
  return (
    <form class="filters" aria-label="Pause" onSubmit={(event) => event.preventDefault()}>
      <label>
        Starts {token ? 'of this token ' : ''}on
        <select value={account} onChange={(event) => setAccount(event.currentTarget.value)}>
          <option value="">all accounts</option>
          {[...new Set(emails)].map((email) => (
            <option key={email} value={email}>
              {email}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="outline small" aria-busy={isBusy} onClick={() => void change()}>
        {isPaused ? 'Resume' : 'Pause'}
        <span class="for-ears"> what waits {what}</span>
      </button>
      {standing}
    </form>
  )
}

function wordsOfPause({ account, token }: QueuePause): string {
  const parts = [token && `token ${token}`, account && `account ${account}`].filter(Boolean)
  return parts.length === 0 ? 'everything' : parts.join(' on ')
}

function tokenColumns(names: TokenNames): Column<QueueToken>[] {
  return [
    { title: 'Token', cell: ({ token }) => <Named token={token} names={names} /> },
    { title: 'Waiting', cell: ({ waiting }) => waiting, isNumber: true },
    { title: 'Share', cell: ({ weight }) => weight, isNumber: true },
    { title: 'Oldest waits', cell: ({ oldest }) => <Age at={oldest} />, isNumber: true },
  ]
}

function Named({ token, names }: { token: string; names: TokenNames }) {
  const name = names.get(token)
  return name === undefined ? <code>{token}</code> : <>{name}</>
}

/** Its name alone, in a table of many rows. The id stands in the table of tokens. */
function Short({ token, names }: { token: string; names: TokenNames }) {
  const name = names.get(token)
  if (name === undefined) return <code>{token}</code>
  return <span title={name}>{name.slice(0, name.lastIndexOf(' ('))}</span>
}

function columnsOf(provider: string, names: TokenNames, reload: () => void): Column<QueueItem>[] {
  return [
    { title: 'Place', cell: ({ place }) => place ?? '–', isNumber: true },
    {
      title: 'Job',
      cell: ({ id }) => <a href={hrefTo(['jobs', provider, id])}>{id}</a>,
    },
    { title: 'Kind', cell: ({ type }) => <code>{type}</code> },
    { title: 'Token', cell: ({ token }) => <Short token={token} names={names} /> },
    { title: 'Priority', cell: ({ priority }) => priority, isNumber: true },
    { title: 'Account', cell: ({ account }) => account ?? 'any' },
    { title: 'Waited', cell: ({ asked }) => <Age at={asked} />, isNumber: true },
    { title: 'Waits for', cell: ({ waitsFor }) => waitsForWords(waitsFor ?? null) },
    { title: 'Starts', cell: ({ startsAround }) => <Starts at={startsAround} /> },
    {
      title: 'Change',
      cell: ({ id }) => <Cancel {...{ provider, id, reload }} />,
    },
  ]
}

function Starts({ at }: { at: string | null }) {
  if (at === null) return <span class="muted">not known</span>
  const left = Date.parse(at) - now.value
  return (
    <time dateTime={at} title={clock(at)}>
      {left >= 1000 ? `in about ${span(left)}` : 'soon'}
    </time>
  )
}

/** Cancelling costs nothing: what waits has not been sent. */
function Cancel({ provider, id, reload }: { provider: string; id: string; reload: () => void }) {
  const [isBusy, setBusy] = useState(false)
  const cancel = async () => {
    if (isBusy) return
    setBusy(true)
    try {
      await ask('DELETE', `/v1/${provider}/queue/${encodeURIComponent(id)}`)
      say('It is cancelled. Its end is told as any other.')
    } catch (error) {
      const isLate = error instanceof Problem && error.status === 409
      sayProblem(isLate ? new Error('It is starting already, so it was not cancelled.') : error)
    }
    setBusy(false)
    reload()
  }
  return (
    <button
      type="button"
      class="outline small danger"
      aria-label={`Cancel ${id}`}
      aria-busy={isBusy}
      onClick={() => void cancel()}
    >
      Cancel
    </button>
  )
}
