/** Reads the delivery target that a client gives outside the body: headers, useapi.net's fields, the tenant's default. */
import type { Context } from 'hono'
import { readTarget } from '#domain/events/callback-target.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { REPLY_REF_HEADER, REPLY_URL_HEADER } from '#domain/text/headers.ts'
import type { Reply } from '#domain/slots/lease.ts'
import { targetPolicy } from '#flows/events/tickets.ts'
import type { AppEnv } from '#http/request/app-env.ts'

const CHARS_MAX = 1024

/** The target of a drop-in call: from the headers, else the tenant's default. */
export function replyOfHeaders(c: Context<AppEnv>): Reply | undefined {
  const url = c.req.header(REPLY_URL_HEADER)
  const ref = c.req.header(REPLY_REF_HEADER)
  return makeReply(c, { url, ref, urlName: 'X-Gateway-Reply-Url', refName: 'X-Gateway-Reply-Ref' })
}

export function makeReply(
  c: Context<AppEnv>,
  given: {
    url: string | undefined
    ref: string | undefined
    urlName: string
    refName: string
    form?: string
  }
): Reply | undefined {
  const { ref, urlName, refName, form } = given
  if (ref !== undefined && ref.length > CHARS_MAX) {
    throw new AppError('bad_request', `${refName} is too long`)
  }
  const url = given.url ? checkTarget(c, urlName, given.url) : defaultUrl(c)
  if (url === undefined && ref === undefined) return undefined
  return {
    ...(url === undefined ? {} : { url }),
    ...(ref === undefined ? {} : { ref }),
    ...(form === undefined ? {} : { form }),
  }
}

function defaultUrl(c: Context<AppEnv>): string | undefined {
  return c.get('caller')?.replyUrl ?? undefined
}

/** The URL in the form in which it will be called. Throws a 400 that names the field. */
export function checkTarget(c: Context<AppEnv>, name: string, text: string): string {
  const where = readTarget(text, targetPolicy(c.get('ports'), new URL(c.req.url).origin))
  if (where.ok) return where.url
  throw new AppError('bad_request', `${name}: ${where.message}`)
}
