/** A secret that the gateway has just made. It stays in view, also after a look at another screen, until it is said to be saved. */
import { effect, signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { session } from '../shell/session.ts'
import { ShownOnce } from './secret.tsx'

interface Made {
  title: string
  /** Name and value of each secret. */
  secrets: [string, string][]
  /** What to do with it. */
  advice: string
}

const made = signal<Made | undefined>(undefined)

effect(() => {
  if (!session.value) made.value = undefined
})

/** Before the page is left, the browser asks. */
function warn(event: Event): void {
  event.preventDefault()
}

effect(() => {
  if (made.value) addEventListener('beforeunload', warn)
  else removeEventListener('beforeunload', warn)
})

export function showOnce(secret: Made): void {
  made.value = secret
}

export function SavedOnce() {
  const heading = useRef<HTMLHeadingElement>(null)
  const shown = made.value
  useLayoutEffect(() => heading.current?.focus(), [shown])
  if (!shown) return null
  const { title, secrets, advice } = shown
  return (
    <section class="saved-once" aria-labelledby="saved-once">
      <h2 id="saved-once" ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {secrets.map(([name, value]) => (
        <ShownOnce key={name} name={name} value={value} />
      ))}
      <p>{advice}</p>
      <button type="button" onClick={() => (made.value = undefined)}>
        I have saved it
      </button>
    </section>
  )
}
