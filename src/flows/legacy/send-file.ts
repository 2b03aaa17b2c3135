/** Sends a client's file as the provider's newer upload takes it: streamed, between a head and a tail. */
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { frameFile } from '#flows/uploads/frame-file.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import type { NewerCall } from '#providers/contract/provider.ts'
import type { Ask } from './newer-call.ts'

export async function sendFile(
  ports: Ports,
  call: ProxyCall,
  file: NonNullable<NewerCall['file']>,
  ask: Ask
): Promise<ProxyAnswer> {
  const { uploads } = call.provider
  if (!uploads) throw new Error('this provider has no uploads')
  const upload = uploads.upload('', { type: file.type, name: file.name }, ports.newId())
  const { readable, ended, fault } = frameFile(ports, file, upload)
  ended.catch(() => {})
  const headers = new Headers(call.headers)
  headers.set('content-type', upload.contentType)
  try {
    // A file that breaks off must not look like a whole one, so the call ends with it.
    const framed = { body: readable, isFramed: true, bodySent: ended, signal: fault } as const
    const answer = await ask(ports, { ...call, headers, ...framed })
    fault.throwIfAborted()
    return answer
  } catch (error) {
    if (!fault.aborted) throw error
    if (fault.reason instanceof AppError) throw fault.reason
    throw new AppError('bad_request', 'The body ended before it was complete.')
  }
}
