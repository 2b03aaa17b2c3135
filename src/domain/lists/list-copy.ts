/**
 * A copy of a list of public rows, which is read a portion at a time: each request goes on where the last one stopped. Ages count
 * from the start of a reading.
 */
import * as z from 'zod/mini'

const part = z.object({
  startedAt: z.number(),
  /** The account whose list is read. Its page tokens mean nothing to another one. */
  email: z.string(),
  next: z.string(),
  rows: z.array(z.unknown()),
})

export const listCopy = z.object({
  whole: z.optional(z.object({ startedAt: z.number(), rows: z.array(z.unknown()) })),
  /** A reading that has not come to the list's end. */
  part: z.optional(part),
})

export type ListCopy = z.infer<typeof listCopy>
export type ListPart = z.infer<typeof part>

/** The end of a page and the account that gave it. `next`: the token of the page after it; absent: there is none. */
export interface ListPage {
  email: string
  rows: readonly unknown[]
  next?: string
}

/** Up to which age a copy is used as it is, and up to which age while it is read again. */
export interface CopyAges {
  freshMs: number
  keepMs: number
}

/**
 * `rows`: what the copy is good for now. `read`: whether the list is to be read again, after the answer or before it.
 */
export function useOf(
  copy: ListCopy | undefined,
  now: number,
  { freshMs, keepMs }: CopyAges
): { rows?: readonly unknown[]; read: 'no' | 'after' | 'before' } {
  const whole = copy?.whole
  if (!whole || now - whole.startedAt >= keepMs) return { read: 'before' }
  return { rows: whole.rows, read: now - whole.startedAt < freshMs ? 'no' : 'after' }
}

/** The reading that can be continued. An older one shows rows of different times, so the list is read from its start. */
export function partOf(
  copy: ListCopy | undefined,
  now: number,
  { freshMs }: CopyAges
): ListPart | undefined {
  return copy?.part && now - copy.part.startedAt < freshMs ? copy.part : undefined
}

/** The copy with one more page. `from`: the reading that it continues; undefined: it is a first page. */
export function withPage(
  copy: ListCopy | undefined,
  from: ListPart | undefined,
  { email, rows, next }: ListPage,
  now: number
): ListCopy {
  const startedAt = from?.startedAt ?? now
  const all = [...(from?.rows ?? []), ...rows]
  if (next === undefined || next === from?.next) return { whole: { startedAt, rows: all } }
  const whole = copy?.whole
  return { ...(whole ? { whole } : {}), part: { startedAt, email, next, rows: all } }
}

/** The copy that is worth more. */
export function betterCopy(a: ListCopy | undefined, b: ListCopy | undefined): ListCopy | undefined {
  if (!a || !b) return a ?? b
  const age = (copy: ListCopy) => copy.whole?.startedAt ?? 0
  if (age(a) !== age(b)) return age(a) > age(b) ? a : b
  const begun = (copy: ListCopy) => copy.part?.rows.length ?? 0
  return begun(b) > begun(a) ? b : a
}
