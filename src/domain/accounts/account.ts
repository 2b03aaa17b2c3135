/** The types of a provider account: its stored record, credential and web session, and the tenant that holds it. */
import * as z from 'zod/mini'
import { hexHash } from '#domain/text/hash.ts'

/** What the gateway sends to the provider. Its members depend on `kind` (`apiKey`, `password`, …). It is stored only sealed. */
export interface Credential {
  kind: string
  secrets: Record<string, string>
  /** For a provider with several hosts: which one the credential belongs to. */
  region?: string
}

/** A web session, or the tokens of a sign-in. Clients may see `view`, never `secrets`. */
export interface Session {
  secrets: Record<string, string>
  view: Record<string, unknown>
  /** Epoch ms. */
  expiresAt: number
  /** The id of the sign-in that gave the tokens. Absent: a log-in with a password gave the session. */
  grant?: string | undefined
}

const storedSession = z.object({
  sealed: z.string(),
  view: z.record(z.string(), z.unknown()),
  obtainedAt: z.number(),
  expiresAt: z.number(),
  grant: z.optional(z.string()),
  /** Why the tokens of the sign-in cannot be renewed, as a sentence that says what to do. */
  refused: z.optional(z.string()),
})

export type StoredSession = z.infer<typeof storedSession>

/** The stored record. `credential` and `session.sealed` are sealed and bound to provider, tenant and email. */
const account = z.object({
  provider: z.string(),
  tenant: z.string(),
  email: z.string(),
  /** Name of its AccountSlots object: `<provider>:<the provider's own id of the account>`. */
  key: z.string(),
  maxJobs: z.int(),
  /** Its share of starts, 1 to 100, and its priority, 1 to 5 (balancing.ts). */
  weight: z.optional(z.int()),
  priority: z.optional(z.int()),
  credential: z.string(),
  /** The kinds of its credentials, separated by spaces. A sign-in comes last; its tokens are in `session`. */
  credentialKind: z.string(),
  /** The form fields of the credential, separated by spaces; shown as `…secured…`. */
  secretField: z.string(),
  region: z.optional(z.string()),
  session: z.optional(storedSession),
  publicOrigin: z.string(),
  /** Which families of the provider's older calls the account has. A family without an entry: nothing is known. */
  legacy: z.optional(z.record(z.string(), z.enum(['alive', 'gone']))),
  /** It came by an import and nobody has unparked it yet (imported.ts). */
  isImported: z.optional(z.boolean()),
  /** It takes no new jobs (drained.ts). */
  isDrained: z.optional(z.boolean()),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** The claim by which the account's object got this record. Only the object stores it. */
  claimId: z.optional(z.string()),
})

export type Account = z.infer<typeof account>

/** All accounts of a tenant at a provider, in the order they were added. `version` never decreases. */
export const accountSnapshot = z.object({
  version: z.number(),
  accounts: z.array(account),
  /** How an account is chosen. Absent: at random. */
  balance: z.optional(z.enum(['random', 'least-used', 'priority'])),
  /** Until then, ask the desk whether a creation repeats one of unknown outcome. Epoch ms. */
  unknownUntil: z.optional(z.number()),
  /** Since when the tenant has queued creations, so that its lists may have jobs with names of ours. Absent: never. Epoch ms. */
  namesSince: z.optional(z.number()),
})

export type AccountSnapshot = z.infer<typeof accountSnapshot>

/** The fields of POST /accounts, with the right types. */
export type AccountForm = Record<string, unknown> & { email?: string }

/**
 * What the provider answered about a credential. `identity`: the provider's id of the account. `refused`: the credential is not
 * valid. `unreachable`: nothing is known about it.
 */
export type Proof =
  | { ok: true; identity: string; email?: string }
  | { ok: false; reason: 'refused'; message?: string }
  | { ok: false; reason: 'unreachable'; message: string }

/** The tenant and email that an account belongs to. */
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

/** `instead`: the claim that may be replaced, because its holder's desk does not have the account. */
export function mayClaim(held: Account, account: Account, instead?: Holder): boolean {
  if (isHeldBy(held, account)) return true
  return instead !== undefined && isHeldBy(held, instead) && held.claimId === instead.claimId
}

/** True if another tenant holds the account, or this one under another email. False without a tenant (from an older Worker). */
export function isHeldByOther(
  held: Account | undefined,
  tenant: string | undefined,
  email?: string
): boolean {
  return Boolean(held && tenant && !isHeldBy(held, { tenant, email: email ?? held.email }))
}

/** Compares emails without case. */
export function sameEmail(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

/**
 * Whether this account made the creation's jobs. A record of an older Worker has no key. Then the email decides, although the account
 * may have had another one at that time.
 */
export function hasMade(
  { key, email }: Pick<Account, 'key' | 'email'>,
  made: { key?: string; email: string }
): boolean {
  return made.key === undefined ? sameEmail(made.email, email) : made.key === key
}

export function findAccount(snapshot: AccountSnapshot, email: string): Account | undefined {
  return snapshot.accounts.find((one) => sameEmail(one.email, email))
}

/** The email for a header, which is ASCII: other characters are percent-encoded. */
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

/** The identity that an account's sealed texts are bound to. In another account's record they do not open. */
export function sealIdentity(record: Pick<Account, 'provider' | 'tenant' | 'email'>): string {
  return `account/${record.provider}/${record.tenant}/${record.email.toLowerCase()}`
}

/** The identity of an account at a provider that shows no account id: a hash of the credential. */
export async function hashedIdentity(secret: string): Promise<string> {
  return `hash-${(await hexHash(secret)).slice(0, 32)}`
}

/** Whether an account's key contains the provider's id of the account. */
export function isNamed(key: string): boolean {
  return !key.includes(':hash-')
}

/**
 * Whether two keys may be of one provider account, because the provider did not say whose account one of them is. Two objects would
 * then grant the limit twice [I1].
 */
export function mayBeSame(a: string, b: string): boolean {
  return a !== b && !(isNamed(a) && isNamed(b))
}

/** Why such an account is not added, as a text that says what to do. */
export const BUSY =
  'Jobs run in the account that has or had this email, and the provider does not say whether this is the same account. Try again when they have ended. If it is another account, use another email. DELETE with ?now=true gives the jobs up.'

export const SECURED = '…secured…'
