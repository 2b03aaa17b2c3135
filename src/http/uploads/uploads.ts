/**
 * Receives and serves files for a provider that has no upload of its own. `/files/{name}` serves a file to anyone who knows its
 * name. A browser never shows it as a page: it does not guess a type, runs no scripts and downloads the file.
 */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { AppError } from '#domain/runtime/errors.ts'
import { isUploadName, mediaType, UPLOAD_BYTES_MAX } from '#domain/uploads/upload.ts'
import { keepUpload, tooLarge, type UploadedFile } from '#flows/uploads/keep-upload.ts'
import type { Provider, UseapiUploads } from '#providers/contract/provider.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { refusal } from '#http/request/authenticate.ts'
import { ownError, route, type App } from '#http/request/route.ts'

/** Bytes for boundaries, part headers and small fields beside the file. */
const FORM_BYTES_MORE = 64 * 1024
const TYPES = "image/…, audio/… or video/…, as the file's own Content-Type (not SVG)"

const ofUpload = z.object({ email: z.optional(z.string()) })
const kept = z.object({ url: z.string(), resourceUrl: z.string() })

export function addUploads(app: App, provider: Provider, { path }: UseapiUploads): void {
  const answers = { 200: kept, 400: ownError, 413: ownError }
  const summary = 'Keeps a file for 24 hours at a URL: raw bytes, or multipart/form-data'
  route(
    app,
    { method: 'post', path, summary, query: ofUpload, needs: 'use', kind: 'uploads', answers },
    async (c) => {
      const { tenant, id: tokenId } = c.get('caller')
      const uploader = { tenant, tokenId, origin: new URL(c.req.url).origin }
      const url = await keepUpload(c.get('ports'), provider.name, uploader, await fileOf(c))
      return c.json({ url, resourceUrl: url }, 200, { 'Cache-Control': 'no-store' })
    }
  )
}

async function fileOf(c: Context<AppEnv>): Promise<UploadedFile> {
  const contentType = c.req.header('content-type') ?? ''
  if (/^multipart\/form-data/i.test(contentType)) return fileInForm(c, contentType)
  const type = checked(contentType)
  const size = lengthOf(c)
  if (size !== undefined) {
    if (size > UPLOAD_BYTES_MAX) throw await refusedWhole(c)
    return { type, size, body: c.req.raw.body ?? new Uint8Array() }
  }
  const bytes = await whole(c, UPLOAD_BYTES_MAX)
  return { type, size: bytes.byteLength, body: bytes }
}

/** The first file of the form, whatever its field is called. */
async function fileInForm(c: Context<AppEnv>, contentType: string): Promise<UploadedFile> {
  const most = UPLOAD_BYTES_MAX + FORM_BYTES_MORE
  const size = lengthOf(c)
  if (size !== undefined && size > most) throw await refusedWhole(c)
  const body = size === undefined ? await whole(c, most) : c.req.raw.body
  const headers = { 'content-type': contentType }
  const form = await new Response(body, { headers }).formData().catch(() => {
    throw new AppError('bad_request', 'The form could not be read.')
  })
  const file = [...form.values()].find((one): one is File => typeof one !== 'string')
  if (!file) throw new AppError('bad_request', 'The form has no file.')
  return { type: checked(file.type), size: file.size, body: file.stream() }
}

function lengthOf(c: Context<AppEnv>): number | undefined {
  const length = c.req.header('content-length')
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

async function whole(c: Context<AppEnv>, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  await eachChunk(c, (chunk) => {
    size += chunk.byteLength
    if (size <= most) chunks.push(chunk)
    else chunks.length = 0
  })
  if (size > most) throw tooLarge()
  // The pieces are joined here: `formData()` would hold the file in memory three times.
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

/** Reads and drops the rest of the body first. A client that is still sending would not read the answer. */
async function refusedWhole(c: Context<AppEnv>): Promise<AppError> {
  await eachChunk(c, () => undefined)
  return tooLarge()
}

async function eachChunk(
  c: Context<AppEnv>,
  take: (chunk: Uint8Array<ArrayBuffer>) => void
): Promise<void> {
  try {
    for await (const chunk of c.req.raw.body ?? []) take(chunk as Uint8Array<ArrayBuffer>)
  } catch {
    throw new AppError('bad_request', 'The file was not received whole. Send it again.')
  }
}

function checked(contentType: string): string {
  const type = mediaType(contentType)
  if (type === undefined) throw new AppError('bad_request', `The file must be ${TYPES}.`)
  return type
}

const AS_DATA = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Content-Disposition': 'attachment',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/** Serves a file without a token. Wrong names are limited by client address, as wrong tokens are. */
export async function serveUpload(c: Context<AppEnv>): Promise<Response> {
  const name = c.req.param('name') ?? ''
  const found = isUploadName(name) ? await c.get('ports').uploads.find(name) : undefined
  if (!found) {
    const refused = isUploadName(name) ? await refusal(c) : undefined
    if (refused?.code === 'too_many_failures') throw refused
    throw new AppError('not_found', 'There is no such file; uploads are kept for 24 hours.')
  }
  const { type, size, body } = found
  const headers = { ...AS_DATA, 'Content-Type': type, 'Content-Length': String(size) }
  if (c.req.raw.method !== 'HEAD') return c.body(body, 200, headers)
  await body.cancel()
  return c.body(null, 200, headers)
}
