/** What a delivery is, and what its last answer means, in words. */
import type { Tone } from '../parts/badge.tsx'

export interface Delivery {
  id: string
  /** Only in the operator's list of all tenants. */
  tenant?: string
  state: 'pending' | 'delivered' | 'dead'
  reason: string | null
  provider: string
  job: string | null
  /** Of a queued job: the provider's id. */
  providerJob?: string
  event: { id: string; type: string }
  endpoint: string | null
  url: string | null
  ref: string | null
  created: string
  nextAttempt: string | null
  attempts: number
  lastStatus: number | null
  lastError: string | null
}

export interface DeliveryInFull extends Omit<Delivery, 'attempts'> {
  attempts: { at: string; ms: number; status: number | null; error: string | null }[]
  body: string
}

export interface Page {
  deliveries: Delivery[]
  next: string | null
  /** Only in the operator's list: accounts that did not answer. `email` null: all of the tenant's at this provider. */
  missing?: { tenant: string; provider: string; email: string | null }[]
  /** false, only in the operator's list: there are too many accounts to ask all of them. */
  isWhole?: boolean
}

type Answer = Pick<Delivery, 'lastStatus' | 'lastError'>

export const STATES: Readonly<Record<Delivery['state'], [Tone, string]>> = {
  pending: ['info', 'On its way'],
  delivered: ['good', 'Delivered'],
  dead: ['bad', 'Given up'],
}

/** It is tried again because the receiver did not take it. */
export function hasFailed({ state, lastStatus, lastError }: Answer & Pick<Delivery, 'state'>) {
  return state === 'pending' && (lastError !== null || (lastStatus !== null && lastStatus >= 300))
}

export function sayAnswer({ attempts, lastStatus, lastError }: Answer & { attempts: number }) {
  if (attempts === 0) return 'not tried yet'
  return sayAttempt(lastStatus, lastError)
}

export function sayAttempt(status: number | null, error: string | null): string {
  return error ?? (status === null ? 'no answer' : `answered ${status}`)
}

/** What to look at first. Empty where the answer does not tell. */
export function adviceOn({ lastStatus: status, lastError: error }: Answer): string {
  if (error !== null) return ERRORS.find(([words]) => error.includes(words))?.[1] ?? ''
  if (status === null || status < 300) return ''
  if (status >= 500) return 'The receiver itself has a fault. Look into its log.'
  return STATUSES[status] ?? 'The receiver refused the call. Its log says why.'
}

const ERRORS: [string, string][] = [
  ['redirects are not followed', 'Give the address to which the receiver points.'],
  ['no answer within', 'The receiver should answer 2xx at once and do its work afterwards.'],
  ['could not be reached', 'Is the receiver up? Is its name right, and its certificate valid?'],
  ['endpoint was removed', 'Sending it again does nothing: its endpoint is gone.'],
  ['switched off', 'Switch the endpoint on again first.'],
  [
    'cannot be opened',
    'A master key is missing, or make a new secret under Endpoints and secrets.',
  ],
]

const REFUSED = 'Does the receiver check signatures with the secret that is valid now?'

const STATUSES: Readonly<Record<number, string>> = {
  400: 'The receiver did not accept the call. Often it is the check of the signature.',
  401: REFUSED,
  403: REFUSED,
  404: 'The receiver does not know this address.',
  405: 'The receiver takes no POST at this address.',
  410: 'The receiver said that it wants no more calls at this address.',
  429: 'The receiver has too much to do.',
}

/** What the list lacks. `header` is X-Gateway-Partial, which a tenant's list has. Empty: nothing. */
export function sayPartial({ missing = [], isWhole = true }: Page, header: string | null): string {
  const named = missing.map(({ tenant, provider, email }) => email ?? `${tenant} (${provider})`)
  const all = [...named, ...(header ? [decodeURIComponent(header)] : [])]
  if (all.length > 0)
    return `These accounts did not answer, so theirs are missing: ${all.join(', ')}.`
  return isWhole
    ? ''
    : 'There are too many accounts to ask all. Choose a tenant at the top of the page.'
}
