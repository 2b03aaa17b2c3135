/**
 * Finds the row of a route table for a method and a path. A tree of segments: a literal segment wins over a parameter
 * at every depth, with a step back when the literal leads nowhere. HEAD matches the GET row.
 */
interface Row {
  method: string
  path: string
}

interface Node<R> {
  literal: Map<string, Node<R>>
  parameter?: Node<R>
  rows: Map<string, R>
}

function insert<R extends Row>(root: Node<R>, row: R): void {
  let node = root
  for (const segment of row.path.split('/').slice(1)) node = childOf(node, segment)
  if (node.rows.has(row.method)) throw new Error(`route table: ${row.method} ${row.path} twice`)
  node.rows.set(row.method, row)
}

function childOf<R>(node: Node<R>, segment: string): Node<R> {
  if (segment.startsWith('{')) {
    node.parameter ??= emptyNode()
    return node.parameter
  }
  const known = node.literal.get(segment)
  if (known) return known
  const child = emptyNode<R>()
  node.literal.set(segment, child)
  return child
}

function emptyNode<R>(): Node<R> {
  return { literal: new Map(), rows: new Map() }
}

function walk<R>(node: Node<R>, segments: string[], depth: number, method: string): R | undefined {
  const segment = segments[depth]
  if (segment === undefined) return node.rows.get(method)
  const literal = node.literal.get(segment)
  const found = literal && walk(literal, segments, depth + 1, method)
  if (found || !node.parameter || segment === '') return found
  return walk(node.parameter, segments, depth + 1, method)
}

/** Parameters come out with their percent-encoding undone; the caller has checked that it can be undone. */
export function matcher<R extends Row>(table: readonly R[]) {
  const root = emptyNode<R>()
  for (const row of table) insert(root, row)
  return (
    method: string,
    path: string
  ): { route: R; params: Record<string, string> } | undefined => {
    const segments = path.split('/').slice(1)
    const route = walk(root, segments, 0, method === 'HEAD' ? 'GET' : method)
    return route && { route, params: paramsOf(route.path, segments) }
  }
}

function paramsOf(template: string, segments: string[]): Record<string, string> {
  const params: Record<string, string> = {}
  for (const [index, part] of template.split('/').slice(1).entries()) {
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeURIComponent(segments[index] ?? '')
  }
  return params
}
