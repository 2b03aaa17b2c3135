/**
 * The part `names`: names that clients give their jobs and that must be unique in an account. Two tenants may use the same name,
 * so it goes to the provider with a mark of its tenant, and comes back to the client without the mark.
 */
import type { RouteMatch } from './route-row.ts'

export interface ProviderNames {
  /** The resource of ids that are such names, in the route table. */
  resource: string
  /**
   * The call as it goes to the provider. A second form is sent only when the provider does not know the first, so only reads
   * have one.
   */
  toProvider(call: NamedCall, body: string | undefined): NamedForm[]
  /** JSON text of the provider as the client may see it. It is spliced: everything else stays byte for byte. */
  toClient(text: string, tenant: string): string
}

/** A call, as far as names concern it. `search` starts with `?` or is empty. */
export interface NamedCall {
  tenant: string
  requestId: string
  match: RouteMatch | undefined
  path: string
  search: string
}

export interface NamedForm {
  path: string
  search: string
  body: string | undefined
}
