/** For the operator: who may use the gateway. */
import { useState } from 'preact/hooks'
import type { Tenant } from '../api-types.ts'
import { Badge } from '../parts/badge.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { SavedOnce } from '../parts/saved-once.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago, clock, now } from '../parts/time.tsx'
import { ask } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { chosenTenant } from '../shell/session.ts'
import { loadTenants, tenants } from '../shell/tenants.ts'
import { LimitToken } from './limits-form.tsx'
import { limitWords, type Token } from './token.ts'
import { ChangeToken, MakeToken, RemoveTenant, RemoveToken } from './token-forms.tsx'

type Asked =
  | { what: 'make' }
  | { what: 'change' | 'limit' | 'remove'; token: Token }
  | { what: 'removeTenant'; tenant: Tenant }

export function TokensScreen() {
  const [asked, setAsked] = useState<Asked>()
  const { value, error, isLoading, reload } = useLoad(
    (signal) => ask<{ tokens: Token[] }>('GET', '/admin/tokens', { signal }),
    []
  )
  const chosen = chosenTenant.value
  const shown = value?.tokens.filter(({ tenant }) => !chosen || tenant === chosen)
  const done = () => {
    reload()
    void loadTenants()
  }
  return (
    <>
      <h1>Tokens and tenants</h1>
      <SavedOnce />
      <p class="buttons">
        <button type="button" onClick={() => setAsked({ what: 'make' })}>
          Make a token
        </button>
      </p>
      <ProblemBanner error={error} retry={reload} />
      <h2>Tokens{chosen && ` of ${chosen}`}</h2>
      {!shown && isLoading && <p aria-busy="true">Loading the tokens…</p>}
      {shown && (
        <Table
          caption="Tokens"
          columns={tokenColumns(setAsked)}
          rows={shown}
          keyOf={({ id }) => id}
          empty="There is no token yet. Make one for your first customer: that makes its tenant, too."
        />
      )}
      {!chosen && (
        <>
          <h2>Tenants</h2>
          <Table
            caption="Tenants"
            columns={tenantColumns(setAsked)}
            rows={tenants.value}
            keyOf={({ id }) => id}
            empty="There is no tenant yet."
          />
        </>
      )}
      {asked && <Question asked={asked} close={() => setAsked(undefined)} done={done} />}
    </>
  )
}

function Question({ asked, ...rest }: { asked: Asked; close: () => void; done: () => void }) {
  if (asked.what === 'make')
    return <MakeToken tenants={tenants.value} tenant={chosenTenant.value} {...rest} />
  if (asked.what === 'removeTenant') return <RemoveTenant tenant={asked.tenant} {...rest} />
  if (asked.what === 'limit') return <LimitToken token={asked.token} {...rest} />
  if (asked.what === 'change') return <ChangeToken token={asked.token} {...rest} />
  return <RemoveToken token={asked.token} {...rest} />
}

function tokenColumns(setAsked: (asked: Asked) => void): Column<Token>[] {
  const tenant: Column<Token> = { title: 'Tenant', cell: (token) => token.tenant }
  return [
    {
      title: 'Name',
      cell: ({ name, id }) => (
        <>
          <strong>{name}</strong>
          <small class="below muted">{id}</small>
        </>
      ),
    },
    ...(chosenTenant.value ? [] : [tenant]),
    {
      title: 'Scope',
      cell: ({ scope, sees }) => (
        <>
          <Badge tone={scope === 'full' ? 'info' : 'off'}>{scope}</Badge>
          {sees === 'own' && <small class="below muted">sees its own</small>}
        </>
      ),
    },
    { title: 'State', cell: (token) => <TokenState token={token} /> },
    { title: 'Limits', cell: (token) => <Limits token={token} /> },
    { title: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      title: 'Change',
      cell: (token) => (
        <span class="buttons">
          <button
            type="button"
            class="outline small"
            aria-label={`Edit the token ${token.name}`}
            onClick={() => setAsked({ what: 'change', token })}
          >
            Edit
          </button>
          <button
            type="button"
            class="outline small"
            aria-label={`Limits of the token ${token.name}`}
            onClick={() => setAsked({ what: 'limit', token })}
          >
            Limits
          </button>
          <button
            type="button"
            class="outline small danger"
            aria-label={`Remove the token ${token.name}`}
            onClick={() => setAsked({ what: 'remove', token })}
          >
            Remove
          </button>
        </span>
      ),
    },
  ]
}

function Limits({ token }: { token: Token }) {
  const words = limitWords(token)
  if (words.length === 0) return <span class="muted">none</span>
  return (
    <>
      {words.map((one) => (
        <div key={one}>{one}</div>
      ))}
    </>
  )
}

function TokenState({ token: { subscription, expiresAt } }: { token: Token }) {
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= now.value
  return (
    <>
      {isOver ? (
        <Badge tone="bad">Expired</Badge>
      ) : subscription === 'lapsed' ? (
        <Badge tone="warn">Lapsed</Badge>
      ) : (
        <Badge tone="good">Active</Badge>
      )}
      {expiresAt !== null && (
        <small class="below muted">
          {isOver ? 'since' : 'until'} {clock(expiresAt)}
        </small>
      )}
    </>
  )
}

function tenantColumns(setAsked: (asked: Asked) => void): Column<Tenant>[] {
  return [
    { title: 'Tenant', cell: ({ id }) => <strong>{id}</strong> },
    { title: 'Name', cell: ({ name }) => name },
    { title: 'Tokens', isNumber: true, cell: ({ tokens }) => tokens },
    { title: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    {
      title: 'Change',
      cell: (tenant) => (
        <button
          type="button"
          class="outline small danger"
          aria-label={`Remove the tenant ${tenant.id}`}
          onClick={() => setAsked({ what: 'removeTenant', tenant })}
        >
          Remove
        </button>
      ),
    },
  ]
}
