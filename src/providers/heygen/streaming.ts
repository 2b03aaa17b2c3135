/**
 * HeyGen's interactive avatars (reference/heygen.md section 8). The SDK in the browser sends its token as Bearer, and in the query
 * to the chat socket.
 */
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderStreaming } from '#providers/contract/provider.ts'
import { get } from '#providers/shared/row.ts'

/** This row is not in the table, because without an upgrade this GET is not a call of HeyGen. */
const SOCKET = get('/v1/ws/streaming.chat', 'streaming-session', {
  pool: 'owner',
  ids: ['streaming-session! query:session_id'],
})

export const streaming: ProviderStreaming = {
  token: { method: 'POST', path: '/v1/streaming.create_token', at: '/data/token' },
  paths: [
    '/v1/streaming.new',
    '/v1/streaming.start',
    '/v1/streaming.task',
    '/v1/streaming.stop',
    '/v1/streaming.interrupt',
    '/v1/streaming.keep_alive',
    '/v1/streaming.ice',
    '/v1/streaming.start_listening',
    '/v1/streaming.stop_listening',
  ],
  socket: { route: SOCKET, tokenParam: 'session_token' },
  /** The words of the refusal decide, because its number means other things on other paths. */
  saysOver: (status, body) =>
    status === 400 && /session state wrong: clos/i.test(textAt(body, '/message') ?? ''),
}
