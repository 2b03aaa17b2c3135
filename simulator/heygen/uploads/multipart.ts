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
  const file = boundary ? findFile(head, total, boundary) : wholeBody(request, total)
  if (file && file.sizeBytes > maxBytes) return undefined
  const isKept = file !== undefined && total <= KEPT_MAX_BYTES
  return {
    sizeBytes: file?.sizeBytes ?? 0,
    bodyBytes: total,
    sha256,
    contentType: file?.contentType ?? 'application/octet-stream',
    fileName: file?.fileName,
    hasFile: file !== undefined,
    ...(isKept
      ? { bytes: join(all, total).slice(file.startsAt, file.startsAt + file.sizeBytes) }
      : {}),
  }
}

type FilePart = {
  /** Of the body. */
  startsAt: number
  sizeBytes: number
  contentType: string
  fileName: string | undefined
}

function wholeBody(request: Request, sizeBytes: number): FilePart {
  return { startsAt: 0, sizeBytes, contentType: mediaTypeOf(request), fileName: undefined }
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

/** The part named `file`. Latin-1, so that characters are bytes. */
function findFile(head: Uint8Array[], total: number, boundary: string): FilePart | undefined {
  const text = head.map((chunk) => new TextDecoder('latin1').decode(chunk)).join('')
  const disposition = /content-disposition:[^\r\n]*\bname="?file"?(?=[;\r\n])[^\r\n]*/i.exec(text)
  if (!disposition) return undefined
  const end = text.indexOf('\r\n\r\n', disposition.index)
  if (end < 0) return undefined
  const start = text.lastIndexOf('\r\n--', disposition.index)
  const fields = text.slice(Math.max(0, start), end)
  const startsAt = end + 4
  const closingBytes = `\r\n--${boundary}--\r\n`.length
  return {
    startsAt,
    sizeBytes: Math.max(0, total - startsAt - closingBytes),
    contentType:
      /content-type:\s*([^\r\n;]+)/i.exec(fields)?.[1]?.trim() ?? 'application/octet-stream',
    fileName: /filename="([^"]*)"/i.exec(disposition[0])?.[1],
  }
}
