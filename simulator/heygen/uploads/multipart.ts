/**
 * Reads an upload as a stream. Of a multipart body only the head of the part named `file` is parsed. The file's size is
 * what follows that head, less the closing boundary, so the file has to be the last part.
 */
import { toHex } from '../../text/bytes.ts'

export type Uploaded = {
  sizeBytes: number
  /** Of the whole body, multipart frame included. */
  bodyBytes: number
  /** Of the whole body, multipart frame included. */
  sha256: string
  contentType: string
  fileName: string | undefined
  hasFile: boolean
  /** The file alone. Absent if it is too large to be kept. */
  bytes?: Uint8Array
}

type ReadOptions = { maxBytes: number; boundary?: string }

const HEAD_MAX_BYTES = 64 * 1024
const FRAME_BYTES = 16 * 1024
export const KEPT_MAX_BYTES = 4 * 1024 * 1024

/** undefined: larger than allowed. */
export async function readUpload(
  request: Request,
  { maxBytes, boundary }: ReadOptions
): Promise<Uploaded | undefined> {
  const limit = boundary ? maxBytes + FRAME_BYTES : maxBytes
  const digest = new crypto.DigestStream('SHA-256')
  const writer = digest.getWriter()
  const head: Uint8Array[] = []
  const all: Uint8Array[] = []
  let headBytes = 0
  let total = 0
  for await (const chunk of request.body ?? []) {
    total += chunk.byteLength
    // Read to the end: a caller that is still sending would see a broken pipe and not the answer.
    if (total > limit) continue
    if (boundary && headBytes < HEAD_MAX_BYTES) {
      head.push(chunk.slice(0, HEAD_MAX_BYTES - headBytes))
      headBytes += chunk.byteLength
    }
    if (total <= KEPT_MAX_BYTES) all.push(chunk.slice())
    await writer.write(chunk)
  }
  await writer.close()
  if (total > limit) return undefined
  const sha256 = toHex(new Uint8Array(await digest.digest))
  const whole = total <= KEPT_MAX_BYTES ? join(all, total) : undefined
  if (!boundary) {
    const contentType = mediaTypeOf(request)
    return {
      sizeBytes: total,
      bodyBytes: total,
      sha256,
      contentType,
      fileName: undefined,
      hasFile: total > 0,
      ...(whole ? { bytes: whole } : {}),
    }
  }
  const part = readPartHead(head)
  const closing = `\r\n--${boundary}--\r\n`.length
  const sizeBytes = part ? Math.max(0, total - part.endsAt - closing) : 0
  if (sizeBytes > maxBytes) return undefined
  return {
    sizeBytes,
    bodyBytes: total,
    sha256,
    contentType: part?.contentType ?? 'application/octet-stream',
    fileName: part?.fileName,
    hasFile: part !== undefined,
    ...(whole && part ? { bytes: whole.slice(part.endsAt, part.endsAt + sizeBytes) } : {}),
  }
}

function join(chunks: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

/** Without parameters, in lower case. */
export function mediaTypeOf(request: Request): string {
  const [type = ''] = (request.headers.get('content-type') ?? '').split(';')
  return type.trim().toLowerCase()
}

type PartHead = { endsAt: number; contentType: string; fileName: string | undefined }

/** Latin-1, so that characters are bytes. */
function readPartHead(chunks: Uint8Array[]): PartHead | undefined {
  const text = chunks.map((chunk) => new TextDecoder('latin1').decode(chunk)).join('')
  const disposition = /content-disposition:[^\r\n]*\bname="?file"?(?=[;\r\n])[^\r\n]*/i.exec(text)
  if (!disposition) return undefined
  const end = text.indexOf('\r\n\r\n', disposition.index)
  if (end < 0) return undefined
  const start = text.lastIndexOf('\r\n--', disposition.index)
  const fields = text.slice(Math.max(0, start), end)
  return {
    endsAt: end + 4,
    contentType:
      /content-type:\s*([^\r\n;]+)/i.exec(fields)?.[1]?.trim() ?? 'application/octet-stream',
    fileName: /filename="([^"]*)"/i.exec(disposition[0])?.[1],
  }
}
