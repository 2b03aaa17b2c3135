/**
 * The part `events`: what the provider sends to the webhook of an account or to the callback of one creation, and the provider's
 * own calls for webhook endpoints, which the gateway answers itself.
 */
import type { Credential } from '#domain/accounts/account.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { ParsedEvent } from '#domain/events/incoming-event.ts'
import type { OpenAccount } from '#domain/ports/ports.ts'
import type { EndedJob, EventText, Lease } from '#domain/slots/lease.ts'
import type { Route, RouteMatch } from './route-row.ts'
import type { Upstream } from './accounts.ts'

export interface ProviderEvents {
  /** The headers that may contain the signature, in lower case. */
  signatureHeaders: readonly string[]
  /** Whether the signature is right. False without a secret or a signature. `headers`: those of `signatureHeaders`. */
  isSigned(
    secret: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array<ArrayBuffer>
  ): Promise<boolean>
  /**
   * Reads an event. Undefined: the body is no event, or the event says nothing new. `id` absent: the event has no id of its own.
   */
  read(body: string): ReadEvent | undefined
  /** Whether the provider documents that it sends an event at the end of such a job. Then the first status check is later. */
  notifiesEndOf(route: Route): boolean
  /** JSON pointer to the callback URL in the body of a creation. */
  callbackUrlAt(route: Route): string
  /** Whether the gateway adds a callback to a creation that has none, because the provider has no webhooks. Absent: never. */
  addsCallback?(route: Route): boolean
  /** The secret that signs callbacks of this account. Absent or undefined: callbacks have no signature. */
  callbackSecret?(credential: Credential): string | undefined
  /**
   * Builds the provider's event for the end of a job that the gateway learned in another way. `at`: epoch ms. Undefined: clients
   * get no event for it.
   */
  build(end: EndedJob, id: string, at: number): Omit<EventText, 'id'> | undefined
  /**
   * JSON pointers to where an event may name its job. For a queued creation, the name that clients know takes the place of the
   * job's id there. Absent: nowhere.
   */
  jobIdsAt?: readonly string[]
  /**
   * JSON pointers to where an event names what its job made, each with the path of the list that shows it; empty: no list does. The
   * job's own id may stand there, too. Absent: nowhere.
   */
  madeAt?: Readonly<Record<string, string>>
  /** The event in the form that the job's client asked for (`Reply.form`). Undefined: the event stays as it is. */
  replyBody?(lease: Lease, body: string): string | undefined
  /** Absent: accounts have no webhook. */
  webhooks?: ProviderWebhooks
  /** Absent: the provider has no calls for webhook endpoints. */
  endpoints?: ProviderEndpoints
}

export type ReadEvent = Omit<ParsedEvent, 'id'> & { id?: string }

/** The gateway's own webhook at an account. Messages of failures contain no address, because the address is a secret. */
export interface ProviderWebhooks {
  list(
    upstream: Upstream,
    open: OpenAccount
  ): Promise<{ ok: true; webhooks: RegisteredWebhook[] } | WebhookFailure>
  /** Registers `url` for every event. The provider calls `url` before it answers. */
  add(
    upstream: Upstream,
    open: OpenAccount,
    url: string
  ): Promise<{ ok: true; id: string; secret: string } | WebhookFailure>
  /** Removes the webhook. True when the provider no longer has it, even if it had none before. */
  remove(upstream: Upstream, open: OpenAccount, id: string): Promise<boolean>
}

/** `isOn`: the provider sends events to it. */
export interface RegisteredWebhook {
  id: string
  url: string
  isOn: boolean
}

export type WebhookFailure = { ok: false; message: string }

/** Reads the provider's calls for webhook endpoints as commands, and answers them in the provider's shape. */
export interface ProviderEndpoints {
  /** Undefined: the row is not about endpoints. */
  read(match: RouteMatch, query: URLSearchParams, body: unknown): EndpointCommand | undefined
  answer(match: RouteMatch, tenant: string, result: EndpointResult): unknown
  /** Whether a path without a row is about endpoints. Such a call is not passed on. */
  owns(path: string): boolean
  /** Whether lists of this row show secrets. */
  showsSecrets(match: RouteMatch): boolean
  /** The provider's own codes for a refused URL and for an endpoint that does not exist, on this row. */
  codes(match: RouteMatch): { badUrl: string | number; notFound: string | number }
}

/** `events` null: every event. `bad`: a sentence that says what is wrong with the call. */
export type EndpointCommand =
  | { kind: 'types' }
  | { kind: 'list'; limit?: number; token?: string }
  | { kind: 'add'; url: string; events: string[] | null; entityId: string | null }
  | {
      kind: 'update'
      id: string
      url?: string
      events?: string[] | null
      status?: Endpoint['status']
    }
  | { kind: 'remove'; id: string }
  | { kind: 'rotate'; id: string }
  | { kind: 'bad'; message: string }

/** `secret` is the plain text if it may be shown, else null. */
export type ShownEndpoint = Omit<Endpoint, 'secret'> & { secret: string | null }

export type EndpointResult =
  | { kind: 'types' }
  | { kind: 'list'; endpoints: ShownEndpoint[]; next?: string }
  | { kind: 'one' | 'rotated'; endpoint: ShownEndpoint }
  | { kind: 'removed' }
