/**
 * The deliveries about a job's end, as text, for the row of the ended job. Until its first attempt has ended, a delivery has no row
 * of its own. A body is in the text once, however many get it.
 */
import type { Delivery, EndNews } from './delivery.ts'

/** Longer ones get rows of their own at once. */
const TEXT_MAX = 64_000

type WithoutBody = Delivery & {
  /** The place of its body in `bodies`. */
  bodyAt: number
}

interface Stored {
  bodies: string[]
  deliveries: WithoutBody[]
  /** Older Workers do not write it. */
  toEndpoints?: WithoutBody
}

/** `isOwing`: the text has the deliveries. Otherwise they need rows of their own. */
export function packOwed({ deliveries, toEndpoints }: EndNews): {
  text?: string
  isOwing: boolean
} {
  // Where endpoints are not known yet, others will take the place of this delivery.
  const isReady = deliveries.every(({ target }) => target.kind !== 'endpoints')
  const text = isReady && deliveries.length > 0 ? pack({ deliveries, toEndpoints }) : undefined
  if (text !== undefined) return { text, isOwing: true }
  const rest = toEndpoints && isReady ? pack({ deliveries: [], toEndpoints }) : undefined
  return { ...(rest === undefined ? {} : { text: rest }), isOwing: false }
}

function pack({ deliveries, toEndpoints }: EndNews): string | undefined {
  const all = toEndpoints ? [...deliveries, toEndpoints] : deliveries
  const bodies = [...new Set(all.map(({ event }) => event.body))]
  const stripped = (one: Delivery): WithoutBody => ({
    ...one,
    event: { ...one.event, body: '' },
    bodyAt: bodies.indexOf(one.event.body),
  })
  const stored: Stored = {
    bodies,
    deliveries: deliveries.map(stripped),
    ...(toEndpoints && { toEndpoints: stripped(toEndpoints) }),
  }
  const text = JSON.stringify(stored)
  return text.length > TEXT_MAX ? undefined : text
}

export function unpackOwed(text: string): EndNews {
  const { bodies, deliveries, toEndpoints } = JSON.parse(text) as Stored
  const restored = ({ bodyAt, ...one }: WithoutBody): Delivery => ({
    ...one,
    event: { ...one.event, body: bodies[bodyAt] ?? '' },
  })
  return {
    deliveries: deliveries.map(restored),
    ...(toEndpoints && { toEndpoints: restored(toEndpoints) }),
  }
}
