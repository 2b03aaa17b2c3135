/** Times as people say them. One clock for the whole page, which stands still while nobody sees the page. */
import { signal } from '@preact/signals'

export const now = signal(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) now.value = Date.now()
})

const STEPS: [number, string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
]

/** `2 h 5 min`, `40 s`: the two largest units. */
export function span(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1000))
  const words: string[] = []
  for (const [seconds, unit] of STEPS) {
    const count = Math.floor(rest / seconds)
    if (count > 0) words.push(`${String(count)} ${unit}`)
    rest -= count * seconds
  }
  if (words.length < 2 && (rest > 0 || words.length === 0)) words.push(`${String(rest)} s`)
  return words.slice(0, 2).join(' ')
}

const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** The moment in the reader's own zone. */
export function clock(at: string): string {
  return CLOCK.format(new Date(at))
}

export function Ago({ at }: { at: string }) {
  const passed = now.value - Date.parse(at)
  return (
    <time dateTime={at} title={clock(at)}>
      {passed < 1500 ? 'just now' : `${span(passed)} ago`}
    </time>
  )
}

/** How long since then, without a word behind: for the age of a job. There may be a thousand of them, so they say no more. */
export function Age({ at }: { at: string }) {
  return (
    <time class="number" dateTime={at}>
      {span(now.value - Date.parse(at))}
    </time>
  )
}

export function Until({ at }: { at: string }) {
  const left = Date.parse(at) - now.value
  return (
    <time class="number" dateTime={at} title={clock(at)}>
      {left > 0 ? `for ${span(left)} more` : 'until now'}
    </time>
  )
}
