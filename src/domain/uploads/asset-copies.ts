/**
 * Decides which uploads of a call must be copied to another account, and puts the ids of the copies into its body. Only
 * uploads named in the body can be copied; anything else that a call names binds it to its account.
 */
import { slicesAt, splice } from '#domain/text/json-slices.ts'

/** The most uploads copied for one call. */
export const ASSETS_MAX = 4
/** The largest upload that is copied. */
export const ASSET_BYTES_MAX = 32 * 1024 * 1024

/** A resource that a call names, and the account that owns it. */
export interface Named {
  id: string
  email: string
  isAsset: boolean
}

export type Plan =
  /** The call is not bound to an account. */
  | { kind: 'any' }
  /** The call runs at `email`, and `ids` are copied there. `canMove`: it names uploads only, so any account could run it. */
  | { kind: 'at'; email: string; ids: string[]; canMove: boolean }
  /** The call names two resources of different accounts that cannot be copied. */
  | { kind: 'conflict'; pair: [Named, Named] }

export function planOf(named: readonly Named[]): Plan {
  const fixed = named.filter(({ isAsset }) => !isAsset)
  const [first] = fixed
  const other = fixed.find(({ email }) => email !== first?.email)
  if (first && other) return { kind: 'conflict', pair: [first, other] }
  const email = first?.email ?? mostNamed(named)
  if (email === undefined) return { kind: 'any' }
  const ids = named.flatMap((one) => (one.email === email ? [] : [one.id]))
  return { kind: 'at', email, ids, canMove: first === undefined }
}

/** The account that owns most of the uploads. If several own as many, the one named first. */
function mostNamed(named: readonly Named[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { email } of named) counts.set(email, (counts.get(email) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0]
}

/** Replaces ids at the pointers by the ids of their copies. Every other character of the text stays as it is. */
export function swapIds(
  text: string,
  pointers: readonly string[],
  copies: ReadonlyMap<string, string>
): string {
  const edits = new Map<number, { start: number; end: number; text: string }>()
  for (const slice of pointers.flatMap((pointer) => slicesAt(text, pointer))) {
    if (text[slice.start] !== '"') continue
    const copy = copies.get(JSON.parse(text.slice(slice.start, slice.end)) as string)
    if (copy !== undefined) edits.set(slice.start, { ...slice, text: JSON.stringify(copy) })
  }
  return splice(text, [...edits.values()])
}
