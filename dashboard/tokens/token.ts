/** Tokens and tenants as the gateway lists them. */

export interface Token {
  id: string
  tenant: string
  name: string
  scope: 'full' | 'use'
  subscription: 'active' | 'lapsed'
  createdAt: string
  expiresAt: string | null
}

/** Of the answer that makes a token, and of no other. */
export interface NewToken extends Token {
  token: string
  accessKey: string
  secretKey: string
}

export const SCOPES: [Token['scope'], string][] = [
  ['full', 'full: may change accounts, endpoints and secrets'],
  ['use', 'use: may look and start jobs, may change nothing'],
]

export const SUBSCRIPTIONS: [Token['subscription'], string][] = [
  ['active', 'active'],
  ['lapsed', 'lapsed: every call is refused with 402'],
]

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
