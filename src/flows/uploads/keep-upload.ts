/**
 * Stores uploads for a provider that takes media by URL only. A file is stored for a day under a name that cannot be guessed, and
 * the provider fetches it. If the provider cannot reach the gateway, files go into the creation's body as base64, if the field
 * allows that.
 */
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports, UploadFound } from '#domain/ports/ports.ts'
import { retryAfterSeconds } from '#domain/text/retry-after.ts'
import {
  INLINE_BYTES_MAX,
  nameInUrl,
  newUploadName,
  UPLOAD_BYTES_MAX,
  UPLOADED_BYTES_MAX,
  UPLOADS_MAX,
  uploadUrl,
} from '#domain/uploads/upload.ts'
import type { UseapiUploads } from '#providers/contract/provider.ts'
import { isReachable } from '#flows/events/tickets.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'

export interface Uploader {
  tenant: string
  tokenId: string
  /** The origin that the client called. */
  origin: string
}

export interface UploadedFile {
  type: string
  size: number
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>
}

/** Stores a file and returns its URL. It counts against the token's limit before it is stored, so broken uploads count too. */
export async function keepUpload(
  ports: Ports,
  provider: string,
  { tenant, tokenId, origin }: Uploader,
  { type, size, body }: UploadedFile
): Promise<string> {
  if (size > UPLOAD_BYTES_MAX) throw tooLarge()
  if (size === 0) throw new AppError('bad_request', 'The file is empty.')
  const allowedAt = await ports.desk(tenant, provider).takeUpload(tokenId, size)
  if (allowedAt !== undefined) throw tooMuch(allowedAt, ports.now())
  const name = newUploadName(type, ports.randomBytes(32))
  await ports.uploads.keep(name, body, { type, size, tenant }).catch(() => {
    throw new AppError('upstream_unreachable', 'The file could not be kept. Send it again.')
  })
  return uploadUrl(ports.settings.publicOrigin || origin, name)
}

export function tooLarge(): AppError {
  const message = 'A file may have up to 25 MiB. Name a larger one by a URL of your own instead.'
  return new AppError('too_large', message)
}

function tooMuch(allowedAt: number, now: number): AppError {
  const gib = UPLOADED_BYTES_MAX / 1024 ** 3
  const until = new Date(allowedAt).toISOString()
  const message = `A token may upload ${UPLOADS_MAX} files and ${gib} GiB in 24 hours; there is room again from ${until}. Name media by a URL of your own instead.`
  return new AppError('token_limit', message, {
    retryAfterSeconds: retryAfterSeconds(allowedAt, now),
  })
}

/** The fields with this tenant's uploads in a form that the provider accepts: URLs that it can fetch stay, others become base64. */
export async function reachableUploads(
  ports: Ports,
  uploads: UseapiUploads,
  { tenant, origin }: Uploader,
  fields: Record<string, unknown>
): Promise<Record<string, unknown>> {
  if (isReachable(ports, origin)) return fields
  const origins = [ports.settings.publicOrigin, origin].filter((one) => one !== '')
  const changed: Record<string, unknown> = {}
  let total = 0
  for (const [field, value] of Object.entries(fields)) {
    const name = typeof value === 'string' ? nameInUrl(value, origins) : undefined
    if (name === undefined) continue
    const found = await ports.uploads.find(name)
    total += found?.size ?? 0
    changed[field] = await inline(
      field,
      uploads,
      found?.tenant === tenant ? found : undefined,
      total
    )
  }
  return { ...fields, ...changed }
}

async function inline(
  field: string,
  uploads: UseapiUploads,
  found: UploadFound | undefined,
  total: number
): Promise<string> {
  if (!found) {
    const why = 'there is no upload at this address (any more); uploads are kept for 24 hours'
    throw new AppError('bad_request', `${field}: ${why}`)
  }
  if (!uploads.isInline(found.type)) {
    const why = `the provider takes ${found.type} by URL only, and cannot fetch it here: PUBLIC_ORIGIN must be https`
    throw new AppError('bad_request', `${field}: ${why}`)
  }
  const bytes = total > INLINE_BYTES_MAX ? undefined : await readBytes(found.body, INLINE_BYTES_MAX)
  if (bytes) return toBase64(bytes)
  const why =
    'The uploads in one call may have up to 12 MiB together where PUBLIC_ORIGIN is not https'
  throw new AppError('too_large', `${why}. Name them by URLs of your own instead.`)
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  // Pieces of a multiple of three bytes, so that their base64 can be joined.
  for (let at = 0; at < bytes.length; at += 12_288) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 12_288)))
  }
  return text
}
