/** Leaves out components that nobody refers to, directly or by others. */
import { refTo, type Json, type JsonObject } from './json.ts'

export function withoutUnused(document: JsonObject): JsonObject {
  const { components, ...rest } = document
  const kinds = components as Record<string, JsonObject>
  const used = usedIn(rest, kinds)
  const text = JSON.stringify(rest)
  const isNeeded = (kind: string, name: string) =>
    kind === 'securitySchemes' ? text.includes(`{"${name}":[`) : used.has(`${kind}/${name}`)
  const kept = Object.entries(kinds).map(([kind, all]) => [
    kind,
    Object.fromEntries(Object.entries(all).filter(([name]) => isNeeded(kind, name))),
  ])
  return { ...rest, components: Object.fromEntries(kept) as JsonObject }
}

function usedIn(document: Json, kinds: Record<string, JsonObject>): Set<string> {
  const used = new Set<string>()
  const visit = (value: Json): void => {
    for (const [, kind = '', name = ''] of JSON.stringify(value).matchAll(
      /"#\/components\/(\w+)\/([^"]+)"/g
    )) {
      const ref = `${kind}/${name}`
      if (used.has(ref)) continue
      used.add(ref)
      const target = kinds[kind]?.[name]
      if (target === undefined)
        throw new Error(`nothing is at ${JSON.stringify(refTo(kind, name))}`)
      visit(target)
    }
  }
  visit(document)
  return used
}
