/** Accounts: one log-in at a provider. Records as they are kept, and what is proved before one is. */
import * as z from 'zod'
import { hexHash } from '#domain/text/hash.ts'

/** What we present to the provider; the members depend on its kind (`apiKey`, `password`, …). Never stored unsealed. */
export interface Credential {
  kind: string
  secrets: Record<string, string>
  /** Which of the provider's fixed hosts it belongs to, where there are several. */
  region?: string
}

/** A web session. `view` may be shown, `secrets` not. */
export interface Session {
  secrets: Record<string, string>
  view: Record<string, unknown>
  /** Epoch ms. */
  expiresAt: number
}

const storedSession = z.object({
  sealed: z.string(),
  view: z.record(z.string(), z.unknown()),
  obtainedAt: z.number(),
  expiresAt: z.number(),
})

/** An account as kept: `credential` and `session.sealed` are AES-GCM texts bound to provider, tenant and email. */
const account = z.object({
  provider: z.string(),
  tenant: z.string(),
  email: z.string(),
  /** Name of its AccountSlots object: `<provider>:<the provider's own id of the account>`. */
  key: z.string(),
  maxJobs: z.number().int(),
  credential: z.string(),
  credentialKind: z.string(),
  /** The field the secret came in, shown back as `…secured…`; several with a space between. */
  secretField: z.string(),
  region: z.string().optional(),
  session: storedSession.optional(),
  publicOrigin: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Of the claim that made this record its object's; kept there alone. */
  claimId: z.string().optional(),
})

export type Account = z.infer<typeof account>

/** All accounts of a tenant at a provider, in the order they were added. `version` only grows. */
export const accountSnapshot = z.object({
  version: z.number(),
  accounts: z.array(account),
  /** Until then a creation may be the repeat of one whose outcome is not known; the desk knows which. Epoch ms. */
  unknownUntil: z.number().optional(),
})

export type AccountSnapshot = z.infer<typeof accountSnapshot>

/** The fields of POST /accounts, already of the right types. */
export type AccountForm = Record<string, unknown> & { email?: string }

/**
 * What the provider said about a credential. `identity`: its own id of the account. `refused` is about the credential,
 * `unreachable` says nothing about it.
 */
export type Proof =
  | { ok: true; identity: string; email?: string }
  | { ok: false; reason: 'refused'; message?: string }
  | { ok: false; reason: 'unreachable'; message: string }

/** Whose an account is. */
export interface Holder {
  tenant: string
  email: string
  claimId?: string | undefined
}

export function holderOf({ tenant, email, claimId }: Account): Holder {
  return { tenant, email, claimId }
}

export function isHeldBy(held: Account, holder: Holder): boolean {
  return held.tenant === holder.tenant && sameEmail(held.email, holder.email)
}

/** `instead`: the claim that it takes the place of, since its holder's desk knows nothing of it. */
export function mayClaim(held: Account, account: Account, instead?: Holder): boolean {
  if (isHeldBy(held, account)) return true
  return instead !== undefined && isHeldBy(held, instead) && held.claimId === instead.claimId
}

/** Another tenant holds the account, or holds it under another email. Without a tenant (an older Worker) nobody is refused. */
export function isHeldByOther(
  held: Account | undefined,
  tenant: string | undefined,
  email?: string
): boolean {
  return Boolean(held && tenant && !isHeldBy(held, { tenant, email: email ?? held.email }))
}

/** Emails are compared without case. */
export function sameEmail(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

export function findAccount(snapshot: AccountSnapshot, email: string): Account | undefined {
  return snapshot.accounts.find((one) => sameEmail(one.email, email))
}

/** Headers carry ASCII: anything else in an email goes percent-encoded, as it may come. */
export function emailToHeader(email: string): string {
  return email.replaceAll(/[^\x21-\x7e]+/g, encodeURIComponent)
}

export function emailFromHeader(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What a sealed text is bound to, so that a record copied to another account does not open. */
export function sealIdentity(record: Pick<Account, 'provider' | 'tenant' | 'email'>): string {
  return `account/${record.provider}/${record.tenant}/${record.email.toLowerCase()}`
}

/** For providers that do not name their accounts: the hash of what proves one. */
export async function hashedIdentity(secret: string): Promise<string> {
  return `hash-${(await hexHash(secret)).slice(0, 32)}`
}

export const SECURED = '…secured…'
