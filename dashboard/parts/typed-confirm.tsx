/** For what cannot be taken back: the button works only when the name is typed. What goes wrong is said above the button. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { Form } from './form.tsx'

interface TypedConfirmProps {
  title: string
  /** What the person must type, such as an email. */
  word: string
  action: string
  onConfirm: () => Promise<void>
  onClose: () => void
  children: ComponentChildren
}

export function TypedConfirm(props: TypedConfirmProps) {
  const { title, word, action, onConfirm, onClose, children } = props
  const [typed, setTyped] = useState('')
  const form = {
    action,
    isDanger: true,
    isDisabled: typed.trim() !== word,
    onSubmit: onConfirm,
    onCancel: onClose,
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <Form {...form}>
        <label>
          To confirm, type <code>{word}</code>
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      </Form>
    </Dialog>
  )
}
