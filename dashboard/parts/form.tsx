/**
 * A form that is sent once: while it is on its way, its button is busy and a second submit does nothing. What the gateway
 * refuses is shown beside its field, and the first such field gets the focus.
 */
import { createContext, type ComponentChildren, type JSX } from 'preact'
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks'
import { errorsIn, type FormErrors } from './form-errors.ts'
import { ProblemBanner } from './problem.tsx'
import { Problem } from '../shell/api.ts'

const NONE: FormErrors = { fields: {}, rest: '' }
const Errors = createContext(NONE)

/** A wrong field that the page itself finds: the message begins with the field's name, as the gateway's do. */
export class WrongField extends Error {}

interface FormProps {
  action: string
  /** The values of the fields by name. A box that is not ticked is missing. */
  onSubmit: (values: Record<string, string>, data: FormData) => Promise<void>
  onCancel?: () => void
  isDanger?: boolean
  isDisabled?: boolean
  children?: ComponentChildren
}

export function Form(props: FormProps) {
  const { action, onSubmit, onCancel, isDanger, isDisabled = false, children } = props
  const ref = useRef<HTMLFormElement>(null)
  // The state comes a moment after a second click.
  const isSending = useRef(false)
  const [isBusy, setBusy] = useState(false)
  const [failed, setFailed] = useState<{ error: unknown; errors: FormErrors }>()
  // Not in the layout: the fields, which hear of their errors by the context, are drawn after it.
  useEffect(() => {
    ref.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [failed])
  const submit = async (event: Event) => {
    event.preventDefault()
    const form = ref.current
    if (!form || isSending.current || isDisabled) return
    isSending.current = true
    setBusy(true)
    const data = new FormData(form)
    const texts = [...data].filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    try {
      refuseUnread(form)
      await onSubmit(Object.fromEntries(texts), data)
      setFailed(undefined)
    } catch (error) {
      setFailed({ error, errors: errorsOf(error, namesOf(form)) })
    }
    isSending.current = false
    setBusy(false)
  }
  const { errors = NONE, error } = failed ?? {}
  const isRest = Object.keys(errors.fields).length === 0
  return (
    <form ref={ref} onSubmit={submit} noValidate>
      <Errors.Provider value={errors}>{children}</Errors.Provider>
      {isRest && <ProblemBanner error={error} />}
      {!isRest && errors.rest && <ProblemBanner error={errors.rest} />}
      <footer class="actions">
        {onCancel && (
          <button type="button" class="secondary outline" onClick={onCancel}>
            Cancel
          </button>
        )}
        <button
          type="submit"
          class={isDanger ? 'danger' : ''}
          disabled={isDisabled}
          aria-busy={isBusy}
        >
          {action}
        </button>
      </footer>
    </form>
  )
}

/** Half a number or half a date is sent as an empty text, and an empty text often takes something away. */
function refuseUnread(form: HTMLFormElement): void {
  const unread = [...form.querySelectorAll('input')].find(({ validity }) => validity.badInput)
  if (unread) throw new WrongField(`${unread.name}: ${unread.validationMessage}`)
}

function errorsOf(error: unknown, names: string[]): FormErrors {
  const text = error instanceof Error ? error.message : String(error)
  const found = errorsIn(text, names)
  const field = error instanceof Problem ? error.field : ''
  const isNamed = names.includes(field) && Object.keys(found.fields).length === 0
  return isNamed ? { fields: { [field]: text }, rest: '' } : found
}

function namesOf(form: HTMLFormElement): string[] {
  return [...form.elements].flatMap((one) => one.getAttribute('name') ?? [])
}

interface FieldProps {
  label: string
  name: string
  /** One line below. An error takes its place. */
  help?: ComponentChildren
  /** The control, with the attributes that tie it to its label and its error. */
  children: (attributes: {
    id: string
    name: string
    'aria-describedby': string
    'aria-invalid': 'true' | undefined
  }) => JSX.Element
}

function Field({ label, name, help, children }: FieldProps) {
  const id = useId()
  const error = useContext(Errors).fields[name]
  const attributes = {
    id,
    name,
    'aria-describedby': `${id}-help`,
    'aria-invalid': error ? ('true' as const) : undefined,
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(attributes)}
      <small id={`${id}-help`} class={error ? 'wrong' : ''}>
        {error ?? help ?? ''}
      </small>
    </div>
  )
}

interface TextFieldProps extends Pick<FieldProps, 'label' | 'name' | 'help'> {
  type?: 'text' | 'url' | 'number' | 'datetime-local'
  value?: string
  placeholder?: string
  isDisabled?: boolean
}

export function TextField(props: TextFieldProps) {
  const { label, name, help, isDisabled, value = '', type = 'text', ...rest } = props
  return (
    <Field label={label} name={name} help={help}>
      {(attributes) => (
        <input
          // Preact has a type of its own for each kind of input, and none for a choice of kinds.
          type={type as 'text'}
          autocomplete="off"
          spellcheck={false}
          disabled={isDisabled}
          defaultValue={value}
          {...rest}
          {...attributes}
        />
      )}
    </Field>
  )
}

interface SelectFieldProps extends Pick<FieldProps, 'label' | 'name' | 'help'> {
  /** Value and words of each choice. */
  choices: [string, string][]
  value?: string
  onChoose?: (value: string) => void
}

export function SelectField({ label, name, help, choices, value, onChoose }: SelectFieldProps) {
  return (
    <Field label={label} name={name} help={help}>
      {(attributes) => (
        <select {...attributes} onChange={(event) => onChoose?.(event.currentTarget.value)}>
          {choices.map(([choice, words]) => (
            <option key={choice} value={choice} selected={choice === value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** Boxes to tick, all with one name. */
export function Boxes({
  legend,
  name,
  choices,
  value,
}: {
  legend: string
  name: string
  choices: [string, string][]
  value: readonly string[]
}) {
  const error = useContext(Errors).fields[name]
  return (
    <fieldset class="boxes">
      <legend>{legend}</legend>
      {error && <small class="wrong">{error}</small>}
      {choices.map(([choice, words]) => (
        <label key={choice}>
          <input
            type="checkbox"
            name={name}
            value={choice}
            defaultChecked={value.includes(choice)}
            aria-invalid={error ? 'true' : undefined}
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
