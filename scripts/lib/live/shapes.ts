/** The shape of a JSON answer: names and types of its members, never a value. */
export interface Shape {
  kinds: Set<string>
  members: Map<string, Shape>
  /** What a list contains, all elements together. */
  items?: Shape
}

/** Maps whose names a user chose. Their names are values too. */
const OPEN_MAPS = /(^|\/)(variables|counts_by_status)$/

/** A member's name as code writes it. Anything else may be a value that is used as a name. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z_0-9]{0,39}$/
const LIKE_AN_ID = /[0-9a-f]{12}|\d{5}/i

export function shapeOf(value: unknown, path = ''): Shape {
  const shape: Shape = { kinds: new Set([kindOf(value)]), members: new Map() }
  if (Array.isArray(value)) {
    const items = value.map((each) => shapeOf(each, `${path}/*`)).reduce(joined, undefined)
    if (items) shape.items = items
    return shape
  }
  if (typeof value !== 'object' || value === null) return shape
  for (const [name, each] of Object.entries(value)) {
    const shown = OPEN_MAPS.test(path) ? '*' : shownName(name)
    const inner = shapeOf(each, `${path}/${shown}`)
    shape.members.set(shown, joined(shape.members.get(shown), inner))
  }
  return shape
}

export function shownName(name: string): string {
  return PLAIN_NAME.test(name) && !LIKE_AN_ID.test(name) ? name : '*'
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'list'
  const kind = typeof value
  return kind === 'string' ? 'text' : kind
}

function joined(one: Shape | undefined, other: Shape): Shape {
  if (!one) return other
  const members = new Map(one.members)
  for (const [name, shape] of other.members) members.set(name, joined(members.get(name), shape))
  const items =
    one.items && other.items ? joined(one.items, other.items) : (one.items ?? other.items)
  const kinds = new Set([...one.kinds, ...other.kinds])
  return { kinds, members, ...(items ? { items } : {}) }
}

/** What differs from the documented shape, one line each. A null says nothing about a type, an empty list nothing about its rows. */
export function differences(documented: Shape, seen: Shape, path = ''): string[] {
  const known = withoutNull(documented.kinds)
  const found = withoutNull(seen.kinds)
  const others = known.size === 0 ? [] : [...found].filter((kind) => !known.has(kind))
  const at = path || '/'
  if (others.length > 0)
    return [`${at}: ${others.join(' or ')}, documented as ${[...known].join(' or ')}`]
  const lines: string[] = []
  if (documented.items && seen.items) {
    lines.push(...differences(documented.items, seen.items, `${path}/*`))
  }
  // An empty object in an example stands for a map of anything.
  if (documented.members.size === 0 || !found.has('object')) return lines
  for (const [name, shape] of seen.members) {
    const inner = documented.members.get(name)
    if (inner) lines.push(...differences(inner, shape, `${path}/${name}`))
    else lines.push(`${path}/${name}: not documented (${[...shape.kinds].join(' or ')})`)
  }
  for (const name of documented.members.keys()) {
    const isOpen = name === '*'
    if (!isOpen && !seen.members.has(name)) lines.push(`${path}/${name}: missing`)
  }
  return lines
}

function withoutNull(kinds: ReadonlySet<string>): Set<string> {
  return new Set([...kinds].filter((kind) => kind !== 'null'))
}
