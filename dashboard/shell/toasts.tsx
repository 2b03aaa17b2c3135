/** Short messages about what was just done. A screen reader speaks them. Errors stay until they are closed. */
import { signal } from '@preact/signals'
import { Problem } from './api.ts'

interface Toast {
  id: number
  text: string
  isBad: boolean
}

const STAYS_MS = 6000

const toasts = signal<Toast[]>([])
let last = 0

export function say(text: string): void {
  add(text, false)
}

/** Says what went wrong, with the request id that finds it in the gateway's log. */
export function sayProblem(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error)
  const id = error instanceof Problem && error.requestId ? ` (request ${error.requestId})` : ''
  add(text + id, true)
}

function add(text: string, isBad: boolean): void {
  last += 1
  const id = last
  toasts.value = [...toasts.value.slice(-3), { id, text, isBad }]
  if (!isBad) setTimeout(() => close(id), STAYS_MS)
}

function close(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

/** Always there, also when it is empty: a screen reader speaks only changes of what it has seen before. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, isBad }) => (
        <div key={id} class={isBad ? 'toast bad' : 'toast'}>
          <span>{text}</span>
          <button type="button" class="plain" aria-label="Close message" onClick={() => close(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  )
}
