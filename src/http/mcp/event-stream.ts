/** A stream of server-sent events that carries the messages of one call. */
import type { RunningCall } from '#domain/mcp/resume.ts'
import { eventId } from '#domain/mcp/resume.ts'

export interface EventStream {
  /** Sends a message. `call`: the client may go on from here. */
  send(message: object, call?: RunningCall): void
  /** Sends an event without a message, so that the client knows how to go on before anything has happened. */
  prime(call: RunningCall): void
}

const HEADERS = {
  'Content-Type': 'text/event-stream',
  // Tells proxies not to hold events back.
  'X-Accel-Buffering': 'no',
}

/** How long a client waits before it comes back. Not scaled: it is the client's own pause. */
const RETRY_MS = 2000

/** `count`: the last number of the stream that goes on. `onGone`: the client has left. */
export function eventStream(
  work: (stream: EventStream) => Promise<void>,
  { count, onGone }: { count: number; onGone: () => void }
): Response {
  const encoder = new TextEncoder()
  let last = count
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      // A client that has left closes the stream, and a closed stream takes nothing.
      let isOpen = true
      const write = (text: string) => {
        try {
          if (isOpen) controller.enqueue(encoder.encode(text))
        } catch {
          isOpen = false
        }
      }
      const idOf = (call: RunningCall) => {
        last += 1
        const id = eventId(call, last)
        return id === undefined ? '' : `id: ${id}\n`
      }
      const done = work({
        send: (message, call) =>
          write(`${call ? idOf(call) : ''}event: message\ndata: ${JSON.stringify(message)}\n\n`),
        prime: (call) => write(`${idOf(call)}retry: ${RETRY_MS}\ndata: \n\n`),
      })
      void done.finally(() => {
        try {
          controller.close()
        } catch {
          isOpen = false
        }
      })
    },
    cancel: onGone,
  })
  return new Response(body, { headers: HEADERS })
}
