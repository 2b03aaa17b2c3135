/** Which row of a catalogue a request means. */

export type Found<Row> = { row: Row; params: Record<string, string> }

type Compiled<Row> = { row: Row; segments: string[] }
type Place = { method: string; path: string }

export function toRoutes<Row>(
  rows: Row[],
  placeOf: (row: Row) => Place
): (method: string, path: string) => Found<Row> | undefined {
  const byShape = new Map<string, Compiled<Row>[]>()
  for (const row of rows) {
    const { method, path } = placeOf(row)
    const segments = path.split('/').slice(1)
    const shape = `${method} ${segments.length}`
    byShape.set(shape, [...(byShape.get(shape) ?? []), { row, segments }])
  }
  // Literal segments beat parameters, from the left.
  for (const compiled of byShape.values()) {
    compiled.sort((a, b) => weigh(a.segments).localeCompare(weigh(b.segments)))
  }
  return (method, path) => {
    const segments = path.split('/').slice(1)
    // A HEAD is answered as its GET; the runtime leaves the body out.
    const asked = method === 'HEAD' ? 'GET' : method
    for (const compiled of byShape.get(`${asked} ${segments.length}`) ?? []) {
      const params = bindParams(compiled.segments, segments)
      if (params) return { row: compiled.row, params }
    }
    return undefined
  }
}

function bindParams(pattern: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith('{')) {
      if (!segment) return undefined
      params[part.slice(1, -1)] = decode(segment)
    } else if (part !== segment) return undefined
  }
  return params
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

function weigh(segments: string[]): string {
  return segments.map((segment) => (segment.startsWith('{') ? '1' : '0')).join('')
}
