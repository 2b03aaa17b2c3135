/**
 * The deliveries about a job's end, as text, for the row of the ended job. Until its first attempt has ended, a delivery has no row
 * of its own. A body is in the text once, however many get it.
 */
import type { Delivery } from './delivery.ts'

/** Longer ones get rows of their own at once. */
const TEXT_MAX = 64_000

interface Stored {
  bodies: string[]
  /** `bodyAt`: the place of its body in `bodies`. */
  deliveries: (Delivery & { bodyAt: number })[]
}

/** Undefined: these deliveries need rows of their own. Where endpoints are not known yet, others will take their place. */
export function packOwed(deliveries: readonly Delivery[]): string | undefined {
  if (deliveries.length === 0) return undefined
  if (deliveries.some(({ target }) => target.kind === 'endpoints')) return undefined
  const bodies = [...new Set(deliveries.map(({ event }) => event.body))]
  const stored: Stored = {
    bodies,
    deliveries: deliveries.map((one) => ({
      ...one,
      event: { ...one.event, body: '' },
      bodyAt: bodies.indexOf(one.event.body),
    })),
  }
  const text = JSON.stringify(stored)
  return text.length > TEXT_MAX ? undefined : text
}

export function unpackOwed(text: string): Delivery[] {
  const { bodies, deliveries } = JSON.parse(text) as Stored
  return deliveries.map(({ bodyAt, ...one }) => ({
    ...one,
    event: { ...one.event, body: bodies[bodyAt] ?? '' },
  }))
}
