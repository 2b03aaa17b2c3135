/** A question above the page. The browser keeps the focus inside and gives it back; Escape closes. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

interface DialogProps {
  title: string
  onClose: () => void
  children: ComponentChildren
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
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
