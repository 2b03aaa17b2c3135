/** Reads the body of a client's call whole, for a call that must be looked into. */
import { AppError } from '#domain/runtime/errors.ts'
import { parseJson, readUtf8 } from '#domain/text/json-text.ts'
import type { ProxyCall, ReadCall } from './proxy-call.ts'
import { readBytes } from './read-answer.ts'

/** A byte order mark. It is no part of the JSON (RFC 8259 section 8.1). */
const MARK = '\uFEFF'
const MARK_BYTES = 3
const LOOKED_AT_BYTES_MAX = 16 * 1024 * 1024

/** Throws `bad_request` for a body that is not UTF-8 or is encoded, `too_large` above 16 MiB. */
export async function readWhole(call: ProxyCall): Promise<ReadCall> {
  const body = call.body instanceof ReadableStream ? await readBody(call) : call.body
  if (!body?.byteLength) return { ...call, body, json: undefined }
  const text = readUtf8(body)
  // A later change to the body would damage bytes of an unknown encoding.
  if (text === undefined) throw new AppError('bad_request', 'The body is not UTF-8.')
  // What stands in the body is found and replaced in its text, which begins after the mark.
  const bare = text.startsWith(MARK) ? body.subarray(MARK_BYTES) : body
  return { ...call, body: bare, json: parseJson(text) }
}

async function readBody({ body, headers, bodyBytes }: ProxyCall): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (!/^\s*(identity)?\s*$/i.test(encoding)) {
    throw new AppError(
      'bad_request',
      'The gateway must read this body: send it without Content-Encoding.'
    )
  }
  const stream = body as ReadableStream<Uint8Array>
  const bytes = await readBytes(stream, LOOKED_AT_BYTES_MAX, bodyBytes).catch(() => {
    throw bodyBroken()
  })
  if (bytes) return bytes
  const advice = 'Upload large files first and name them by their asset id.'
  throw new AppError('too_large', `A JSON body may have up to 16 MiB. ${advice}`)
}

export function bodyBroken(): AppError {
  return new AppError('bad_request', 'The body ended before it was complete.')
}
