/**
 * The part `events`: what the provider sends by itself, to the webhook of an account or to the callback of one creation, and the
 * provider's own calls for webhook endpoints, which the gateway answers itself.
 */
import type { Credential } from '#domain/accounts/account.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { ParsedEvent } from '#domain/events/incoming-event.ts'
import type { OpenAccount } from '#domain/ports/ports.ts'
import type { EndedJob, EventText, Lease } from '#domain/slots/lease.ts'
import type { Route, RouteMatch } from './route-row.ts'
import type { Upstream } from './upstream.ts'

export interface ProviderEvents {
  /** The headers that a signature may stand in, lower case. */
  signatureHeaders: readonly string[]
  /** False without a secret, without a signature, or when the signature is of other bytes. `headers`: those above. */
  isSigned(
    secret: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array<ArrayBuffer>
  ): Promise<boolean>
  /** Undefined: the body is no event, or one that says nothing new. `id` absent: the event has no id of its own. */
  read(body: string): ReadEvent | undefined
  /** Whether the provider documents that it sends an event at the end of such a job. Then the alarm asks later. */
  notifiesEndOf(route: Route): boolean
  /** JSON pointer to the callback URL in the body of a creation. */
  callbackUrlAt(route: Route): string
  /** Whether a creation without a callback gets one of ours, for a provider without webhooks. Absent: never. */
  addsCallback?(route: Route): boolean
  /** The secret that signs callbacks of this account. Absent or undefined: they come unsigned. */
  callbackSecret?(credential: Credential): string | undefined
  /**
   * The provider's event for an end that we learned of in another way. `at`: epoch ms. Undefined: clients get no event for it.
   */
  build(end: EndedJob, id: string, at: number): Omit<EventText, 'id'> | undefined
  /** The event in the other form that the job's client asked for (`Reply.form`). Undefined: as it is. */
  replyBody?(lease: Lease, body: string): string | undefined
  /** Absent: accounts have no webhook. */
  webhooks?: ProviderWebhooks
  /** Absent: the provider has no calls for webhook endpoints. */
  endpoints?: ProviderEndpoints
}

export type ReadEvent = Omit<ParsedEvent, 'id'> & { id?: string }

/** Our own webhook at an account. Messages of failures hold no address: it is a secret. */
export interface ProviderWebhooks {
  list(
    upstream: Upstream,
    open: OpenAccount
  ): Promise<{ ok: true; webhooks: RegisteredWebhook[] } | WebhookFailure>
  /** Registers `url` for every event. The provider calls it before it answers. */
  add(
    upstream: Upstream,
    open: OpenAccount,
    url: string
  ): Promise<{ ok: true; id: string; secret: string } | WebhookFailure>
  /** True when it is gone, also when it was gone before. */
  remove(upstream: Upstream, open: OpenAccount, id: string): Promise<boolean>
}

/** `isOn`: the provider sends to it. */
export interface RegisteredWebhook {
  id: string
  url: string
  isOn: boolean
}

export type WebhookFailure = { ok: false; message: string }

/** The provider's calls for webhook endpoints: read as commands, answered in its shape. */
export interface ProviderEndpoints {
  /** Undefined: the row is no such call. */
  read(match: RouteMatch, query: URLSearchParams, body: unknown): EndpointCommand | undefined
  answer(match: RouteMatch, tenant: string, result: EndpointResult): unknown
  /** Whether a path without a row is about endpoints. Such a call is not passed on. */
  owns(path: string): boolean
  /** Whether lists of this row show secrets. */
  showsSecrets(match: RouteMatch): boolean
  /** The provider's own codes for a refused URL and for an endpoint that does not exist, on this row. */
  codes(match: RouteMatch): { badUrl: string | number; notFound: string | number }
}

/** `events` null: every event. `bad`: the call is wrong, as the sentence says. */
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

/** `secret` is open where it may be shown, else null. */
export type ShownEndpoint = Omit<Endpoint, 'secret'> & { secret: string | null }

export type EndpointResult =
  | { kind: 'types' }
  | { kind: 'list'; endpoints: ShownEndpoint[]; next?: string }
  | { kind: 'one' | 'rotated'; endpoint: ShownEndpoint }
  | { kind: 'removed' }
