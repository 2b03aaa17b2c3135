/** What the page shows of a line that is proved and imported. It has no key. */
import type { PoolAccount } from '../api-types.ts'
import type { Tone } from '../parts/badge.tsx'
import type { AccountLine } from './accounts-file.ts'

export interface Line extends Omit<AccountLine, 'body' | 'problem'> {
  state: 'waiting' | 'busy' | 'good' | 'bad' | 'failed' | 'added'
  words: string
}

/** `bad`: the line itself is wrong. `failed`: the gateway or the provider did not answer, and it may be tried again. */
export const STATES: Readonly<Record<Line['state'], [Tone, string]>> = {
  waiting: ['off', 'Waits'],
  busy: ['info', 'Is asked'],
  good: ['good', 'Good'],
  bad: ['bad', 'Refused'],
  failed: ['warn', 'No answer'],
  added: ['good', 'Imported'],
}

export function isGood({ state }: Line): boolean {
  return state === 'good'
}

export function refused(line: Line, words: string): Line {
  return { ...line, state: 'bad', words }
}

export function addedWith(
  line: Line,
  email: string,
  step: 'prove' | 'import',
  accounts: readonly PoolAccount[]
): Line {
  if (step === 'import') return { ...line, email, state: 'added', words: '' }
  const isThere = accounts.some(
    (one) => one.provider === line.provider && one.email.toLowerCase() === email.toLowerCase()
  )
  const words = isThere ? 'This account is there already: its key and its limit are replaced.' : ''
  return { ...line, email, state: 'good', words }
}
