/**
 * Copies one upload from one account to another: reads the file from the URL that the provider gives for it, and streams it
 * into the provider's free upload. The request to that URL carries no credential, and redirects are not followed.
 */
import type { Account } from '#domain/accounts/account.ts'
import { ASSET_BYTES_MAX } from '#domain/uploads/asset-copies.ts'
import { readTarget } from '#domain/events/callback-target.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ProviderUploads } from '#providers/contract/provider.ts'
import { readCall } from '#flows/routing/ask-accounts.ts'
import type { ProxyCall } from '#flows/upstream/proxy-call.ts'
import { sendOn } from '#flows/routing/send-on.ts'
import { targetPolicy } from '#flows/events/tickets.ts'
import { readBytes } from '#flows/upstream/read-answer.ts'
import { frameFile } from './frame-file.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

export interface Copying {
  original: string
  from: Account
  to: Account
  /** Aborts all copies of one call. */
  signal: AbortSignal
}

/** The id of the copy, or the reason why there is none. */
export type Copied = { copy: string } | { why: string }

export async function copyAsset(
  ports: Ports,
  call: ProxyCall,
  assets: ProviderUploads,
  copying: Copying
): Promise<Copied> {
  try {
    const source = await findSource(ports, call, assets, copying)
    if ('why' in source) return source
    return await uploadTo(ports, call, assets, copying, source)
  } catch (error) {
    if (copying.signal.aborted) return { why: 'it took too long' }
    if (error instanceof AppError) return { why: 'the provider could not be reached' }
    return { why: 'its file could not be read to the end' }
  }
}

interface Source {
  body: ReadableStream<Uint8Array>
  length: number
  type: string
  name: string
}

async function findSource(
  ports: Ports,
  call: ProxyCall,
  assets: ProviderUploads,
  { original, from, signal }: Copying
): Promise<Source | { why: string }> {
  const { path, urlAt, nameAt } = assets.read(original)
  const { signal: _, ...own } = readCall(call.provider, call, { path })
  const shown = await sendOn(ports, own, from, signal)
  const bytes = await readBytes(shown.body, ANSWER_BYTES_MAX)
  const json = shown.ok && bytes ? parseJson(bytes) : undefined
  const url = textAt(json, urlAt)
  if (url === undefined) return { why: 'its account gives no URL of its file' }
  const where = readTarget(url, targetPolicy(ports, call.origin))
  if (!where.ok) return { why: 'its file has no public https address' }
  const headers = { accept: '*/*', 'accept-encoding': 'identity' }
  const file = await ports.fetch(where.url, { method: 'GET', headers, signal })
  const length = lengthOf(file)
  if (file.status !== 200 || !file.body || length === undefined) {
    await file.body?.cancel()
    const isThere = file.status === 200
    return { why: isThere ? 'the length of its file is not known' : 'its file could not be read' }
  }
  if (length > ASSET_BYTES_MAX) {
    await file.body.cancel()
    return { why: 'its file is larger than 32 MiB' }
  }
  const type = file.headers.get('content-type') ?? typeOf(where.url)
  return { body: file.body, length, type, name: textAt(json, nameAt) ?? '' }
}

/** The file's length in bytes. Undefined: the answer does not give it, or the body is compressed and has another length. */
function lengthOf({ headers }: Response): number | undefined {
  const text = headers.get('content-length') ?? ''
  if (!/^\d{1,15}$/.test(text) || headers.has('content-encoding')) return undefined
  return Number(text)
}

const TYPES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  mp4: 'video/mp4',
  webm: 'video/webm',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  pdf: 'application/pdf',
  srt: 'application/x-subrip',
}

/** Guesses the content type from the URL, for storage that sends none. */
export function typeOf(url: string): string {
  const extension = /\.([a-z0-9]+)$/i.exec(new URL(url).pathname)?.[1] ?? ''
  return TYPES[extension.toLowerCase()] ?? 'application/octet-stream'
}

async function uploadTo(
  ports: Ports,
  call: ProxyCall,
  assets: ProviderUploads,
  { original, to, signal }: Copying,
  source: Source
): Promise<Copied> {
  const upload = assets.upload(original, { type: source.type, name: source.name }, ports.newId())
  const { provider, tenant, requestId, origin } = call
  const { readable, ended } = frameFile(ports, { body: source.body, bytes: source.length }, upload)
  const sending = sendOn(
    ports,
    {
      origin,
      requestId,
      tenant,
      provider,
      match: provider.routes.match('POST', upload.path),
      method: 'POST',
      path: upload.path,
      search: '',
      headers: new Headers({ 'content-type': upload.contentType }),
      body: readable,
      isFramed: true,
    },
    to,
    signal
  )
  const [sent] = await Promise.all([sending, ended])
  const bytes = await readBytes(sent.body, ANSWER_BYTES_MAX)
  const copy = sent.ok && bytes ? textAt(parseJson(bytes), upload.idAt) : undefined
  return copy === undefined
    ? { why: `the other account did not accept it (HTTP ${sent.status})` }
    : { copy }
}
