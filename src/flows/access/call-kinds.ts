/**
 * The kinds of calls that the operator may limit a token to (`routes` of the token). Calls meant for a provider are checked where
 * their row is known (dispatch-request.ts), our own paths where they are mounted (http/request/route.ts).
 */
import type { CallKind } from '#domain/access/token.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'

type Called = Pick<ProxyCall, 'provider' | 'match' | 'method'>

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The kind of a call meant for a provider. A POST without a row may start a job, so it counts as a creation. */
export function kindOf({ provider, match, method }: Called): CallKind {
  const route = match?.route
  switch (route?.kind) {
    case undefined:
      if (READS.has(method)) return 'read'
      return method === 'POST' ? 'jobs' : 'write'
    case 'creates-job':
      return 'jobs'
    case 'sync-generation':
      return 'speech'
    case 'streaming-session':
      return 'sessions'
    case 'job-status':
    case 'read-account':
    case 'read-shared':
      return 'read'
    case 'write-account':
      return route?.pool === 'roomy' || isPartOfUpload({ provider, match, method })
        ? 'uploads'
        : 'write'
  }
}

/** Whether the call sends a part of an upload or completes it. */
function isPartOfUpload({ provider, match, method }: Called): boolean {
  const resource = provider.uploads?.resource
  const isOfUpload = match?.route.ids.some((id) => id.in === 'path' && id.resource === resource)
  return method === 'POST' && isOfUpload === true
}

/** Throws if the token may not make calls of this kind. `allowed` absent: it may make all. */
export function checkKind(kind: CallKind, allowed: readonly CallKind[] | undefined): void {
  if (!allowed || allowed.includes(kind)) return
  const message = `This token may not make calls of the kind ${kind}, only ${allowed.join(', ')}. The operator can change that (routes, PATCH /admin/tokens/{id}).`
  throw new AppError('forbidden', message)
}
