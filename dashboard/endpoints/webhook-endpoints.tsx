/** The tenant's webhook endpoints. Their paths and answers are HeyGen's own. */
import { useState } from 'preact/hooks'
import { Badge } from '../parts/badge.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { TypedConfirm } from '../parts/typed-confirm.tsx'
import { Form } from '../parts/form.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { showOnce } from '../parts/saved-once.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { ask } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { say } from '../shell/toasts.tsx'
import type { Endpoint } from './endpoint.ts'
import { EndpointForm } from './endpoint-form.tsx'

const PATH = '/heygen/v3/webhooks/endpoints'
/** The gateway keeps 50 endpoints of a tenant at most. */
const ALL = `${PATH}?limit=100`

type Asked = { what: 'add' } | { what: 'change' | 'rotate' | 'remove'; endpoint: Endpoint }

export function WebhookEndpoints({ mayChange }: { mayChange: boolean }) {
  const { value, error, isLoading, reload } = useLoad(
    (signal) => ask<{ data: Endpoint[] }>('GET', ALL, { signal }),
    []
  )
  const [asked, setAsked] = useState<Asked>()
  return (
    <section aria-labelledby="webhook-endpoints">
      <h2 id="webhook-endpoints">Webhook endpoints</h2>
      <p class="muted">
        Each gets the events of all accounts of the tenant, signed with a secret of its own.
      </p>
      <ProblemBanner error={error} retry={reload} />
      {!value && isLoading && <p aria-busy="true">Loading the endpoints…</p>}
      {value && (
        <Table
          caption="Webhook endpoints"
          columns={mayChange ? [...COLUMNS, actions(setAsked)] : COLUMNS}
          rows={value.data}
          keyOf={({ endpoint_id: id }) => id}
          empty="There is no webhook endpoint yet."
        />
      )}
      {mayChange && (
        <button type="button" class="outline small" onClick={() => setAsked({ what: 'add' })}>
          Add an endpoint
        </button>
      )}
      {asked && <Question asked={asked} close={() => setAsked(undefined)} reload={reload} />}
    </section>
  )
}

const COLUMNS: Column<Endpoint>[] = [
  {
    title: 'State',
    cell: ({ status }) =>
      status === 'enabled' ? <Badge tone="good">On</Badge> : <Badge tone="off">Off</Badge>,
  },
  { title: 'URL', cell: ({ url }) => url },
  {
    title: 'Events',
    cell: ({ events }) =>
      events === null ? (
        'every event'
      ) : (
        <details>
          <summary>{events.length === 1 ? 'one event' : `${events.length} events`}</summary>
          {events.join(', ')}
        </details>
      ),
  },
  { title: 'Made', cell: ({ created_at: at }) => <Ago at={at} /> },
]

function actions(setAsked: (asked: Asked) => void): Column<Endpoint> {
  return {
    title: 'Change',
    cell: (endpoint) => (
      <span class="buttons">
        {(['change', 'rotate', 'remove'] as const).map((what) => (
          <button
            key={what}
            type="button"
            class={`outline small ${what === 'remove' ? 'danger' : ''}`}
            aria-label={`${WORDS[what]}: ${endpoint.url}`}
            onClick={() => setAsked({ what, endpoint })}
          >
            {WORDS[what]}
          </button>
        ))}
      </span>
    ),
  }
}

const WORDS = { change: 'Edit', rotate: 'New secret', remove: 'Remove' }

function Question({
  asked,
  close,
  reload,
}: {
  asked: Asked
  close: () => void
  reload: () => void
}) {
  const done = (words: string) => {
    say(words)
    close()
    reload()
  }
  if (asked.what === 'add') {
    return (
      <EndpointForm
        close={close}
        save={async (body) => {
          const { data } = await ask<{ data: { secret: string } }>('POST', PATH, { body })
          showOnce({
            title: 'The endpoint is there',
            secrets: [['Secret of the endpoint', data.secret]],
            advice: 'Put it into your receiver: it proves that a call comes from this gateway.',
          })
          done('The endpoint was added.')
        }}
      />
    )
  }
  const { endpoint } = asked
  const path = `${PATH}/${encodeURIComponent(endpoint.endpoint_id)}`
  if (asked.what === 'change') {
    return (
      <EndpointForm
        endpoint={endpoint}
        close={close}
        save={async (body) => {
          await ask('PATCH', path, { body })
          done('The endpoint was changed.')
        }}
      />
    )
  }
  if (asked.what === 'remove') {
    return (
      <TypedConfirm
        title="Remove this endpoint?"
        word={new URL(endpoint.url).host}
        action="Remove it"
        onClose={close}
        onConfirm={() => ask('DELETE', path).then(() => done('The endpoint was removed.'))}
      >
        <p>
          <strong>{endpoint.url}</strong> gets no more events. Its deliveries that are still on
          their way are given up, and its secret is gone.
        </p>
      </TypedConfirm>
    )
  }
  return <Rotate url={endpoint.url} path={`${path}/rotate-secret`} close={close} />
}

function Rotate({ url, path, close }: { url: string; path: string; close: () => void }) {
  const rotate = async () => {
    const { data } = await ask<{ data: { secret: string } }>('POST', path)
    close()
    showOnce({
      title: 'The new secret of the endpoint',
      secrets: [['Secret of the endpoint', data.secret]],
      advice: `Put it into the receiver at ${url} now. The old one signs nothing any more.`,
    })
  }
  return (
    <Dialog title="Make a new secret?" onClose={close}>
      <p>
        From this moment all calls to <strong>{url}</strong> are signed with the new secret only,
        also repeats of older ones. The receiver refuses them until it has it. What it refuses is
        tried again for 24 hours.
      </p>
      <Form action="Make a new secret" onSubmit={rotate} onCancel={close} />
    </Dialog>
  )
}
