/** Dark and light: the system's wish, until the person says otherwise. */
import { signal } from '@preact/signals'

type Theme = 'light' | 'dark'

const KEPT = 'gateway.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export const theme = signal<Theme>(keptTheme() ?? systemTheme())

show()
system.addEventListener('change', () => {
  if (keptTheme()) return
  theme.value = systemTheme()
  show()
})

export function switchTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark'
  localStorage.setItem(KEPT, theme.value)
  show()
}

function keptTheme(): Theme | undefined {
  const kept = localStorage.getItem(KEPT)
  return kept === 'light' || kept === 'dark' ? kept : undefined
}

function systemTheme(): Theme {
  return system.matches ? 'dark' : 'light'
}

function show(): void {
  document.documentElement.dataset['theme'] = theme.value
}
