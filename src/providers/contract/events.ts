/**
 * What a provider tells by itself, and how it is read: events, the webhook of an account, and the calls for webhook
 * endpoints that the gateway answers in the provider's place.
 */
import type { Credential } from '#domain/accounts/account.ts'
import type { Endpoint } from '#domain/events/endpoint.ts'
import type { ParsedEvent } from '#domain/events/incoming-event.ts'
import type { EndedJob, EventText, Lease } from '#domain/slots/lease.ts'
import type { OpenAccount } from '#domain/ports/ports.ts'
import type { Route, RouteMatch } from './route-row.ts'
import type { Upstream } from './upstream.ts'

/** Events: to the webhook of an account, signed, and to the callback of one creation. */
export interface ProviderEvents {
  /** The headers that a delivery is signed with. */
  signatureHeaders: readonly string[]
  /** False without a secret, without a signature, or when it is of other bytes. */
  isSigned(
    secret: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array<ArrayBuffer>
  ): Promise<boolean>
  /** Undefined: not an event. `id` undefined: it has none of its own. */
  read(body: string): ReadEvent | undefined
  /** Whether an end of what this row starts is surely told, so that asking can wait. */
  tells(route: Route): boolean
  /** Where a creation's body names its callback. */
  callbackUrlAt(route: Route): string
  /** The event of an end that was heard otherwise. `at`: epoch ms. Undefined: such an end is no event. */
  build(end: EndedJob, id: string, at: number): Omit<EventText, 'id'> | undefined
  /** The secret that signs callbacks of this account, where there is one; else they come unsigned. */
  callbackSecret?(credential: Credential): string | undefined
  /** Whether a creation without a callback gets one of ours: for providers that tell ends in no other way. */
  addsCallback?(route: Route): boolean
  /** An event in the other form that a job's target asked for (`Reply.form`). */
  replyBody?(lease: Lease, body: string): string | undefined
  /** How the account's own webhook is registered. Absent: it has none. */
  webhooks?: ProviderWebhooks
  /** The provider's own calls for webhook endpoints, which the gateway answers. */
  endpoints?: ProviderEndpoints
}

export type ReadEvent = Omit<ParsedEvent, 'id'> & { id?: string }

/** An endpoint as the provider has it. `isOn`: it is delivered to. */
export interface RegisteredWebhook {
  id: string
  url: string
  isOn: boolean
}

export type WebhookFailure = { ok: false; message: string }

export interface ProviderWebhooks {
  list(
    upstream: Upstream,
    open: OpenAccount
  ): Promise<{ ok: true; webhooks: RegisteredWebhook[] } | WebhookFailure>
  /** For every event. The provider asks our receiver before it answers. */
  add(
    upstream: Upstream,
    open: OpenAccount,
    url: string
  ): Promise<{ ok: true; id: string; secret: string } | WebhookFailure>
  /** True when it is gone. */
  remove(upstream: Upstream, open: OpenAccount, id: string): Promise<boolean>
}

/** What a client's call about webhook endpoints wants. */
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

/** `secret` is open where it may be shown. */
export type ShownEndpoint = Omit<Endpoint, 'secret'> & { secret: string | null }

export type EndpointResult =
  | { kind: 'types' }
  | { kind: 'list'; endpoints: ShownEndpoint[]; next?: string }
  | { kind: 'one' | 'rotated'; endpoint: ShownEndpoint }
  | { kind: 'removed' }

export interface ProviderEndpoints {
  /** Undefined: the row is no such call. */
  read(match: RouteMatch, query: URLSearchParams, body: unknown): EndpointCommand | undefined
  answer(match: RouteMatch, tenant: string, result: EndpointResult): unknown
  /** Whether a path that no row knows is about endpoints: it must not reach the provider's own. */
  owns(path: string): boolean
  /** Whether this row's lists show secrets. */
  showsSecrets(match: RouteMatch): boolean
  /** The provider's own code for a refused URL and an endpoint that is not there, by the row's family. */
  codes(match: RouteMatch): { badUrl: string | number; notFound: string | number }
}
