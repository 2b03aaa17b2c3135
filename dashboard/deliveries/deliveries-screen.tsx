/** Calls to the receivers' own URLs: what was sent, what is still to be sent, and what was given up. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { More, usePages } from '../parts/pages.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import type { ScreenProps } from '../screen.ts'
import { call, withQuery } from '../shell/api.ts'
import { pool } from '../shell/live.ts'
import { hrefTo, replaceQuery } from '../shell/router.ts'
import { isOneTenant } from '../shell/session.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { sayAnswer, sayPartial, STATES, type Delivery, type Page } from './delivery.ts'
import { DeliveryInFullView } from './delivery-in-full.tsx'
import { RetryAll, RetryButton } from './retry.tsx'
import { State } from './state.tsx'

const PAGE = 50
/** The list asks every account, so that it is not read again with every change: the more accounts, the later. */
const READ_AGAIN_MS = 4000
const READ_AGAIN_MS_PER_ACCOUNT = 100

export function DeliveriesScreen({ path: [id], query }: ScreenProps) {
  return id === undefined ? (
    <List query={query} />
  ) : (
    <DeliveryInFullView id={id} tenant={query.get('tenant') ?? undefined} />
  )
}

function List({ query }: { query: URLSearchParams }) {
  const state = query.get('state') ?? ''
  const job = query.get('job') ?? ''
  const hours = query.get('hours') ?? ''
  // A card of the pool leads here with them. Only the operator's list knows them.
  const tenant = isOneTenant.value ? '' : (query.get('tenant') ?? '')
  const provider = isOneTenant.value ? '' : (query.get('provider') ?? '')
  const [partial, setPartial] = useState('')
  const pages = usePages(
    async (cursor, signal) => {
      const since = hours && new Date(Date.now() - Number(hours) * 3_600_000).toISOString()
      const path = isOneTenant.value ? '/v1/deliveries' : '/admin/deliveries'
      const address = withQuery(path, {
        ...{ tenant, provider, state, job, since, cursor },
        limit: PAGE,
      })
      const answer = await call('GET', address, { signal })
      const page = (await answer.json()) as Page
      setPartial(sayPartial(page, answer.headers.get('x-gateway-partial')))
      return { items: page.deliveries, next: page.next }
    },
    [state, job, hours, tenant, provider]
  )
  const { items, isThere, isLoading, reload, change } = pages
  useNews(reload, items.length <= PAGE)
  const put = (changed: Delivery) => change((one) => (one.id === changed.id ? changed : one))
  const dead = items.filter((one) => one.state === 'dead')
  return (
    <>
      <h1>Deliveries</h1>
      <p class="muted">
        Calls to your own servers about jobs that ended. Kept for 7 days. A receiver may get the
        same event twice; <code>webhook-id</code> tells.
      </p>
      <Filters {...{ state, job, hours, isLoading, reload }} />
      {(tenant || provider) && (
        <p class="hint">
          Only those of {[tenant, provider].filter(Boolean).join(', ')}.{' '}
          <a href={hrefTo(['deliveries'], { state, job, hours })}>Show all</a>
        </p>
      )}
      {partial && <p class="hint">{partial}</p>}
      <RetryAll dead={dead} put={put} />
      {isThere && (
        <Table
          caption="Deliveries, the newest first"
          columns={columnsFor(put)}
          rows={items}
          keyOf={({ id, tenant = '' }) => `${tenant} ${id}`}
          empty={
            state || job || hours
              ? 'No delivery is like that in the last 7 days.'
              : 'No delivery in the last 7 days. A job’s end is delivered when you give a callback_url, a default reply URL or a webhook endpoint.'
          }
        />
      )}
      <More pages={pages} what={items.length === 1 ? 'delivery' : 'deliveries'} />
    </>
  )
}

/**
 * Reads the list again when an account says that something changed: soon, but not often. Numbers alone would not tell: a job may
 * begin, end and be delivered within one second, after which they are as before.
 */
function useNews(reload: () => void, isWanted: boolean): void {
  const accounts = pool.value?.accounts
  const last = accounts?.map(({ at }) => at).join()
  const before = useRef<string>(undefined)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef(reload)
  latest.current = reload
  useEffect(() => {
    const isNews = before.current !== undefined && before.current !== last
    before.current = last
    if (!isNews || !isWanted) return
    const wait = Math.max(READ_AGAIN_MS, READ_AGAIN_MS_PER_ACCOUNT * (accounts?.length ?? 0))
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      latest.current()
    }, wait)
  }, [last])
  useEffect(() => () => clearTimeout(timer.current), [])
}

interface FiltersProps {
  state: string
  job: string
  hours: string
  isLoading: boolean
  reload: () => void
}

function Filters({ state, job, hours, isLoading, reload }: FiltersProps) {
  const submit = (event: Event) => {
    event.preventDefault()
    reload()
  }
  return (
    <form class="filters" onSubmit={submit}>
      <label>
        State
        <select
          value={state}
          onChange={({ currentTarget: { value } }) => replaceQuery({ state: value })}
        >
          <option value="">all</option>
          {Object.entries(STATES).map(([value, [, words]]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label>
        Since
        <select
          value={hours}
          onChange={({ currentTarget: { value } }) => replaceQuery({ hours: value })}
        >
          <option value="">7 days</option>
          <option value="24">24 hours</option>
          <option value="1">one hour</option>
        </select>
      </label>
      <JobField job={job} />
      <button type="submit" class="outline" aria-busy={isLoading}>
        Read again
      </button>
    </form>
  )
}

/** Keeps what is typed by itself: the list is drawn anew whenever it is read, and the query has the job only after Enter. */
function JobField({ job }: { job: string }) {
  const [typed, setTyped] = useState(job)
  useEffect(() => setTyped(job), [job])
  return (
    <label>
      Job
      <input
        type="search"
        placeholder="id of a job or request"
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onInput={({ currentTarget: { value } }) => setTyped(value)}
        onChange={({ currentTarget: { value } }) => replaceQuery({ job: value.trim() })}
      />
    </label>
  )
}

function columnsFor(put: (changed: Delivery) => void): Column<Delivery>[] {
  const tenant: Column<Delivery> = { title: 'Tenant', cell: (one) => tenantTitle(one.tenant ?? '') }
  return [
    { title: 'State', cell: (one) => <State one={one} /> },
    ...(isOneTenant.value ? [] : [tenant]),
    { title: 'Event', cell: (one) => <What one={one} /> },
    { title: 'To', cell: ({ url }) => url ?? 'its endpoints are not known yet' },
    { title: 'Made', cell: ({ created }) => <Ago at={created} /> },
    { title: 'Last answer', cell: (one) => <LastAnswer one={one} /> },
    { title: 'Again', cell: (one) => <RetryButton one={one} put={put} /> },
  ]
}

function What({ one: { id, tenant, event, provider, job, providerJob } }: { one: Delivery }) {
  return (
    <>
      <a href={hrefTo(['deliveries', id], { tenant })}>{event.type}</a>
      {job !== null && (
        <small class="below">
          job <a href={hrefTo(['jobs', provider, job], { tenant })}>{job}</a>
          {providerJob && <>, at the provider {providerJob}</>}
        </small>
      )}
    </>
  )
}

function LastAnswer({ one }: { one: Delivery }) {
  const { attempts, state, reason } = one
  return (
    <>
      {state === 'dead' ? reason : sayAnswer(one)}
      {attempts > 0 && (
        <small class="below muted">{attempts === 1 ? 'one attempt' : `${attempts} attempts`}</small>
      )}
    </>
  )
}
