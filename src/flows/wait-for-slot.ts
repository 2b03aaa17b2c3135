/**
 * Tries a call that takes slots, and where all are taken and the client would rather wait, waits for its turn and tries
 * again. Nothing has been started while it waits, so a client that leaves meanwhile has asked for nothing.
 */
import { AppError } from '#domain/errors.ts'
import type { Ports } from '#domain/ports.ts'
import type { Eligible } from './choose-accounts.ts'
import type { ProxyAnswer, ReadCall } from './proxy-call.ts'

export async function waitForSlot(
  ports: Ports,
  call: ReadCall,
  eligible: Eligible,
  attempt: () => Promise<ProxyAnswer>
): Promise<ProxyAnswer> {
  const since = ports.now()
  const until = since + (call.waitSeconds ?? 0) * 1000
  const accounts = eligible.accounts.map((account) => account.key)
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const isFull = error instanceof AppError && error.code === 'slots_full'
      if (!isFull || ports.now() >= until) throw error
      const desk = ports.desk(call.tenant, call.provider.name)
      const turn = await desk.awaitTurn({ id: call.requestId, since, accounts }, until)
      if (turn === 'none' || call.signal?.aborted) throw error
      for (const account of accounts) ports.hints.noteFreed(account)
    }
  }
}
