/** Adds an account, or changes the limit or the credential of one. The gateway tries a credential before it keeps it. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { PoolAccount } from '../api-types.ts'
import { Dialog } from '../parts/dialog.tsx'
import { ProblemBanner } from '../parts/problem.tsx'
import { PROVIDERS, titleOf, type ProviderFacts } from '../providers.ts'
import { ask } from '../shell/api.ts'
import { refreshPool } from '../shell/live.ts'
import { say } from '../shell/toasts.tsx'

interface Values {
  email: string
  maxJobs: string
  credential: Record<string, string>
}

interface FieldsProps {
  facts: ProviderFacts
  values: Values
  onChange: (values: Values) => void
  /** An account that exists: its name stays, and its credential may be left as it is. */
  isEdit?: boolean
}

function AccountFields({ facts, values, onChange, isEdit = false }: FieldsProps) {
  const [place, setPlace] = useState(0)
  const way = facts.ways[place] ?? facts.ways[0]
  if (!way) return null
  const choose = (event: { currentTarget: HTMLSelectElement }) => {
    setPlace(Number(event.currentTarget.value))
    onChange({ ...values, credential: {} })
  }
  const change = (name: string, text: string) =>
    onChange({ ...values, credential: { ...values.credential, [name]: text } })
  return (
    <>
      <label>
        {isEdit ? 'New credential' : 'Credential'}
        <select value={String(place)} onChange={choose}>
          {facts.ways.map(({ title }, index) => (
            <option key={title} value={String(index)}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <div class="fields">
        {!isEdit && (
          <label>
            Email{way.needsEmail ? '' : ' (may be left out)'}
            <input
              type="email"
              name="email"
              autocomplete="off"
              required={way.needsEmail}
              value={values.email}
              onInput={(event) => onChange({ ...values, email: event.currentTarget.value })}
            />
          </label>
        )}
        {way.fields.map(({ name, label, isSecret = false }) => (
          <label key={name}>
            {label}
            <input
              {...(isSecret ? { type: 'password' as const } : { type: 'text' as const })}
              name={name}
              autocomplete="off"
              spellcheck={false}
              required={!isEdit}
              value={values.credential[name] ?? ''}
              onInput={(event) => change(name, event.currentTarget.value)}
            />
          </label>
        ))}
      </div>
      <p class="muted">{isEdit ? 'Leave it empty to keep the credential as it is.' : way.hint}</p>
      <label>
        Jobs at once
        <input
          type="number"
          name="maxJobs"
          min="1"
          required
          value={values.maxJobs}
          onInput={(event) => onChange({ ...values, maxJobs: event.currentTarget.value })}
        />
        <small>
          What its plan allows. {facts.title}: {facts.plans.join('. ')}.
        </small>
      </label>
    </>
  )
}

/** Without fields that were left empty. */
function toForm({ email, maxJobs, credential }: Values): Record<string, unknown> {
  const filled = Object.entries({ email, ...credential })
    .map(([name, text]) => [name, text.trim()] as const)
    .filter(([, text]) => text !== '')
  return { ...Object.fromEntries(filled), maxJobs: Number(maxJobs) }
}

interface FormProps {
  children: ComponentChildren
  action: string
  onSubmit: () => Promise<void>
  onCancel?: () => void
}

function AccountFormFrame({ children, action, onSubmit, onCancel }: FormProps) {
  const [error, setError] = useState<unknown>()
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setError(undefined)
    await onSubmit().catch(setError)
    setBusy(false)
  }
  return (
    <form onSubmit={submit}>
      <ProblemBanner error={error} />
      {children}
      <footer class="buttons">
        {onCancel && (
          <button type="button" class="secondary outline small" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button type="submit" class="small" aria-busy={isBusy}>
          {action}
        </button>
      </footer>
    </form>
  )
}

interface AddProps {
  tenant?: string
  onAdded: (account: { provider: string; email: string }) => void
  onCancel?: () => void
}

export function AddAccountForm({ tenant, onAdded, onCancel }: AddProps) {
  const [name, setName] = useState(PROVIDERS[0]?.name ?? '')
  const [values, setValues] = useState<Values>({ email: '', maxJobs: '', credential: {} })
  const facts = PROVIDERS.find((one) => one.name === name)
  if (!facts) return null
  const submit = async () => {
    const added = await ask<{ email: string }>('POST', `/v1/${name}/accounts`, {
      body: toForm(values),
      ...(tenant === undefined ? {} : { tenant }),
    })
    say(`${added.email} was added: ${titleOf(name)} accepts its credential.`)
    refreshPool()
    onAdded({ provider: name, email: added.email })
  }
  return (
    <AccountFormFrame
      action="Try it and add it"
      onSubmit={submit}
      {...(onCancel ? { onCancel } : {})}
    >
      <label>
        Provider
        <select value={name} onChange={(event) => setName(event.currentTarget.value)}>
          {PROVIDERS.map((one) => (
            <option key={one.name} value={one.name}>
              {one.title}
            </option>
          ))}
        </select>
      </label>
      <AccountFields key={name} facts={facts} values={values} onChange={setValues} />
    </AccountFormFrame>
  )
}

export function EditAccount({ account, onClose }: { account: PoolAccount; onClose: () => void }) {
  const { tenant, provider, email, maxJobs } = account
  const [values, setValues] = useState<Values>({
    email,
    maxJobs: String(maxJobs),
    credential: {},
  })
  const facts = PROVIDERS.find((one) => one.name === provider)
  if (!facts) return null
  const submit = async () => {
    await ask('POST', `/v1/${provider}/accounts`, { body: toForm(values), tenant })
    say(`${email} was changed.`)
    refreshPool()
    onClose()
  }
  return (
    <Dialog title={email} onClose={onClose}>
      <AccountFormFrame action="Save" onSubmit={submit} onCancel={onClose}>
        <AccountFields isEdit facts={facts} values={values} onChange={setValues} />
      </AccountFormFrame>
    </Dialog>
  )
}
