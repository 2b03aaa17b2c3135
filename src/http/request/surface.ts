/**
 * Which surface a path belongs to (contract section 2). Our own paths come first. Any other path under `/v1`, `/v2` or `/v3`
 * is a drop-in path of the first provider.
 */
import { getPath } from 'hono/utils/url'
import type { Provider } from '#providers/contract/provider.ts'

export type Surface =
  | { kind: 'own' }
  /** `path`: the provider's path. */
  | { kind: 'drop-in'; provider: Provider; path: string }

const OWN_AT_ROOT =
  /^\/(v1\/(alerts|audit|deliveries|callback-secret|live|pool|usage)|v2\/account)(\/|$)/

export function surfaceOf(path: string, providers: readonly Provider[]): Surface {
  for (const provider of providers) {
    const prefix = `/${provider.name}`
    if (path.startsWith(`${prefix}/`)) {
      return { kind: 'drop-in', provider, path: path.slice(prefix.length) }
    }
    if (path.startsWith(`/v1${prefix}/`) || path === `/v1${prefix}`) return { kind: 'own' }
  }
  const [first] = providers
  if (!first || OWN_AT_ROOT.test(path) || !/^\/v[123]\//.test(path)) return { kind: 'own' }
  return { kind: 'drop-in', provider: first, path }
}

/** Whether a request is a call meant for a provider, by its path as the router reads it: decoded. */
export function isCall(request: Request, providers: readonly Provider[]): boolean {
  return surfaceOf(getPath(request), providers).kind === 'drop-in'
}
