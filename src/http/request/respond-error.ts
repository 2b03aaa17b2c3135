/**
 * The only place that makes error bodies. An AppError gets the shape of the surface that was called. Any other exception
 * becomes `internal`, with the request id and without the exception's text.
 */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { emailToHeader } from '#domain/accounts/account.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { RETRY_AFTER_SECONDS_MAX } from '#domain/text/retry-after.ts'
import { headerText, idsToHeader } from '#domain/text/headers.ts'
import { namelessError } from '#domain/visibility/nameless.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { lineOf } from '#domain/runtime/log-line.ts'
import type { AppEnv } from './app-env.ts'
import { aboutOf } from './log-requests.ts'
import { routedSurfaceOf } from './address.ts'
import { tokenHint } from './token-hint.ts'

const IN_PROGRESS_SECONDS = 5

export function respondError(error: unknown, c: Context<AppEnv>): Response {
  const requestId = c.get('requestId') ?? 'unknown'
  const thrown = error instanceof AppError ? error : unexpected(error, c, requestId)
  const known = ownScopeOf(c.get('caller')) ? namelessError(thrown) : thrown
  const hint = known.code === 'unauthorized' ? tokenHint(c) : undefined
  const headers = { ...headersOf(known), ...hintHeaders(hint), 'X-Request-Id': requestId }
  for (const [name, value] of Object.entries(headers)) c.header(name, headerText(value))
  return body(known, c, requestId, hint)
}

/** The hint as a header. It is not in the body, because the seeds fix the bodies of our own paths. */
function hintHeaders(hint: string | undefined): Record<string, string> {
  return hint === undefined ? {} : { 'WWW-Authenticate': 'Bearer', 'X-Gateway-Hint': hint }
}

function headersOf({ code, details }: AppError): Record<string, string> {
  const { accountEmail, jobIds, joined, limit, isLongWait } = details
  const jobs = jobIds && idsToHeader(jobIds)
  const isInProgress = code === 'request_in_progress'
  const seconds = details.retryAfterSeconds ?? (isInProgress ? IN_PROGRESS_SECONDS : undefined)
  const wait = seconds && (isLongWait ? seconds : Math.min(seconds, RETRY_AFTER_SECONDS_MAX))
  return {
    'X-Gateway-Error': code,
    ...(wait === undefined ? {} : { 'Retry-After': String(wait) }),
    ...(accountEmail === undefined ? {} : { 'X-Gateway-Account': emailToHeader(accountEmail) }),
    ...(jobs === undefined ? {} : { 'X-Gateway-Job': jobs }),
    ...(joined === undefined ? {} : { 'X-Gateway-Joined': joined }),
    ...(limit === undefined ? {} : { 'X-Gateway-Limit': limit }),
    ...(details.allow === undefined ? {} : { Allow: details.allow }),
    // Some SDKs read this header before they retry. A retry could start a second paid job.
    ...(code === 'outcome_unknown' || isLongWait ? { 'x-should-retry': 'false' } : {}),
  }
}

function body(
  error: AppError,
  c: Context<AppEnv>,
  requestId: string,
  hint: string | undefined
): Response {
  const surface = routedSurfaceOf(c)
  const { code, message } = error
  if (surface.kind === 'drop-in') {
    const { status } = error
    const { providerCode, field } = error.details
    const shown = { code, status, message: hint ?? message, requestId }
    const shape = surface.provider.answers.errorBody(surface.path, {
      ...shown,
      ...(providerCode === undefined ? {} : { providerCode }),
      ...(field === undefined ? {} : { field }),
    })
    return c.json(shape as object, status as ContentfulStatusCode)
  }
  if (error.details.plainText) return c.text(message, error.status as ContentfulStatusCode)
  // Hono's type does not know useapi.net's own statuses, such as 596.
  const status = (error.details.useapiStatus ?? error.status) as ContentfulStatusCode
  if (error.details.withoutCode) return c.json({ error: message }, status)
  return c.json({ error: message, code: status }, status)
}

function unexpected(error: unknown, c: Context<AppEnv>, requestId: string): AppError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  console.error(lineOf('unexpected', aboutOf(c), { name, message, stack }).text)
  return new AppError('internal', `Something went wrong on our side. Request id: ${requestId}`)
}
