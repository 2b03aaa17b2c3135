/**
 * The only place that makes an error body: an AppError in the shape of the surface that was called, anything else as
 * `internal` with the request id and nothing of the exception. It needs nothing that can fail.
 */
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { emailToHeader } from '#domain/account.ts'
import { AppError } from '#domain/errors.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from './app-env.ts'
import { surfaceOf } from './surface.ts'

export function respondError(error: unknown, c: Context<AppEnv>): Response {
  const requestId = c.get('requestId') ?? 'unknown'
  const known = error instanceof AppError ? error : unexpected(error, requestId)
  c.header('X-Gateway-Error', known.code)
  c.header('X-Request-Id', requestId)
  const { retryAfterSeconds, accountEmail } = known.details
  if (retryAfterSeconds !== undefined) c.header('Retry-After', String(retryAfterSeconds))
  if (accountEmail !== undefined) c.header('X-Gateway-Account', emailToHeader(accountEmail))
  return body(known, c, requestId)
}

function body(error: AppError, c: Context<AppEnv>, requestId: string): Response {
  const surface = surfaceOf(c.req.path, PROVIDERS)
  const { code, message } = error
  if (surface.kind === 'drop-in') {
    const { status } = error
    const { providerCode, field } = error.details
    const told = { code, status, message, requestId }
    const shape = surface.provider.errorBody(surface.path, {
      ...told,
      ...(providerCode === undefined ? {} : { providerCode }),
      ...(field === undefined ? {} : { field }),
    })
    return c.json(shape as object, status as ContentfulStatusCode)
  }
  if (error.details.plainText) return c.text(message, error.status as ContentfulStatusCode)
  // useapi.net's own numbers, 596 among them, are outside what Hono's type knows.
  const status = (error.details.useapiStatus ?? error.status) as ContentfulStatusCode
  if (error.details.withoutCode) return c.json({ error: message }, status)
  return c.json({ error: message, code: status }, status)
}

function unexpected(error: unknown, requestId: string): AppError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  console.error(JSON.stringify({ event: 'unexpected', requestId, name, message, stack }))
  return new AppError('internal', `Something went wrong on our side. Request id: ${requestId}`)
}
