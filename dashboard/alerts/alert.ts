/** Alerts as the gateway lists them, and their kinds in words. */

export interface Alert {
  id: string
  /** Only the origin for tokens that may not change it. */
  url: string
  form: 'generic' | 'slack' | 'discord'
  events: string[]
  balanceBelow: number | null
  createdAt: string
}

export const FORMS: [Alert['form'], string][] = [
  ['slack', 'Slack'],
  ['discord', 'Discord'],
  ['generic', 'JSON for a server of your own, signed'],
]

export const KINDS: [string, string][] = [
  ['account_parked', 'An account is parked'],
  ['credential_dead', 'A key or sign-in is refused'],
  ['balance_low', 'A balance is low'],
  ['dead_letter', 'A delivery was given up'],
  ['webhook_missing', 'An account has no webhook'],
  ['pool_full', 'The pool refuses calls for ten minutes, because it is full'],
  ['queue_old', 'A queued creation waits for too long'],
]

export function sayKinds(events: readonly string[]): string {
  if (KINDS.every(([kind]) => events.includes(kind))) return 'everything'
  const words = new Map(KINDS)
  return events.map((kind) => words.get(kind) ?? kind).join(' · ')
}
