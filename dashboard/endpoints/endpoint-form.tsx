/** Adds or changes one webhook endpoint. */
import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { Boxes, Form, SelectField, TextField, WrongField } from '../parts/form.tsx'
import { ask } from '../shell/api.ts'
import { useLoad } from '../shell/load.ts'
import type { Endpoint } from './endpoint.ts'

interface Props {
  endpoint?: Endpoint
  save: (body: Record<string, unknown>) => Promise<void>
  close: () => void
}

export function EndpointForm({ endpoint, save, close }: Props) {
  const [isSome, setSome] = useState(endpoint?.events != null)
  const { value } = useLoad(
    (signal) =>
      ask<{ data: { event_type: string }[] }>('GET', '/heygen/v3/webhooks/event-types', { signal }),
    []
  )
  const types = value?.data.map(({ event_type: type }) => type) ?? endpoint?.events ?? []
  const submit = async ({ url = '', status }: Record<string, string>, data: FormData) => {
    const events = isSome ? data.getAll('events') : null
    if (events?.length === 0) throw new WrongField('events: Choose one at least.')
    await save({ url: url.trim(), events, ...(endpoint ? { status } : {}) })
  }
  return (
    <Dialog title={endpoint ? 'Edit the endpoint' : 'Add an endpoint'} onClose={close}>
      <Form action={endpoint ? 'Save' : 'Add'} onSubmit={submit} onCancel={close}>
        <TextField
          label="URL"
          name="url"
          type="url"
          placeholder="https://"
          value={endpoint?.url ?? ''}
          help="https on a public address. It must answer OPTIONS within a second."
        />
        {endpoint && (
          <SelectField
            label="State"
            name="status"
            choices={[
              ['enabled', 'On'],
              ['disabled', 'Off: what is on its way to it is given up'],
            ]}
            value={endpoint.status}
          />
        )}
        <SelectField
          label="Events"
          name="which"
          choices={[
            ['every', 'Every event'],
            ['some', 'Only some'],
          ]}
          value={isSome ? 'some' : 'every'}
          help="Every event: also the kinds that HeyGen adds later."
          onChoose={(choice) => setSome(choice === 'some')}
        />
        {isSome && (
          <Boxes
            legend="Which events"
            name="events"
            choices={types.map((type) => [type, type])}
            value={endpoint?.events ?? []}
          />
        )}
      </Form>
    </Dialog>
  )
}
