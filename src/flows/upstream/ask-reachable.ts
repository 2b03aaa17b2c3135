/** Asks many objects. One that cannot be reached does not spoil the answer: the others are told, and it is named. */
import type { Ports } from '#domain/ports/ports.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { inTime } from '#domain/runtime/in-time.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from './limit-concurrency.ts'

export interface Reached<T, R> {
  /** In the order of the items. */
  answers: { item: T; answer: R }[]
  /** The items whose objects could not be reached. */
  missing: T[]
  /** Throws what the first of them threw, if no object answered at all. */
  failIfNone: () => void
  /** Throws it if there is one. */
  failIfMissing: () => void
}

export async function askReachable<T, R>(
  ports: Pick<Ports, 'log' | 'after'>,
  items: readonly T[],
  ask: (item: T) => Promise<R>,
  atOnce = OBJECTS_AT_ONCE
): Promise<Reached<T, R>> {
  const asked = await limitConcurrency(items, atOnce, async (item) => {
    try {
      return { item, answer: await inTime(ports, ask(item)) }
    } catch (error) {
      // An AppError is an answer of our own, not a failure of the platform.
      if (error instanceof AppError) throw error
      return { item, error }
    }
  })
  const failed = asked.flatMap((one) => ('error' in one ? [one] : []))
  const [first] = failed
  if (first) {
    const message = first.error instanceof Error ? first.error.message : ''
    ports.log('objects_not_reached', { count: failed.length, message })
  }
  return {
    answers: asked.flatMap((one) => ('error' in one ? [] : [one])),
    missing: failed.map(({ item }) => item),
    failIfNone() {
      if (first && failed.length === items.length) throw first.error
    },
    failIfMissing() {
      if (first) throw first.error
    },
  }
}
