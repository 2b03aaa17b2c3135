/**
 * A tenant's webhook endpoints and signing secrets at the gateway. One endpoint here takes the place of one at each account
 * of the provider.
 */
export interface Endpoint {
  id: string
  url: string
  /** The event types that the endpoint gets. null: every event. */
  events: string[] | null
  /** The video or project whose events the endpoint gets. null: all. */
  entityId: string | null
  status: 'enabled' | 'disabled'
  /** The signing secret, sealed. */
  secret: string
  createdAt: number
  /** When it was last changed which events it gets, epoch ms. */
  wishedAt?: number
  /** The own token whose endpoint it is. It gets the events of that token's jobs alone. */
  token?: string
}

/** What signs deliveries to callback URLs, sealed. The previous secret signs too for a day after a rotation. */
export interface CallbackSecret {
  current: string
  rotatedAt: number
  previous?: string
}

/** Where an alert goes. The secret is sealed. */
interface AlertTarget {
  id: string
  url: string
  secret: string
}

/** Where a tenant's events go beside the job's own callback URL, and what signs them. */
export interface DeliveryTargets {
  endpoints: Endpoint[]
  callbackSecret?: CallbackSecret
  /** The secrets of own tokens, by the token's id. */
  tokenSecrets?: Record<string, CallbackSecret>
  /** Read only for a delivery that is an alert. */
  alerts?: AlertTarget[]
  /** Somebody must be told of low balances. Older desks do not say so. */
  watchesBalance?: boolean
  /** Grows with each change. A desk that says it also pushes changes to its accounts' objects. Older desks do not say it. */
  version?: number
}

export type PushedTargets = DeliveryTargets & { version: number }

export function isSubscribed(
  endpoint: Endpoint,
  event: { type: string; mentions: readonly string[]; ownToken?: string }
): boolean {
  if (endpoint.status !== 'enabled' || !mayHear(endpoint, event.ownToken)) return false
  if (endpoint.events && !endpoint.events.includes(event.type)) return false
  return endpoint.entityId === null || event.mentions.includes(endpoint.entityId)
}

/** `ownToken`: the own token of the job that the event is about. An endpoint of the tenant itself hears of every job. */
function mayHear({ token }: Pick<Endpoint, 'token'>, ownToken: string | undefined): boolean {
  return token === undefined || token === ownToken
}

/** The identity that a signing secret is sealed for. `what`: an endpoint's id, or `callback`. */
export function secretIdentity(provider: string, tenant: string, what: string): string {
  return `signing-secret/${provider}/${tenant}/${what}`
}

/** What the secret of an own token is called in its identity. */
export function tokenSecretName(token: string): string {
  return `callback/${token}`
}
