/** One account: what it does now, what is wrong with it, and what can be done about it. */
import type { ComponentChildren } from 'preact'
import type { AccountError, Parking, PoolAccount } from '../api-types.ts'
import { Badge } from '../parts/badge.tsx'
import { Ago, Until } from '../parts/time.tsx'
import { titleOf } from '../providers.ts'
import { hrefTo } from '../shell/router.ts'
import { isOneTenant, mayChange } from '../shell/session.ts'
import { tenantTitle } from '../shell/tenants.ts'
import { AccountActions } from './account-actions.tsx'
import { Slots } from './slots.tsx'
import { credentialWord, reachOf, reasonOf, STATES } from './words.ts'
import { healthOf } from './worst-first.ts'

const AMOUNT = new Intl.NumberFormat()

export function AccountCard({ account }: { account: PoolAccount }) {
  const { email, provider, tenant, state, held, maxJobs, parked, errors } = account
  const { word, tone, help } = STATES[state]
  return (
    <article class={`card ${healthOf(account)}`} aria-label={email}>
      <header>
        <h2>{email}</h2>
        <span title={help}>
          <Badge tone={tone}>{word}</Badge>
        </span>
        <span class="muted">
          {titleOf(provider)}
          {!isOneTenant.value && (
            <>
              {' · '}
              {tenantTitle(tenant)}
            </>
          )}
        </span>
      </header>
      {parked.map((parking) => (
        <ParkedLine key={parking.scope} parking={parking} />
      ))}
      <Slots account={account} />
      <Facts account={account}>
        <dt>Slots</dt>
        <dd>
          {held} of {maxJobs} in use
        </dd>
      </Facts>
      {errors.length > 0 && <Errors errors={errors} />}
      {mayChange.value && <AccountActions account={account} />}
    </article>
  )
}

function ParkedLine({ parking }: { parking: Parking }) {
  return (
    <p class="parked">
      <strong>{reasonOf(parking)}</strong>, stops {reachOf(parking)} <Until at={parking.until} />
      {parking.detail && <span class="detail">{parking.detail}</span>}
    </p>
  )
}

function Facts({ account, children }: { account: PoolAccount; children: ComponentChildren }) {
  const { credentials, session, webhook, balance, deliveries, at, provider, email, tenant } =
    account
  return (
    <dl class="facts">
      {children}
      <dt>Credential</dt>
      <dd>
        {credentials.map(credentialWord).join(', ') || 'none'}
        {session?.error && <span class="bad-text">: {session.error}</span>}
        {session?.expires && !session.error && (
          <span class="muted">
            {', session '}
            <Until at={session.expires} />
          </span>
        )}
      </dd>
      <dt>Balance</dt>
      <dd>
        {balance ? (
          <>
            {AMOUNT.format(balance.amount)} {balance.unit}{' '}
            <span class="muted">
              <Ago at={balance.at} />
            </span>
          </>
        ) : (
          <span class="muted" title="The provider has not said it yet. Test asks.">
            unknown
          </span>
        )}
      </dd>
      <dt>Webhook</dt>
      <dd>
        <WebhookWord webhook={webhook} />
      </dd>
      <dt>Deliveries</dt>
      <dd>
        {deliveries.dead > 0 ? (
          <a href={hrefTo(['deliveries'], { state: 'dead', tenant, provider, account: email })}>
            {deliveries.dead} given up
          </a>
        ) : (
          'none given up'
        )}
        {deliveries.pending > 0 && (
          <>
            {', '}
            <a href={hrefTo(['deliveries'], { state: 'pending', tenant, provider })}>
              {deliveries.pending} to send
              {deliveries.failing > 0 && `, ${deliveries.failing} failing`}
            </a>
          </>
        )}
      </dd>
      <dt>Seen</dt>
      <dd class="muted">
        <Ago at={at} />
      </dd>
    </dl>
  )
}

function WebhookWord({ webhook }: { webhook: PoolAccount['webhook'] }) {
  if (webhook.state === 'ok') return <>works</>
  if (webhook.state === 'none')
    return <span title="The gateway asks about its jobs instead.">none: the gateway asks</span>
  return (
    <span class="bad-text">
      missing{webhook.error ? `: ${webhook.error}` : ''}
      {webhook.retry && (
        <>
          {'. Tried again: '}
          <Until at={webhook.retry} />
        </>
      )}
    </span>
  )
}

function Errors({ errors }: { errors: AccountError[] }) {
  return (
    <details class="errors">
      <summary>Last errors ({errors.length})</summary>
      <ul>
        {errors.map(({ at, status, code, text, route }) => (
          <li key={`${at}${route}`}>
            <Ago at={at} /> <code>{route}</code>{' '}
            {[status, code].filter((part) => part !== null).join(' ')}: {text}
          </li>
        ))}
      </ul>
    </details>
  )
}
