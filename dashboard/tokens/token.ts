/** Tokens and tenants as the gateway lists them. */

/** null: no such limit. docs/token-limits.md */
export interface TokenLimits {
  whenFull: 'refuse' | 'queue' | null
  weight: number | null
  maxPriority: number | null
  maxQueued: number | null
  maxConcurrent: number | null
  jobsPerDay: number | null
  requestsPerMinute: number | null
  routes: string[] | null
}

export interface Token extends TokenLimits {
  id: string
  tenant: string
  name: string
  scope: 'full' | 'use'
  subscription: 'active' | 'lapsed'
  createdAt: string
  expiresAt: string | null
  /** A gateway of an earlier release does not say it. */
  sees?: 'all' | 'own'
}

/** Of the answer that makes a token, and of no other. */
export interface NewToken extends Token {
  token: string
  accessKey: string
  secretKey: string
}

export const SCOPES: [Token['scope'], string][] = [
  ['full', 'full: may change accounts, endpoints and secrets'],
  ['use', 'use: may make things, read and delete them'],
]

export const SEES: ['all' | 'own', string][] = [
  ['all', 'all: everything of the tenant'],
  ['own', 'own: only what was made with it, and no account'],
]

export const SUBSCRIPTIONS: [Token['subscription'], string][] = [
  ['active', 'active'],
  ['lapsed', 'lapsed: every call is refused with 402'],
]

/** The limits with a number, how people call them, and what they do. */
export const NUMBERS: [keyof TokenLimits, string, string][] = [
  ['maxConcurrent', 'Jobs at once', '1 to 500. Empty: no limit.'],
  ['jobsPerDay', 'Jobs a day', '1 to 100,000, in a day of UTC. Empty: no limit.'],
  ['maxQueued', 'Creations that may wait', '0 to 10,000. Empty: 10,000.'],
  ['weight', 'Share of the queue', '1 to 100. Empty: 10.'],
  ['maxPriority', 'Best priority', '1, which goes first, to 5. Empty: 3.'],
]

export const REQUESTS = [30, 60, 120, 300, 600, 1200]

export const ROUTES: [string, string][] = [
  ['read', 'Reads'],
  ['write', 'Changes and deletions'],
  ['uploads', 'Uploads'],
  ['jobs', 'Jobs'],
  ['speech', 'Speech'],
  ['sessions', 'Streaming sessions'],
]

/** What the limits of the token are, in a few words. Empty: there is none. */
export function limitWords(token: TokenLimits): string[] {
  const { whenFull, requestsPerMinute, routes } = token
  const numbers = NUMBERS.flatMap(([name, title]) => {
    const value = token[name] ?? null
    return value === null ? [] : [`${title}: ${String(value)}`]
  })
  return [
    ...numbers,
    // A gateway of an earlier release does not name them.
    ...((requestsPerMinute ?? null) === null
      ? []
      : [`Requests a minute: ${String(requestsPerMinute)}`]),
    ...(whenFull === 'queue' ? ['Waits when all is full'] : []),
    ...(routes ? [`Only: ${routes.join(', ')}`] : []),
  ]
}

/** The moment for a field of the type `datetime-local`, in the reader's own zone. */
export function toLocal(at: string | null): string {
  if (at === null) return ''
  const date = new Date(at)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** null: never. Undefined: the text is no time. */
export function fromLocal(text: string): string | null | undefined {
  if (text === '') return null
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
