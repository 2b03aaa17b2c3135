/** A secret that the gateway shows once, with a button that copies it. */
import { useState } from 'preact/hooks'
import { sayProblem } from '../shell/toasts.tsx'

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
      setTimeout(() => setCopied(false), 2000)
    } catch {
      sayProblem(
        new Error('The browser did not allow copying. Mark the text and copy it yourself.')
      )
    }
  }
  return (
    <button type="button" class="outline small" onClick={copy}>
      {isCopied ? 'Copied' : label}
    </button>
  )
}

export function ShownOnce({ name, value }: { name: string; value: string }) {
  return (
    <div class="shown-once" role="group" aria-label={name}>
      <p>
        <strong>{name}</strong>: shown only now. Keep it where you keep passwords.
      </p>
      <p class="secret">
        <code>{value}</code> <CopyButton text={value} />
      </p>
    </div>
  )
}
