/**
 * The part `accounts`: how to read a credential, prove it and put it on a call, and what a client sees of its account. Nothing
 * here returns a secret to a client. Functions that call the provider get an `Upstream` and never throw.
 */
import type * as z from 'zod/mini'
import type { Account, AccountForm, Credential, Proof, Session } from '#domain/accounts/account.ts'
import type { AccountStatus } from '#domain/accounts/park-after-refusal.ts'
import type { DeviceCodes, PollAnswer } from '#domain/accounts/sign-in.ts'
import type { Settings } from '#domain/runtime/settings.ts'

export interface ProviderAccounts {
  /**
   * The credential's fields in POST /v1/<name>/accounts, besides `email`, `maxJobs` and `dryRun`. The OpenAPI text shows them,
   * too.
   */
  fields: z.core.$ZodShape
  /** Every new account has at least one of these fields. Absent: `readCredential` alone decides. */
  needsOneOf?: readonly string[]
  /** The highest `maxJobs` that an account may have. */
  maxJobsLimit(settings: Settings): number
  /**
   * Returns the credential in those fields, with the names of the fields that contained it. Else a sentence that says what is
   * wrong.
   */
  readCredential(
    form: AccountForm
  ): { ok: true; credential: Credential; field: string } | { ok: false; message: string }
  /**
   * Asks the provider whether the credential is good, and for its own id of the account. Two credentials with one id are one
   * account. A 5xx or a network error is `unreachable` and never counts against the credential.
   */
  prove(upstream: Upstream, credential: Credential, session: Session | undefined): Promise<Proof>
  /** Puts the credential on a set of headers that contains none of the client's. */
  authorize(
    headers: Headers,
    credential: Credential,
    session: Session | undefined,
    /** `now`: epoch ms. */
    at: { path: string; now: number; settings: Settings }
  ): void | Promise<void>
  /**
   * The query of a call that the gateway made out of an older one, if it must name the account. Absent or undefined: as it is.
   */
  queryOf?(
    account: Account,
    call: { method: string; path: string; search: string }
  ): string | undefined
  /** The account as clients see it. */
  toView(account: Account): Record<string, unknown>

  /** A cheap GET that answers 200 for every good account. It is called before a job counts as gone. Absent: no call is made. */
  healthPath?: string
  /**
   * Reads what the provider says about an account, with its cheapest call. `kind`: which of the account's credentials. Absent:
   * `prove`.
   */
  standing?(
    upstream: Upstream,
    credential: Credential,
    session: Session | undefined,
    kind?: string
  ): Promise<AccountStatus>
  /** A web session for a credential. Absent: no credential needs one. */
  logIn?(upstream: Upstream, credential: Credential): Promise<LogIn>
  /** Sign-ins by a person in a browser. Absent: the provider has none. */
  signIn?: ProviderSignIn
  /** What GET of one account shows besides `toView`. Empty where the provider does not answer. */
  details?(
    upstream: Upstream,
    credential: Credential,
    session: Session | undefined
  ): Promise<Record<string, unknown>>
  /** What the account can still spend, in the provider's unit, by a free read. Undefined: unknown. Absent: the provider shows none. */
  balance?(
    upstream: Upstream,
    credential: Credential,
    session: Session | undefined
  ): Promise<{ amount: number; unit: string } | undefined>
  /** Below which balance an alert is sent if the client names no number, by unit. A unit that is absent: never. */
  lowBalance?: Readonly<Record<string, number>>
  /** Whether two credentials surely belong to one account. Needed if the provider shows no id of the account. */
  isSame?(before: Credential, after: Credential): boolean
  /** Why an account cannot be used on a path, as a sentence. Absent or undefined: it can. */
  missingFor?(account: Account, path: string): string | undefined
  /** Which kind of credential is used on a path, where an account may have several. */
  credentialKindFor?(path: string): string
  /**
   * Clients may send a token that they signed with a key pair of the gateway (HS256). These codes answer a token outside its
   * time.
   */
  signedTokens?: { early: number; expired: number; long: number }
}

/** Sign-ins with a device code (RFC 8628). The functions never throw. */
export interface ProviderSignIn {
  /** Its word in `credentialKind`. */
  kind: string
  /** Why nobody can sign in here, as a sentence; undefined: the settings allow it. */
  missingSetting(settings: Settings): string | undefined
  begin(upstream: Upstream): Promise<SignInBegun>
  /** Asks once whether the person has approved. */
  poll(upstream: Upstream, deviceCode: string): Promise<PollAnswer>
  /** New tokens for old ones. Without a new token for the next renewal, the old one stays. */
  renew(upstream: Upstream, session: Session): Promise<Renewal>
}

/** `setup`: the operator's client is wrong. */
export type SignInBegun =
  | { ok: true; codes: DeviceCodes; expiresInMs: number; paceMs: number }
  | { ok: false; reason: 'setup' | 'unreachable'; message: string }

/**
 * `refused`: the person must sign in again. `setup`: the operator's client is wrong. `message`: a sentence that says what to do.
 * `unreachable`: nothing is known, and the same tokens may be tried again.
 */
export type Renewal =
  | { ok: true; session: Session }
  | { ok: false; reason: 'refused' | 'setup'; message: string }
  | { ok: false; reason: 'unreachable' }

export type LogIn =
  | { ok: true; session: Session }
  | { ok: false; reason: 'refused' | 'unreachable'; message?: string }

/** The only way in which a provider's folder calls the provider. */
export interface Upstream {
  /** Epoch ms. */
  now(): number
  settings: Settings
  /** Never follows redirects. Reads at most 1 MiB of the body. Throws when the provider cannot be reached or is too slow. */
  send(
    origin: string,
    call: UpstreamCall
  ): Promise<{ status: number; headers: Headers; text: string }>
  /** Waits. For a provider that limits how often it may be called. */
  pause(ms: number): Promise<void>
}

/** One call to the provider on one account. `path` starts with `/` and may have a query. */
interface UpstreamCall {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
  timeoutMs: number
}
