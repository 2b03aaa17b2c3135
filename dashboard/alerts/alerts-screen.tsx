/** Addresses that are told when something is wrong, and again when it is over. */
import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { TypedConfirm } from '../parts/typed-confirm.tsx'
import { Boxes, Form, SelectField, TextField, WrongField } from '../parts/form.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { SavedOnce, showOnce } from '../parts/saved-once.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { ask } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import { chosenTenant, isOneTenant, mayChange } from '../shell/session.ts'
import { say, sayProblem } from '../shell/toasts.tsx'
import { FORMS, KINDS, sayKinds, type Alert } from './alert.ts'

/** The operator's own alerts are about all tenants. */
function pathOf(): string {
  return isOneTenant.value ? '/v1/alerts' : '/admin/alerts'
}

export function AlertsScreen() {
  const [isAdding, setAdding] = useState(false)
  const [removing, setRemoving] = useState<Alert>()
  const { value, error, isLoading, reload } = useLoad(
    (signal) => ask<{ alerts: Alert[] }>('GET', pathOf(), { signal }),
    []
  )
  return (
    <>
      <h1>Alerts</h1>
      <SavedOnce />
      <p class="muted">
        The gateway writes when something is wrong and again when it is over, at most once a day
        about the same thing.{' '}
        {isOneTenant.value
          ? `These are about the accounts of ${chosenTenant.value || 'your tenant'}.`
          : 'These are yours, about the accounts of all tenants. Choose a tenant to see its own.'}
      </p>
      <ProblemBanner error={error} retry={reload} />
      {!value && isLoading && <p aria-busy="true">Loading the alerts…</p>}
      {value && (
        <Table
          caption="Alerts"
          columns={mayChange.value ? [...COLUMNS, actions(setRemoving)] : COLUMNS}
          rows={value.alerts}
          keyOf={({ id }) => id}
          empty="Nobody is told yet when an account fails."
        />
      )}
      {mayChange.value && (
        <p class="buttons">
          <button type="button" class="outline small" onClick={() => setAdding(true)}>
            Add an alert
          </button>
        </p>
      )}
      {isAdding && <AddAlert close={() => setAdding(false)} done={reload} />}
      {removing && (
        <RemoveAlert alert={removing} close={() => setRemoving(undefined)} done={reload} />
      )}
    </>
  )
}

const COLUMNS: Column<Alert>[] = [
  { title: 'To', cell: ({ url }) => url },
  { title: 'Form', cell: ({ form }) => new Map(FORMS).get(form) ?? form },
  {
    title: 'About',
    cell: ({ events, balanceBelow }) => (
      <>
        {sayKinds(events)}
        {balanceBelow !== null && <small class="below muted">balance below {balanceBelow}</small>}
      </>
    ),
  },
  { title: 'Made', cell: ({ createdAt }) => <Ago at={createdAt} /> },
]

function actions(remove: (alert: Alert) => void): Column<Alert> {
  return {
    title: 'Change',
    cell: (alert) => (
      <span class="buttons">
        <TestButton alert={alert} />
        <button
          type="button"
          class="outline small danger"
          aria-label={`Remove the alert to ${alert.url}`}
          onClick={() => remove(alert)}
        >
          Remove
        </button>
      </span>
    ),
  }
}

interface Tried {
  delivered: boolean
  status: number | null
  error: string | null
}

function TestButton({ alert: { id, url } }: { alert: Alert }) {
  const [isBusy, setBusy] = useState(false)
  const test = async () => {
    if (isBusy) return
    setBusy(true)
    try {
      const { delivered, status, error } = await ask<Tried>('POST', `${pathOf()}/${id}/test`)
      const why = error ?? `the receiver answered ${String(status)}`
      if (delivered) say('The test message has arrived.')
      else sayProblem(new Error(`The test message did not arrive: ${why}.`))
    } catch (problem) {
      sayProblem(problem)
    }
    setBusy(false)
  }
  return (
    <button
      type="button"
      class="outline small"
      aria-busy={isBusy}
      aria-label={`Send a test message to ${url}`}
      onClick={test}
    >
      Send a test
    </button>
  )
}

interface Props {
  close: () => void
  done: () => void
}

function AddAlert({ close, done }: Props) {
  const add = async (
    { url = '', form, balanceBelow = '' }: Record<string, string>,
    data: FormData
  ) => {
    const events = data.getAll('events')
    if (events.length === 0) throw new WrongField('events: Choose one at least.')
    const body = {
      url: url.trim(),
      form,
      ...(events.length === KINDS.length ? {} : { events }),
      ...(balanceBelow === '' ? {} : { balanceBelow: Number(balanceBelow) }),
    }
    const { secret } = await ask<{ secret: string }>('POST', pathOf(), { body })
    close()
    done()
    if (form === 'generic') {
      showOnce({
        title: 'The alert is there',
        secrets: [['Secret of the alert', secret]],
        advice: 'Put it into your receiver: it proves that a message comes from this gateway.',
      })
    } else {
      say('The alert was added. Send a test, to see that it arrives.')
    }
  }
  return (
    <Dialog title="Add an alert" onClose={close}>
      <Form action="Add" onSubmit={add} onCancel={close}>
        <SelectField
          label="Form"
          name="form"
          choices={FORMS}
          help="For Slack and Discord, use the address of an incoming webhook."
        />
        <TextField
          label="URL"
          name="url"
          type="url"
          placeholder="https://"
          help="For a chat it is a secret: whoever knows it can write there."
        />
        <Boxes legend="About" name="events" choices={KINDS} value={KINDS.map(([kind]) => kind)} />
        <TextField
          label="A balance is low below"
          name="balanceBelow"
          type="number"
          help="In the unit of the account. Empty: the usual limit of the provider."
        />
      </Form>
    </Dialog>
  )
}

function RemoveAlert({ alert, close, done }: Props & { alert: Alert }) {
  const remove = async () => {
    await ask('DELETE', `${pathOf()}/${alert.id}`)
    say('The alert was removed.')
    close()
    done()
  }
  const host = URL.parse(alert.url)?.host ?? alert.url
  return (
    <TypedConfirm
      title="Remove this alert?"
      word={host}
      action="Remove it"
      onClose={close}
      onConfirm={remove}
    >
      <p>
        Nobody is told at <strong>{host}</strong> any more. Messages that are still on their way are
        given up.
      </p>
    </TypedConfirm>
  )
}
