/** Puts a file between the head and the tail of an upload, as a stream. The file is never held whole. */
import type { Ports } from '#domain/ports/ports.ts'
import type { AssetUpload } from '#providers/contract/provider.ts'

/** `bytes`: the length of the file. Absent: it is not known. */
export interface FileStream {
  body: ReadableStream<Uint8Array>
  bytes?: number
}

/** `ended` rejects when the file or the receiver fails. `fault` aborts when the file itself fails, with the reason. */
export interface FramedFile {
  readable: ReadableStream<Uint8Array>
  ended: Promise<void>
  fault: AbortSignal
}

/** The result has a known length if the file has one. A file that is longer or shorter than it was announced fails. */
export function frameFile(
  ports: Ports,
  { body, bytes }: FileStream,
  { head, tail }: Pick<AssetUpload, 'head' | 'tail'>
): FramedFile {
  const encoder = new TextEncoder()
  const [before, after] = [encoder.encode(head), encoder.encode(tail)]
  const frame =
    bytes === undefined
      ? new TransformStream<Uint8Array, Uint8Array>()
      : ports.fixedLength(before.length + bytes + after.length)
  const fault = new AbortController()
  const chunks = noteFault(withLength(body, bytes), (why) => fault.abort(why))
  const pump = async (): Promise<void> => {
    const writer = frame.writable.getWriter()
    try {
      if (before.length > 0) await writer.write(before)
      for await (const chunk of chunks) await writer.write(chunk)
      if (after.length > 0) await writer.write(after)
      await writer.close()
    } catch (error) {
      await writer.abort(error).catch(() => {})
      throw error
    }
  }
  return { readable: frame.readable, ended: pump(), fault: fault.signal }
}

async function* withLength(
  body: ReadableStream<Uint8Array>,
  bytes: number | undefined
): AsyncGenerator<Uint8Array> {
  let left = bytes ?? Infinity
  for await (const chunk of body) {
    left -= chunk.byteLength
    if (left < 0) throw new Error('the file is longer than announced')
    yield chunk
  }
  if (bytes !== undefined && left > 0) throw new Error('the file is shorter than announced')
}

async function* noteFault(
  chunks: AsyncGenerator<Uint8Array>,
  note: (why: unknown) => void
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (error) {
    note(error)
    throw error
  }
}
