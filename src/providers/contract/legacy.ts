/**
 * The part `legacy`: older calls of the provider, which the gateway makes out of newer ones when the provider has ended the older
 * ones. Each row is one function: it asks the newer calls and returns the older answer. What it asks goes through the gateway
 * like a client's own call, so accounts, slots, jobs, owners and callbacks are those of the newer rows.
 */
import type { Settings } from '#domain/runtime/settings.ts'
import type { Route } from './route-row.ts'

export interface ProviderLegacy {
  /** Undefined: the row is not an older call. */
  rowOf(route: Route): LegacyRow | undefined
  /** For each family of older calls, a free GET that every account can make while the family lives. */
  probes: Readonly<Record<string, string>>
  /** Whether an answer says in the provider's own words that a call does not exist (any more). A page of its edge says nothing. */
  saysGone(answer: { status: number; body: unknown }): boolean
  /** A refusal of a newer call, as the older path says it. */
  refusal(
    path: string,
    refused: { status: number; body: unknown }
  ): { status: number; body: unknown }
}

/** `family`: the older calls that end together. An account has all of a family or nothing. */
export type LegacyRow = { family: string } & (
  | {
      /** Returns the whole JSON body of the older answer. */
      carry(call: LegacyCall): Promise<unknown>
      /** The body is a file. It is not read, and `LegacyCall.upload` has it. */
      isUpload?: true
    }
  /** Nothing newer does this. The sentence says what to use instead. */
  | { gone: string }
)

/** An older call, and what its row may do. */
export interface LegacyCall {
  /** The older path, without the query. */
  path: string
  params: Readonly<Record<string, string>>
  query: URLSearchParams
  /** The parsed body. Empty if there is none. */
  body: Readonly<Record<string, unknown>>
  /** `bytes` is absent if the client did not say how long the file is. */
  upload?: { body: ReadableStream<Uint8Array>; type: string; bytes?: number }
  /** Epoch ms. */
  now: number
  settings: Settings
  /** Makes a newer call. If it is refused, the older call ends here, with the refusal in its own form. */
  ask(call: NewerCall): Promise<NewerAnswer>
  /** The same, but a refusal is an answer like any other. */
  tryAsk(call: NewerCall): Promise<NewerAnswer>
  /** Asks every account and returns the answers of those that can answer. For numbers that the row adds up. */
  askEach(call: NewerCall): Promise<NewerAnswer[]>
  /** Every row of a list, over all pages and accounts. If rows are missing, the client is told (`lose`). */
  readAll(list: WholeList): Promise<unknown[]>
  /** The account's slots: how many it has, and how many are free now. Another call may take one at any time. */
  slotsOn(email: string): Promise<{ most: number; free: number }>
  /** Names what the newer call cannot say. The client sees the names in `X-Gateway-Lost`. */
  lose(...what: string[]): void
  /**
   * What this isolate remembers for the tenant, for up to an hour; else what `make` returns. Undefined is not remembered. For facts
   * that seldom change: a look's engines.
   */
  remember<T>(name: string, make: () => Promise<T | undefined>): Promise<T | undefined>
}

/** `path` has no query. */
export interface NewerCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Readonly<Record<string, string | number | undefined>>
  /** Members that are undefined are left out. */
  body?: Readonly<Record<string, unknown>>
  /** A file for the provider's upload, which has its own form around it. */
  file?: { body: ReadableStream<Uint8Array>; type: string; name: string; bytes?: number }
  /** The account must be this one. */
  email?: string
  /** For a newer call without a callback of its own: where to deliver the end of the job. The client's URL is checked. */
  reply?: ReplyWish | undefined
}

/** `speaks`, `about` and `callbackId`: see `Reply`. */
interface ReplyWish {
  url?: string | undefined
  speaks?: string
  about?: string
  callbackId?: string | undefined
}

/** `body`: parsed JSON; undefined if it is not JSON. `email`: the account that answered, if it was one. */
export interface NewerAnswer {
  status: number
  body: unknown
  email?: string
}

/** A list to read whole. Pages are asked with `limit` and `token`. */
export interface WholeList {
  path: string
  query?: Readonly<Record<string, string>>
  limit: number
  /** The rows are the same for every account and change seldom, so a copy may be used. */
  isPublic?: true
  /** What the rows are, in the plural, for the client. Absent: `rows`. */
  what?: string
  /** Reads at most this many rows. Absent: all. */
  rowsMax?: number
}
