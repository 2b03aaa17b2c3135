/** A CPU profile of a Worker's isolate, taken through workerd's inspector (Chrome DevTools Protocol). */
import { InspectorSession } from '../../scripts/lib/inspector.ts'

interface Frame {
  functionName: string
  url: string
  /** From 0. */
  lineNumber: number
}

interface Node {
  id: number
  callFrame: Frame
  children?: number[]
}

export interface CpuProfile {
  nodes: Node[]
  samples: number[]
  /** Microseconds since the sample before. */
  timeDeltas: number[]
}

export interface ProfileRow {
  /** Function and source file. */
  name: string
  selfMs: number
  totalMs: number
}

const SAMPLE_US = 200

/** Profiles the isolate of the service `main` while `work` runs. */
export async function profileWhile(
  inspectorPort: number,
  work: () => Promise<void>
): Promise<CpuProfile> {
  const session = await InspectorSession.open(`ws://127.0.0.1:${inspectorPort}/main`)
  await session.ask('Profiler.enable')
  await session.ask('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.ask('Profiler.start')
  await work()
  const { profile } = (await session.ask('Profiler.stop')) as { profile: CpuProfile }
  session.close()
  return profile
}

/** The functions by self time. Times of idleness are not counted. `script` says which source file a line is from. */
export function rowsOf(profile: CpuProfile, script: string): ProfileRow[] {
  const fileOf = filesOf(script)
  const self = selfTimes(profile)
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const rows = new Map<string, ProfileRow>()
  const visit = (id: number, above: readonly string[]): number => {
    const node = byId.get(id)
    if (!node) return 0
    const { functionName, lineNumber, url } = node.callFrame
    const file = url === '' ? '' : ` ${fileOf(lineNumber)}`
    const name = `${functionName || '(anonymous)'}${file}`
    const row = rows.get(name) ?? { name, selfMs: 0, totalMs: 0 }
    rows.set(name, row)
    const own = self.get(id) ?? 0
    const below = [...above, name]
    const total = (node.children ?? []).reduce((sum, child) => sum + visit(child, below), own)
    row.selfMs += own
    // A function that calls itself counts once.
    if (!above.includes(name)) row.totalMs += total
    return total
  }
  visit(profile.nodes[0]?.id ?? 0, [])
  return [...rows.values()]
    .filter(({ name }) => name !== '(idle)')
    .toSorted((a, b) => b.selfMs - a.selfMs)
}

function selfTimes({ samples, timeDeltas }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>()
  for (const [at, id] of samples.entries())
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1000)
  return times
}

/** esbuild writes a comment with the file's path before each file's code. */
function filesOf(script: string): (line: number) => string {
  const starts = script
    .split('\n')
    .flatMap((text, line) => (/^\/\/ (?:src|node_modules)\//.test(text) ? [{ line, text }] : []))
  return (line) => {
    const start = starts.findLast((one) => one.line <= line)
    return start?.text.slice(3).replace('node_modules/', '') ?? ''
  }
}
