/** Ports of an account's object in which its own key leads to itself: a flow that asks for its slots calls it without a request. */
import type { Ports } from '#domain/ports/ports.ts'
import type { SenderContext } from './context.ts'

export function ownPorts({ ports, key, self }: SenderContext): Ports {
  const usual = ports()
  const own = key()
  return { ...usual, slots: (account) => (account === own ? self() : usual.slots(account)) }
}
