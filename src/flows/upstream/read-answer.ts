/** Reads bodies with a limit on their size, and makes the small HTTP client (`Upstream`) that provider folders get. */
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Upstream } from '#providers/contract/provider.ts'

const ANSWER_BYTES_MAX = 1024 * 1024

export function makeUpstream(ports: Ports): Upstream {
  return {
    now: ports.now,
    settings: ports.settings,
    async send(origin, call) {
      const answer = await ports.fetch(origin + call.path, {
        method: call.method,
        headers: call.headers ?? {},
        signal: ports.timeoutSignal(call.timeoutMs),
        ...(call.body === undefined ? {} : { body: call.body }),
      })
      const bytes = await readAnswer(answer, ANSWER_BYTES_MAX)
      if (bytes === undefined) throw new Error('the answer is too large')
      return {
        status: answer.status,
        headers: answer.headers,
        text: new TextDecoder().decode(bytes),
      }
    },
    pause: (ms) => ports.after(ms),
  }
}

/**
 * Reads the whole body. Undefined: it is larger than `bytesMax`; the rest is cancelled. `length`: what Content-Length says of this
 * body. HTTP ends the body there, so it is read in one step, which costs a third of reading it piece by piece.
 */
export async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  length = Infinity
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!body) return new Uint8Array()
  if (length <= bytesMax) return new Uint8Array(await new Response(body).arrayBuffer())
  const read = await readOrKeep(body, bytesMax)
  if (read instanceof Uint8Array) return read
  await read.cancel()
  return undefined
}

/** The same for an answer. */
export async function readAnswer(
  answer: Response,
  bytesMax: number
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const isShort = lengthOf(answer.headers) <= bytesMax
  return isShort ? new Uint8Array(await answer.arrayBuffer()) : readBytes(answer.body, bytesMax)
}

/** The same, but a larger answer is returned as a stream of the same bytes. */
export async function readOrKeepAnswer(
  answer: Response,
  bytesMax: number
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const length = lengthOf(answer.headers)
  if (!answer.body) return new Uint8Array()
  if (length <= bytesMax) return new Uint8Array(await answer.arrayBuffer())
  return readOrKeep(answer.body, bytesMax)
}

/** Infinity: not known, also because the platform decodes the body: the header counts the encoded bytes. */
function lengthOf(headers: Headers): number {
  const length = headers.get('content-length')
  return length === null || headers.has('content-encoding') ? Infinity : Number(length)
}

/** Reads the rest of a body and discards it. Otherwise a client that is still sending may see a broken connection, not the answer. */
export async function drain(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number
): Promise<void> {
  let left = bytesMax
  try {
    for await (const piece of body ?? []) {
      left -= piece.byteLength
      if (left <= 0) break
    }
  } catch {
    // The client has disconnected.
  }
}

const REFUSAL_BYTES_MAX = 64 * 1024

/** Reads a refusal: its JSON, if it is JSON of at most 64 KiB, and the whole body to pass on. */
export async function peek(answer: Response): Promise<{ json: unknown; body: BodyInit | null }> {
  const copy = answer.clone().body
  const bytes = await readBytes(copy, REFUSAL_BYTES_MAX).catch(() => undefined)
  return bytes ? { json: parseJson(bytes), body: bytes } : { json: undefined, body: answer.body }
}

function join(chunks: Uint8Array<ArrayBuffer>[], size: number): Uint8Array<ArrayBuffer> {
  const [first] = chunks
  if (first && chunks.length === 1) return first
  const whole = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

/** Reads a body of at most `bytesMax`; of a larger one it returns a stream of the same bytes. Throws when the body breaks off. */
export async function readOrKeep(
  body: ReadableStream<Uint8Array>,
  bytesMax: number
): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>> {
  const reader = body.getReader()
  const read: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    read.push(part.value as Uint8Array<ArrayBuffer>)
    length += part.value.byteLength
    if (length > bytesMax) return goingOn(read, reader)
  }
  return join(read, length)
}

function goingOn(
  read: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const kept = read.shift()
      if (kept) return controller.enqueue(kept)
      const part = await reader.read()
      if (part.done) return controller.close()
      return controller.enqueue(part.value)
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
