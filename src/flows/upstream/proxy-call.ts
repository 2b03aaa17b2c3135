/** One call of a client on its way to the provider, free of any framework. */
import type { Actor } from '#domain/access/audit.ts'
import type { Reply } from '#domain/slots/lease.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Provider, RouteMatch } from '#providers/contract/provider.ts'

export interface ProxyCall {
  requestId: string
  tenant: string
  provider: Provider
  /** Undefined: a path that the table does not know; forwarded as a plain call. */
  match: RouteMatch | undefined
  method: string
  /** Without our own prefix; as it came, never normalised again. */
  path: string
  search: string
  /** Only what may go up. */
  headers: Headers
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null
  /** The client named the account itself. */
  email?: string
  /** The provider's streaming token of a browser: sent in the place of the account's credential. */
  bearer?: string
  /** A per-request limit (useapi.net's `maxJobs`). */
  limit?: number
  /** Whose call it is; absent for a browser's. A repeat is one of the same token. */
  tokenId?: string
  /** What that token is stored under: what is made with it is bound to it. */
  tokenHash?: string
  /** The client says that it repeats nothing (`X-Gateway-Join: no`). */
  isNew?: boolean
  /** Where else than at a callback in its body a job's end is to be told. */
  reply?: Reply
  /** The origin that the client called: one of our own. */
  origin: string
  /** Who asks, for the audit of what the gateway keeps itself. */
  by?: Actor
  /** The prefix before the provider's path at our address; absent: none. */
  prefix?: string
  /** May change endpoints and see their secrets. */
  mayChange?: boolean
  /** How long the client would rather wait for a slot than be told that there is none. */
  waitSeconds?: number
  /** Before its key or name was held, epoch ms: what others may do with those counts from there. */
  begunAt?: number
  /** The body as the client sent it, where assets in it were brought over: repeats are known by that. */
  asked?: Uint8Array<ArrayBuffer>
  /** It was refused for a copy that the provider no longer had, and goes up again. */
  attempt?: number
  /** A creation that asks to be checked only: nothing can have been started by it. */
  isCheck?: boolean
  /** Ends when the client goes away. Ignored for creations. */
  signal?: AbortSignal
}

/** An answer for the client, and which account and jobs it is about. */
export interface ProxyAnswer {
  response: Response
  /** Absent when several accounts answered together. */
  email?: string
  jobIds?: string[]
  /** A refusal of the provider's that passes through: what its account is parked for, and until when. */
  parking?: Parking
  /** The request whose answer this repeat of it got. */
  joined?: string
}

/** A call whose body has been looked at, so that it can be sent more than once. */
export type ReadCall = ProxyCall & { body: Uint8Array<ArrayBuffer> | null; json: unknown }
