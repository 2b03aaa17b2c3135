/**
 * Finds the row of a route table for a method and a path, in a tree of path segments. A literal segment wins over a
 * parameter at every depth; if the literal branch has no match, the parameter is tried. HEAD matches the GET row.
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

/**
 * Compares the decoded path without a trailing slash, because the provider may read it so: another spelling must not hide a
 * creation from its row. The caller must have checked that the path's percent-encoding is valid.
 */
export function matcher<R extends Row>(table: readonly R[]) {
  const root = emptyNode<R>()
  for (const row of table) insert(root, row)
  return (
    method: string,
    path: string
  ): { route: R; params: Record<string, string> } | undefined => {
    const segments = segmentsOf(path)
    const route = walk(root, segments, 0, method === 'HEAD' ? 'GET' : method)
    return route && { route, params: paramsOf(route.path, segments) }
  }
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/')
  segments.shift()
  if (segments.length > 1 && segments.at(-1) === '') segments.pop()
  return path.includes('%') ? segments.map(decodeURIComponent) : segments
}

function paramsOf(template: string, segments: string[]): Record<string, string> {
  const params: Record<string, string> = {}
  for (const [index, part] of template.split('/').slice(1).entries()) {
    if (part.startsWith('{')) params[part.slice(1, -1)] = segments[index] ?? ''
  }
  return params
}
