/** A typed client of the gateway: openapi-fetch with the paths of gateway.d.ts, which `npm run client` makes from docs/openapi.json. */
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from './gateway.d.ts'

export type GatewayClient = Client<paths>
/** @public */
export type Schemas = components['schemas']

export function connect(baseUrl: string, token: string): GatewayClient {
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } })
}
