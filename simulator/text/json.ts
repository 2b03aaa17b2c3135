/** JSON values of unknown shape. */

export type Doc = Record<string, unknown>

export function isDoc(value: unknown): value is Doc {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

export function asTexts(values: unknown[]): string[] {
  return values.filter((each) => typeof each === 'string')
}

/** The values at a JSON pointer whose `*` segments mean every item. null counts as left out. */
export function readPointer(value: unknown, pointer: string | undefined): unknown[] {
  if (!pointer) return []
  let found: unknown[] = [value]
  for (const segment of pointer.split('/').slice(1)) {
    found = found.flatMap((each) => {
      if (each === null || typeof each !== 'object') return []
      if (segment === '*') return Object.values(each)
      return segment in each ? [(each as Doc)[segment]] : []
    })
  }
  return found.filter((each) => each !== null && each !== undefined)
}

/** A copy in which every string, number, boolean and null is what `change` makes of it. `name` is that of its member. */
export function mapLeaves(
  value: unknown,
  change: (leaf: unknown, name: string) => unknown,
  name = ''
): unknown {
  if (Array.isArray(value)) return value.map((each) => mapLeaves(each, change, name))
  if (!isDoc(value)) return change(value, name)
  return Object.fromEntries(
    Object.entries(value).map(([member, each]) => [member, mapLeaves(each, change, member)])
  )
}
