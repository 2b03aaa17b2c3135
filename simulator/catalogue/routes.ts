/** Which row of a catalogue a request means. */

export type Match<Row> = { row: Row; params: Record<string, string> }

type Compiled<Row> = { row: Row; segments: string[] }
type Address = { method: string; path: string }

export function toRoutes<Row>(
  rows: Row[],
  addressOf: (row: Row) => Address
): (method: string, path: string) => Match<Row> | undefined {
  const byShape = new Map<string, Compiled<Row>[]>()
  for (const row of rows) {
    const { method, path } = addressOf(row)
    const segments = path.split('/').slice(1)
    const shape = `${method} ${segments.length}`
    byShape.set(shape, [...(byShape.get(shape) ?? []), { row, segments }])
  }
  // A literal segment wins over a parameter, from the left.
  for (const compiled of byShape.values()) {
    compiled.sort((a, b) => weigh(a.segments).localeCompare(weigh(b.segments)))
  }
  return (method, path) => {
    const segments = path.split('/').slice(1)
    // HEAD is answered like GET; the runtime leaves the body out.
    const verb = method === 'HEAD' ? 'GET' : method
    for (const compiled of byShape.get(`${verb} ${segments.length}`) ?? []) {
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
