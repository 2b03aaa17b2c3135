/** The types of a client's call to a provider and of its answer. Plain data without Hono. */
import type { Actor } from '#domain/access/audit.ts'
import type { CallKind } from '#domain/access/token.ts'
import type { JobLimits } from '#domain/limits/share.ts'
import type { Reply } from '#domain/slots/lease.ts'
import type { OwnScope } from '#domain/visibility/own-scope.ts'
import type { Parking } from '#domain/accounts/parking.ts'
import type { Provider, RouteMatch } from '#providers/contract/provider.ts'

export interface ProxyCall {
  requestId: string
  tenant: string
  provider: Provider
  /** The row of the route table. Undefined: no row matches the path. */
  match: RouteMatch | undefined
  method: string
  /** Without the gateway's own prefix, byte for byte as the client sent it. */
  path: string
  search: string
  /** Only headers that may go to the provider. */
  headers: Headers
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null
  /** The length of the body, if the client announced it. */
  bodyBytes?: number
  /** The gateway put the body together. One that breaks off ends the call by itself (frame-file.ts). */
  isFramed?: true
  /** For a framed body: resolves when it was sent to its end. */
  bodySent?: Promise<void>
  /** Set when the client named the account itself. */
  email?: string
  /** A browser's streaming token of the provider. It is sent instead of the account's credential. */
  bearer?: string
  /** A limit on running jobs for this call (useapi.net's `maxJobs`). */
  limit?: number
  /** The id of the caller's token; absent for a browser. Only calls of the same token count as repeats. */
  tokenId?: string
  /** For a token with limits on jobs: whose share a creation takes. */
  share?: { token: string; limits: JobLimits }
  /** The kinds of calls that the token may make. Absent: all. */
  kinds?: readonly CallKind[]
  /** Set if that token sees only what was made with it. */
  own?: OwnScope
  /** The hash of that token. Stream tokens are bound to it. */
  tokenHash?: string
  /** The client says that this call is no repeat (`X-Gateway-Join: no`). */
  isNew?: boolean
  /** A delivery target for the job's end, besides a callback URL in the body. */
  reply?: Reply
  /** The gateway's origin, as the client called it. */
  origin: string
  /** The caller, for the audit. */
  by?: Actor
  /** The gateway's prefix before the provider's path; absent: none. */
  prefix?: string
  /** The caller may change webhook endpoints and see their secrets. */
  mayChange?: boolean
  /** How many seconds the client accepts to wait for a slot (`Prefer: wait`). */
  waitSeconds?: number
  /** How urgent it is while it waits, 1 to 5 (`X-Gateway-Priority`). */
  priority?: number
  /** Set when the creation is to be queued: its client asks for that (`Prefer: respond-async`), or its token has `whenFull: queue`. */
  wish?: QueueWish
  /** It goes into the line if it gets no slot, so it does not overtake what waits there. */
  yields?: true
  /** Names of queued creations' jobs in a creation that is to be queued. It waits for the ends of those jobs. */
  named?: readonly { name: string; item: string }[]
  /** When the call began, before it held its idempotency key or client name. Epoch ms. */
  begunAt?: number
  /** The body as the client sent it, when ids of asset copies were put into it. Repeats are recognised by this body. */
  asked?: Uint8Array<ArrayBuffer>
  /** The client's own call, if the gateway made this one out of it. Repeats and keys are those of the client's call. */
  madeOf?: ReadCall
  /** The id of the call that this one repeats. What that call started is found, not started again. */
  repeats?: string
  /** The Idempotency-Key of a creation on the account that it is sent to, if it was made already. */
  upstreamKey?: string
  /** Counts from 1 when the call is sent again because the provider no longer had an asset copy. */
  attempt?: number
  /** A creation that only asks for validation. It cannot start a job. */
  isCheck?: boolean
  /** Aborts when the client disconnects. Ignored for creations. */
  signal?: AbortSignal
}

/** What a client says of a creation that is to be queued. */
export interface QueueWish {
  /** 1, which goes first, to 5. */
  priority?: number
  /** It must have started by then, or it ends as failed. */
  startWithinMs?: number
  /** It is queued only if no account has a slot for it. Absent: at once. */
  triesFirst?: true
  /** Its token asks for that and not its client, so it is answered with the provider's own 200. */
  isOfToken?: true
}

/** The answer for the client, with the account and the jobs that it is about. */
export interface ProxyAnswer {
  response: Response
  /** Absent when several accounts answered together. */
  email?: string
  jobIds?: string[]
  /** The provider's ids of the jobs, if `jobIds` are names of queued creations. */
  providerJobIds?: string[]
  /** For a creation that waits: its place in the line, from 1, and about when it starts, if these are known. */
  waits?: { place?: number; startsAt?: number }
  /** The creation was queued by this call. */
  isQueued?: true
  /** For a provider's refusal of a creation: 429, because the account has no room for it now. It may be queued instead. */
  isBusy?: true
  /** For a provider's refusal that is passed on: why and until when the account is parked. */
  parking?: Parking
  /** For a repeat: the id of the request whose answer it got. */
  joined?: string
  /** For an older call: the newer calls that were made for it, and what they cannot say. */
  carried?: { by: readonly string[]; lost: readonly string[] }
}

/** A call whose body was read, so that it can be sent more than once. */
export type ReadCall = ProxyCall & { body: Uint8Array<ArrayBuffer> | null; json: unknown }
