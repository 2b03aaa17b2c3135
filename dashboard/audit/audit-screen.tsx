/** Who changed what, the latest first. */
import { useState } from 'preact/hooks'
import { More, usePages } from '../parts/pages.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago, clock } from '../parts/time.tsx'
import type { ScreenProps } from '../screen.ts'
import { ask, withQuery } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { replaceQuery } from '../shell/router.ts'
import { chosenTenant, isOneTenant, isOperator } from '../shell/session.ts'
import { sayAction, sayDetail, type AuditLine } from './words.ts'

interface Page {
  lines: AuditLine[]
  next: string | null
  isWhole: boolean
}

export function AuditScreen({ query }: ScreenProps) {
  const days = query.get('days') ?? ''
  const wanted = query.get('find') ?? ''
  const [isWhole, setWhole] = useState(true)
  const names = useTokenNames()
  const pages = usePages(
    async (cursor, signal) => {
      const since = days && new Date(Date.now() - Number(days) * 86_400_000).toISOString()
      const path = isOperator.value ? '/admin/audit' : '/v1/audit'
      const tenant = isOperator.value ? chosenTenant.value : ''
      const page = await ask<Page>('GET', withQuery(path, { tenant, since, cursor }), { signal })
      setWhole(page.isWhole)
      return { items: page.lines, next: page.next }
    },
    [days]
  )
  const who = ({ by }: AuditLine) => (by === 'operator' ? 'the operator' : (names.get(by) ?? by))
  const found = pages.items.filter((line) => textOf(line, who(line)).includes(wanted.toLowerCase()))
  return (
    <>
      <h1>Audit</h1>
      <p class="muted">Who changed what. Kept for 90 days. No secret stands here.</p>
      <Filters days={days} wanted={wanted} />
      {!isWhole && (
        <p class="hint">
          There are too many tenants to ask all of them. Choose one at the top of the page.
        </p>
      )}
      {pages.isThere && (
        <Table
          caption="Changes, the latest first"
          columns={columnsFor(who)}
          rows={found}
          keyOf={({ requestId, action, subject }) => `${requestId} ${action} ${subject ?? ''}`}
          empty={
            pages.items.length > 0
              ? 'None of the lines shown has this text. There may be older ones.'
              : 'Nothing was changed in this time.'
          }
        />
      )}
      <More pages={pages} what={pages.items.length === 1 ? 'line' : 'lines'} />
    </>
  )
}

/** The operator knows tokens by their names. A tenant's token cannot list them. */
function useTokenNames(): Map<string, string> {
  const { value } = useLoad(
    async (signal) =>
      isOperator.value
        ? (
            await ask<{ tokens: { id: string; name: string }[] }>('GET', '/admin/tokens', {
              signal,
            })
          ).tokens
        : [],
    []
  )
  return new Map(value?.map(({ id, name }) => [id, name]))
}

function textOf(line: AuditLine, who: string): string {
  const { tenant, provider, subject, from } = line
  const all = [who, line.by, sayAction(line), subject, tenant, provider, from, ...sayDetail(line)]
  return all.join(' ').toLowerCase()
}

function Filters({ days, wanted }: { days: string; wanted: string }) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Since
        <select
          value={days}
          onChange={({ currentTarget: { value } }) => replaceQuery({ days: value })}
        >
          <option value="">90 days</option>
          <option value="7">7 days</option>
          <option value="1">24 hours</option>
        </select>
      </label>
      <label>
        Text in the lines shown
        <input
          type="search"
          placeholder="email, token, action"
          autocomplete="off"
          spellcheck={false}
          value={wanted}
          onInput={({ currentTarget: { value } }) => replaceQuery({ find: value })}
        />
      </label>
    </form>
  )
}

function columnsFor(who: (line: AuditLine) => string): Column<AuditLine>[] {
  const tenant: Column<AuditLine> = {
    title: 'Tenant',
    cell: ({ tenant: name, incarnation }) =>
      name === null
        ? '–'
        : (incarnation ?? 1) > 1
          ? `${name} (the ${incarnation}th of this name)`
          : name,
  }
  return [
    {
      title: 'When',
      cell: ({ at }) => (
        <>
          <span class="nowrap">{clock(at)}</span>
          <small class="below muted">
            <Ago at={at} />
          </small>
        </>
      ),
    },
    {
      title: 'Who',
      cell: (line) => (
        <>
          {who(line)}
          {who(line) !== line.by && line.by !== 'operator' && (
            <small class="below muted">{line.by}</small>
          )}
          {line.from !== null && <small class="below muted">from {line.from}</small>}
        </>
      ),
    },
    {
      title: 'What',
      cell: (line) => (
        <>
          {sayAction(line)} {line.subject !== null && <strong>{line.subject}</strong>}
          {line.provider !== null && <span class="muted"> ({line.provider})</span>}
          <small class="below muted">{sayDetail(line).join(' · ')}</small>
          <small class="below muted">request {line.requestId}</small>
        </>
      ),
    },
    ...(isOneTenant.value ? [] : [tenant]),
  ]
}
