/** Makes, changes and removes one token. */
import type { Tenant } from '../api-types.ts'
import { useState } from 'preact/hooks'
import { Dialog } from '../parts/dialog.tsx'
import { TypedConfirm } from '../parts/typed-confirm.tsx'
import { Form, SelectField, TextField, WrongField } from '../parts/form.tsx'
import { showOnce } from '../parts/saved-once.tsx'
import { ask } from '../shell/api.ts'
import { say } from '../shell/toasts.tsx'
import {
  fromLocal,
  SCOPES,
  SEES,
  SUBSCRIPTIONS,
  toLocal,
  type NewToken,
  type Token,
} from './token.ts'

interface Props {
  close: () => void
  /** Called after a change. */
  done: () => void
}

const NEW = ''

export function MakeToken({
  tenants,
  tenant: chosen,
  close,
  done,
}: Props & { tenants: Tenant[]; tenant: string }) {
  const [tenant, setTenant] = useState(chosen)
  const make = async (values: Record<string, string>) => {
    const { name = '', scope, sees, newTenant = '' } = values
    const owner = tenant === NEW ? newTenant.trim() : tenant
    if (tenant === NEW && tenants.some(({ id }) => id === owner)) {
      throw new WrongField('newTenant: There is a tenant of this name. Choose it above.')
    }
    const body = {
      name: name.trim(),
      scope,
      sees,
      expiresAt: expiryIn(values),
      ...(owner === '' ? {} : { tenant: owner }),
    }
    const made = await ask<NewToken>('POST', '/admin/tokens', { body }).catch(
      underNewTenant(tenant)
    )
    close()
    showOnce({
      title: `The token “${made.name}” of ${made.tenant}`,
      secrets: [
        ['Token', made.token],
        ['Access key', made.accessKey],
        ['Secret key', made.secretKey],
      ],
      advice:
        'Most clients need the token alone. The two keys are for Kling clients that sign their own tokens.',
    })
    done()
  }
  return (
    <Dialog title="Make a token" onClose={close}>
      <Form action="Make the token" onSubmit={make} onCancel={close}>
        <TextField label="Name" name="name" help="For you, such as: customer 1, or ci." />
        <SelectField
          label="Tenant"
          name="tenant"
          choices={[
            [NEW, 'A new tenant'],
            ...tenants.map(({ id, name }): [string, string] => [
              id,
              id === name ? id : `${id} (${name})`,
            ]),
          ]}
          value={tenant}
          onChoose={setTenant}
          help="All tokens of a tenant use the same accounts."
        />
        {tenant === NEW && (
          <TextField
            label="Name of the new tenant"
            name="newTenant"
            help="Letters, digits, _ . and -. Empty: the gateway makes one up (tnt_…)."
          />
        )}
        <SelectField
          label="Scope"
          name="scope"
          choices={SCOPES}
          value="full"
          help="It can be changed later."
        />
        <SelectField
          label="Sees"
          name="sees"
          choices={SEES}
          value="all"
          help="Give own to each of several customers who share the tenant’s accounts."
        />
        <Expiry value={null} />
      </Form>
    </Dialog>
  )
}

/** The gateway names the field `tenant`; the form has two for it. */
function underNewTenant(tenant: string) {
  return (error: unknown): never => {
    const isOfName = tenant === NEW && error instanceof Error && error.message.includes('tenant')
    throw isOfName ? new WrongField(error.message.replace(/\btenant:/, 'newTenant:')) : error
  }
}

function Expiry({ value }: { value: string | null }) {
  return (
    <TextField
      label="Expires"
      name="expiresAt"
      type="datetime-local"
      value={toLocal(value)}
      help="In the time of this computer. Empty: never."
    />
  )
}

function expiryIn({ expiresAt = '' }: Record<string, string>): string | null {
  const at = fromLocal(expiresAt)
  if (at === undefined) throw new WrongField('expiresAt: Must be a date and a time.')
  return at
}

export function ChangeToken({ token, close, done }: Props & { token: Token }) {
  const change = async (values: Record<string, string>) => {
    const { name = '', scope, subscription, expiresAt } = values
    // Seconds do not fit into the field: an end that was not touched stays as it is.
    const end = expiresAt === toLocal(token.expiresAt) ? {} : { expiresAt: expiryIn(values) }
    const body = { name: name.trim(), scope, subscription, ...end }
    await ask('PATCH', `/admin/tokens/${token.id}`, { body })
    say('Saved. It counts everywhere within a minute.')
    close()
    done()
  }
  return (
    <Dialog title={`Edit the token “${token.name}”`} onClose={close}>
      <Form action="Save" onSubmit={change} onCancel={close}>
        <TextField label="Name" name="name" value={token.name} />
        <SelectField label="Scope" name="scope" choices={SCOPES} value={token.scope} />
        <SelectField
          label="Subscription"
          name="subscription"
          choices={SUBSCRIPTIONS}
          value={token.subscription}
        />
        <Expiry value={token.expiresAt} />
      </Form>
    </Dialog>
  )
}

export function RemoveToken({ token, close, done }: Props & { token: Token }) {
  const remove = async () => {
    await ask('DELETE', `/admin/tokens/${token.id}`)
    say(`The token “${token.name}” is removed.`)
    close()
    done()
  }
  return (
    <TypedConfirm
      title="Remove this token?"
      word={token.name.trim()}
      action="Remove the token"
      onClose={close}
      onConfirm={remove}
    >
      <p>
        Every client that uses <strong>{token.name}</strong> of <strong>{token.tenant}</strong> is
        refused within a minute. It cannot be brought back. Jobs that run go on. What it has waiting
        in the queue ends, and that is told. The tenant keeps its accounts.
      </p>
    </TypedConfirm>
  )
}

export function RemoveTenant({ tenant, close, done }: Props & { tenant: Tenant }) {
  const { id, tokens } = tenant
  const remove = async () => {
    await ask('DELETE', `/admin/tenants/${encodeURIComponent(id)}`)
    say(`The tenant ${id} is removed.`)
    close()
    done()
  }
  return (
    <TypedConfirm
      title="Remove this tenant?"
      word={id}
      action="Remove the tenant"
      onClose={close}
      onConfirm={remove}
    >
      <p>This cannot be taken back.</p>
      <ul>
        <li>
          {tokens === 1 ? 'Its token stops' : `Its ${tokens} tokens stop`} working within a minute.
        </li>
        <li>
          Its accounts leave the gateway. Their keys are wiped when their last job has ended, after
          48 hours at most. At HeyGen and Kling the accounts stay.
        </li>
        <li>Jobs that run go on to their end, and their events are still delivered.</li>
        <li>What waits in its queue is deleted. Nobody is told.</li>
        <li>Its webhook endpoints, callback secret, default reply URL and alerts are gone.</li>
        <li>The audit stays for 90 days. Its usage can be read no more: save it before.</li>
      </ul>
    </TypedConfirm>
  )
}
