/** A tenant's webhook endpoints at the gateway: they stand for one at each account of the provider. */
export interface Endpoint {
  id: string
  url: string
  /** null: every event. */
  events: string[] | null
  /** Narrows it to one video or project. */
  entityId: string | null
  status: 'enabled' | 'disabled'
  /** Sealed. */
  secret: string
  createdAt: number
}

/** The secret that signs what goes to callback URLs, sealed. The one before it signs too, for a day. */
export interface CallbackSecret {
  current: string
  rotatedAt: number
  previous?: string
}

/** Where a tenant's events go beside the job's own target. */
export interface DeliveryTargets {
  endpoints: Endpoint[]
  callbackSecret?: CallbackSecret
}

export function wants(
  endpoint: Endpoint,
  event: { type: string; mentions: readonly string[] }
): boolean {
  if (endpoint.status !== 'enabled') return false
  if (endpoint.events && !endpoint.events.includes(event.type)) return false
  return endpoint.entityId === null || event.mentions.includes(endpoint.entityId)
}

/** What endpoint secrets and callback secrets are sealed for. */
export function secretIdentity(provider: string, tenant: string, what: string): string {
  return `signing-secret/${provider}/${tenant}/${what}`
}
