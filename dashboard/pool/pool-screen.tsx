/** Every account as a card, the worst first. */
import { useRef, useState } from 'preact/hooks'
import type { PoolAccount } from '../api-types.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Pager } from '../parts/pager.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { titleOf } from '../providers.ts'
import type { ScreenProps } from '../screen.ts'
import { keyOf, pool, poolError, providersInUse, refreshPool } from '../shell/live.ts'
import { replaceQuery } from '../shell/router.ts'
import { isOneTenant, isOperator, mayChange } from '../shell/session.ts'
import { FirstSteps, isBegun } from '../start/first-steps.tsx'
import { AccountCard } from './account-card.tsx'
import { AddAccountForm } from './account-form.tsx'
import { STATES } from './words.ts'
import { healthOf, worstFirst } from './worst-first.ts'

/** Cards that are drawn at once. */
const CARDS = 100

export function PoolScreen({ query }: ScreenProps) {
  const [isAdding, setAdding] = useState(false)
  const { accounts = [], isWhole = true } = pool.value ?? {}
  const isEmpty = pool.value !== undefined && accounts.length === 0
  if ((isEmpty && mayChange.value) || isBegun.value) return <FirstSteps />
  return (
    <>
      <div class="title">
        <h1>Pool</h1>
        <Summary accounts={accounts} />
        {mayChange.value && isOneTenant.value && (
          <button type="button" class="small" onClick={() => setAdding(true)}>
            Add account
          </button>
        )}
      </div>
      <ProblemBanner error={poolError.value} retry={refreshPool} />
      {!isWhole && (
        <p class="note">
          There are more accounts than the gateway watches at once. Choose a tenant.
        </p>
      )}
      <Filters query={query} />
      <Cards accounts={accounts} query={query} />
      {isAdding && (
        <Dialog title="Add an account" onClose={() => setAdding(false)}>
          <AddAccountForm onAdded={() => setAdding(false)} onCancel={() => setAdding(false)} />
        </Dialog>
      )}
    </>
  )
}

function Summary({ accounts }: { accounts: PoolAccount[] }) {
  if (pool.value === undefined) return <p class="muted">Asking for the accounts …</p>
  const held = accounts.reduce((sum, one) => sum + one.held, 0)
  const all = accounts.reduce((sum, one) => sum + one.maxJobs, 0)
  const broken = accounts.filter((one) => healthOf(one) === 'broken').length
  const hurt = accounts.filter((one) => healthOf(one) === 'hurt').length
  const words = [
    `${String(accounts.length)} ${accounts.length === 1 ? 'account' : 'accounts'}`,
    `${String(held)} of ${String(all)} slots in use`,
    ...(broken > 0 ? [`${String(broken)} not working`] : []),
    ...(hurt > 0 ? [`${String(hurt)} to look at`] : []),
    ...(broken + hurt === 0 && accounts.length > 0 ? ['all well'] : []),
  ]
  return <p class="muted number">{words.join(' · ')}</p>
}

function Filters({ query }: { query: URLSearchParams }) {
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Find
        <input
          type="search"
          placeholder={isOperator.value ? 'email or tenant' : 'email'}
          value={query.get('find') ?? ''}
          onInput={(event) => replaceQuery({ find: event.currentTarget.value, page: '' })}
        />
      </label>
      <label>
        State
        <select
          value={query.get('state') ?? ''}
          onChange={(event) => replaceQuery({ state: event.currentTarget.value, page: '' })}
        >
          <option value="">All</option>
          <option value="trouble">Needs a look</option>
          {Object.entries(STATES).map(([state, { word }]) => (
            <option key={state} value={state}>
              {word}
            </option>
          ))}
        </select>
      </label>
      {providersInUse.value.length > 1 && (
        <label>
          Provider
          <select
            value={query.get('provider') ?? ''}
            onChange={(event) => replaceQuery({ provider: event.currentTarget.value, page: '' })}
          >
            <option value="">All</option>
            {providersInUse.value.map((name) => (
              <option key={name} value={name}>
                {titleOf(name)}
              </option>
            ))}
          </select>
        </label>
      )}
    </form>
  )
}

function matches(account: PoolAccount, query: URLSearchParams): boolean {
  const find = (query.get('find') ?? '').trim().toLowerCase()
  const state = query.get('state') ?? ''
  const provider = query.get('provider') ?? ''
  if (provider && account.provider !== provider) return false
  if (state === 'trouble' && healthOf(account) === 'well') return false
  if (state && state !== 'trouble' && account.state !== state) return false
  return !find || `${account.email} ${account.tenant}`.toLowerCase().includes(find)
}

interface CardsProps {
  accounts: PoolAccount[]
  query: URLSearchParams
}

function Cards({ accounts, query }: CardsProps) {
  const list = useRef<HTMLDivElement>(null)
  const order = useRef<string[]>([])
  // Cards do not change places under the pointer or the focus. They do when both have left.
  const isInUse = list.current?.matches(':hover, :focus-within') ?? false
  const isSame = accounts.length === order.current.length
  const sorted = isInUse && isSame ? inOrder(accounts, order.current) : worstFirst(accounts)
  order.current = sorted.map(keyOf)
  const found = sorted.filter((account) => matches(account, query))
  const page = Number(query.get('page') ?? 1)
  const shown = found.slice((page - 1) * CARDS, page * CARDS)
  return (
    <>
      <div ref={list} class="cards">
        {shown.map((account) => (
          <AccountCard key={keyOf(account)} account={account} />
        ))}
      </div>
      {accounts.length > 0 && found.length === 0 && <p class="empty">No account is like that.</p>}
      <Pager
        page={page}
        pages={Math.ceil(found.length / CARDS)}
        onPage={(wanted) => replaceQuery({ page: String(wanted) })}
      />
    </>
  )
}

function inOrder(accounts: PoolAccount[], order: string[]): PoolAccount[] {
  const places = new Map(order.map((key, place) => [key, place]))
  const placeOf = (one: PoolAccount) => places.get(keyOf(one)) ?? order.length
  return accounts.toSorted((one, other) => placeOf(one) - placeOf(other))
}
