/**
 * `GET /v1/{provider}/jobs/{id}/file`: the file that a finished job made, from the gateway's own origin. A page under a strict
 * Content-Security-Policy can show it, and the provider's link, which expires, is asked for anew each time.
 */
import type { Context } from 'hono'
import { emailToHeader } from '#domain/accounts/account.ts'
import { isUnstarted } from '#domain/line/shown.ts'
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import { dispatchRequest } from '#flows/dispatch-request.ts'
import { findJobOrItem } from '#flows/jobs/find-job.ts'
import { fetchFile } from '#flows/uploads/fetch-file.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import type { JobFile, Provider } from '#providers/contract/provider.ts'
import type { AppEnv } from '#http/request/app-env.ts'

const ANSWER_BYTES_MAX = 1024 * 1024
/** The answers of storage that are passed on. */
const SERVED = new Set([200, 206, 416])
const SENT_ON = ['range', 'if-range']
const SENT_BACK = ['content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified']
const AS_DATA = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'private, no-store',
}

export async function serveJobFile(c: Context<AppEnv>, provider: Provider): Promise<Response> {
  const id = c.req.param('id') ?? ''
  const caller = c.get('caller')
  const own = ownScopeOf(caller)
  const found = await findJobOrItem(c.get('ports'), provider, caller.tenant, id, own)
  if (!found) throw none(`Unable to locate job ${id}`)
  if ('item' in found && isUnstarted(found.item))
    throw none('It never started, so it made no file.')
  const ended = 'record' in found ? found.record.ended : undefined
  if (!('record' in found) || !ended)
    throw none('The job has not ended yet. It has no file until then.')
  const { account, record } = found
  const { status } = ended.outcome
  if (status !== 'completed') throw none(`The job ended as ${status}. It made no file.`)
  if (!account) throw none('The account of this job was removed. Only the provider has its file.')
  const file = provider.jobs.fileOf?.(record.lease)
  if (!file) throw none('A job of this kind makes no file that can be shown.')
  const name = nameOf(record.lease.jobId ?? record.lease.requestId)
  // A link may have ended in the moment between, so one more is asked for.
  for (let again = 0; again < 2; again += 1) {
    const url = await urlOf(c, provider, account.email, file)
    const headers = { 'X-Gateway-Account': emailToHeader(account.email) }
    const answer = await fetched(c, url, name, headers)
    if (answer) return answer
  }
  throw none('The provider gives a link to the file, but the link does not work (any more).')
}

/** Undefined: the link does not work. */
async function fetched(
  c: Context<AppEnv>,
  url: string,
  name: string,
  more: Record<string, string>
): Promise<Response | undefined> {
  const headers = picked(c.req.raw.headers, SENT_ON)
  const { signal } = c.req.raw
  const origin = new URL(c.req.url).origin
  const found = await fetchFile(c.get('ports'), url, { headers, signal, origin })
  if (!found.ok && found.why === 'refused')
    throw none('The provider’s link to the file does not lead to a public https address.')
  if (!found.ok) throw new AppError('upstream_unreachable', 'The file could not be reached.')
  const { answer, type } = found
  if (!SERVED.has(answer.status) || type === undefined) {
    await answer.body?.cancel()
    if (!SERVED.has(answer.status)) return undefined
    throw none('What the provider links to is no video, picture or sound.')
  }
  const back = {
    ...picked(answer.headers, SENT_BACK),
    ...AS_DATA,
    ...more,
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name}.${extensionOf(type)}"`,
  }
  // Signed links are often good for GET alone, so HEAD is a GET without its body.
  if (c.req.raw.method !== 'HEAD')
    return new Response(answer.body, { status: answer.status, headers: back })
  await answer.body?.cancel()
  return new Response(null, { status: answer.status, headers: back })
}

/** The link in a fresh status answer of the job's own account. */
async function urlOf(
  c: Context<AppEnv>,
  provider: Provider,
  email: string,
  { ask, at }: JobFile
): Promise<string> {
  const { pathname, search } = new URL(ask, 'http://path')
  const { response } = await dispatchRequest(c.get('ports'), {
    requestId: c.get('requestId'),
    origin: new URL(c.req.url).origin,
    tenant: c.get('caller').tenant,
    provider,
    match: provider.routes.match('GET', pathname),
    method: 'GET',
    path: pathname,
    search,
    headers: new Headers({ accept: 'application/json' }),
    body: null,
    signal: c.req.raw.signal,
    email,
  })
  const bytes = await readBytes(response.body, ANSWER_BYTES_MAX)
  if (response.status === 404 || response.status === 410)
    throw none('The provider no longer has this job.')
  if (!response.ok) {
    const message = `The provider answered ${response.status} to the question for the file.`
    throw new AppError('upstream_unreachable', message)
  }
  const json = bytes && parseJson(bytes)
  const url = at
    .map((pointer) => textAt(json, pointer))
    .find((text) => text !== undefined && text !== '')
  if (url === undefined) throw none('The provider shows no file of this job.')
  return url
}

function none(message: string): AppError {
  return new AppError('not_found', message)
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => [[name, headers.get(name)] as const]).filter(isGiven)
  )
}

function isGiven(entry: readonly [string, string | null]): entry is [string, string] {
  return entry[1] !== null
}

/** Ids of jobs are texts of the provider: a file name gets only what is plain. */
function nameOf(id: string): string {
  return id.replaceAll(/[^\w.-]+/g, '_').slice(0, 80)
}

function extensionOf(type: string): string {
  const known: Record<string, string> = {
    'audio/mpeg': 'mp3',
    'image/jpeg': 'jpg',
    'video/quicktime': 'mov',
  }
  if (type === 'application/octet-stream') return 'bin'
  return known[type] ?? type.slice(type.indexOf('/') + 1).replace(/^x-/, '')
}
