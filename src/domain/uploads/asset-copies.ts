/**
 * Assets of one account in a call that another account has to serve: which are brought over, and how their new ids get into
 * the body. Only ids in the body can change; everything else that a call names is fixed where it is.
 */
import { slicesAt, splice } from '#domain/text/json-slices.ts'

/** Of one call. */
export const ASSETS_MAX = 4
/** Of one asset. */
export const ASSET_BYTES_MAX = 32 * 1024 * 1024

/** Something that a call names and that belongs to an account. */
export interface Named {
  id: string
  email: string
  isAsset: boolean
}

export type Plan =
  /** Nothing pins it. */
  | { kind: 'any' }
  /** `ids` are brought to `email`. `canMove`: whatever it names could be brought to any account. */
  | { kind: 'at'; email: string; ids: string[]; canMove: boolean }
  /** Two things that cannot be moved. */
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

/** Of those with as many the one named first. */
function mostNamed(named: readonly Named[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { email } of named) counts.set(email, (counts.get(email) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0]
}

/** Whole strings that equal an id at one of the pointers become its copy; every other character stays. */
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
