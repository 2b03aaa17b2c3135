/** Which lines of `src` were reached, by V8's own counting. Node strips types in place, so its offsets are those of the source. */
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { fileURLToPath } from 'node:url'
import type { Reached } from './many.ts'

interface Range {
  startOffset: number
  endOffset: number
  count: number
}

interface Script {
  url: string
  functions: { ranges: Range[] }[]
}

/** Must be called before `src` is loaded. Returns what was reached since. */
export function startReaching(): (root: string) => Reached {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
  return (root) => {
    let scripts: Script[] = []
    session.post('Profiler.takePreciseCoverage', (_, { result }) => {
      scripts = result as Script[]
    })
    const start = `file://${root}/src/`
    const own = scripts.filter(({ url }) => url.startsWith(start) && url.endsWith('.ts'))
    return Object.fromEntries(
      own.map((script) => [script.url.slice(start.length), linesOf(script)])
    )
  }
}

function linesOf({ url, functions }: Script): Reached[string] {
  const text = readFileSync(fileURLToPath(url), 'utf8')
  const isMissed = new Uint8Array(text.length)
  // Ranges inside come after those around them.
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges)
      isMissed.fill(count === 0 ? 1 : 0, startOffset, endOffset)
  const lines: number[] = []
  const reached: number[] = []
  let offset = 0
  for (const [index, line] of text.split('\n').entries()) {
    const first = offset + line.search(/\S/)
    if (isCode(line)) {
      lines.push(index + 1)
      if (!isMissed[first]) reached.push(index + 1)
    }
    offset += line.length + 1
  }
  return { lines, reached }
}

/** Not an empty line, a comment, or a line that only closes. */
function isCode(line: string): boolean {
  return (
    /[A-Za-z0-9]/.test(line) && !/^\s*(?:\/\/|\/\*|\*|import\b|export type\b|\} from\b)/.test(line)
  )
}

/** Of the lines of these rooms, as text. */
export function reachedText(all: readonly Reached[]): string {
  const rooms = new Map<string, { lines: number; reached: number }>()
  const files = new Set(all.flatMap((one) => Object.keys(one)))
  for (const file of files) {
    const room = file.split('/')[0] ?? ''
    const sum = rooms.get(room) ?? { lines: 0, reached: 0 }
    const reached = new Set(all.flatMap((one) => one[file]?.reached ?? []))
    const lines = new Set(all.flatMap((one) => one[file]?.lines ?? []))
    rooms.set(room, { lines: sum.lines + lines.size, reached: sum.reached + reached.size })
  }
  return [...rooms]
    .map(([room, { lines, reached }]) => `${room} ${((100 * reached) / lines).toFixed(1)} %`)
    .toSorted()
    .join(', ')
}
