/** Tells the desk that the whole pool refuses calls, so that its alerts can be told. At most once a minute from one isolate. */
import type { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { ReadCall } from '#flows/upstream/proxy-call.ts'

/** `error`: `slots_full`. */
export function notePoolFull(ports: Ports, { tenant, provider }: ReadCall, error: AppError): void {
  // One account may be full while others have slots. The few slots for unknown paths say nothing about the others.
  if (error.details.accountEmail !== undefined || error.details.isOfGuesses) return
  const name = `${tenant} ${provider.name} pool full`
  const now = ports.now()
  if (ports.memory.get(name, now) !== undefined) return
  ports.memory.set(name, true, now + ports.durations.poolNoteMs)
  const noting = ports.desk(tenant, provider.name).noteFull()
  ports.defer(noting.catch(() => {}))
}
