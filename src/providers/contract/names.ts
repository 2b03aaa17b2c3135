/**
 * The part `names`: names that clients give to their jobs and that must be unique in an account. Two tenants may use the same
 * name. So the gateway adds a mark of the tenant before it sends a name to the provider, and removes the mark from answers.
 */
import type { IdRef, RouteMatch } from './route-row.ts'

export interface ProviderNames {
  /** The resource that the route table uses for such names. */
  resource: string
  /**
   * The call as it goes to the provider. A second form is sent only when the provider does not know the first, so only reads
   * have one.
   */
  toProvider(call: NamedCall, body: string | undefined): NamedForm[]
  /**
   * Whether an id in the path or the query of a call may be such a name, by its form. `isUnknown`: the provider has no job under that
   * text, so it may be a name of any form.
   */
  mayBeName(ref: IdRef, id: string, isUnknown: boolean): boolean
  /** How the provider refuses a creation under a name that another job has. */
  refusal(name: string, requestId: string): { status: number; body: object }
  /** Removes the marks from the provider's JSON text. Everything else stays byte for byte. */
  toClient(text: string, tenant: string): string
}

/** The parts of a call that may contain names. `search` starts with `?` or is empty. */
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
