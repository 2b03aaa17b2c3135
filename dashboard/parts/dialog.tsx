/** A question above the page. The browser keeps the focus inside and gives it back; Escape closes. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface DialogProps {
  title: string
  onClose: () => void
  children: ComponentChildren
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    ref.current?.showModal()
  }, [])
  return (
    <dialog ref={ref} aria-labelledby="dialog-title" onClose={onClose}>
      <article>
        <header>
          <button
            type="button"
            class="plain shut"
            aria-label="Close"
            onClick={() => ref.current?.close()}
          >
            ×
          </button>
          <h2 id="dialog-title">{title}</h2>
        </header>
        {children}
      </article>
    </dialog>
  )
}

interface TypedConfirmProps {
  title: string
  /** What the person must type, such as an email. */
  word: string
  action: string
  onConfirm: () => Promise<void>
  onClose: () => void
  children: ComponentChildren
}

/** For what cannot be taken back: the button works only when the name is typed. */
export function TypedConfirm(props: TypedConfirmProps) {
  const { title, word, action, onConfirm, onClose, children } = props
  const [typed, setTyped] = useState('')
  const [isBusy, setBusy] = useState(false)
  const isReady = typed.trim() === word && !isBusy
  const submit = async (event: Event) => {
    event.preventDefault()
    if (!isReady) return
    setBusy(true)
    await onConfirm().finally(() => setBusy(false))
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <form onSubmit={submit}>
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
        <footer>
          <button type="button" class="secondary outline" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="danger" disabled={!isReady} aria-busy={isBusy}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
