/** A CPU profile of a Worker's isolate, taken through workerd's inspector (Chrome DevTools Protocol). */
const SAMPLE_US = 200
/** Profiles the isolate of the service `main` while `work` runs. */
export async function profileWhile(inspectorPort, work) {
  const session = await Session.open(`ws://127.0.0.1:${inspectorPort}/main`)
  await session.ask('Profiler.enable')
  await session.ask('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.ask('Profiler.start')
  await work()
  const { profile } = await session.ask('Profiler.stop')
  session.close()
  return profile
}
class Session {
  #socket
  #waiting = new Map()
  #last = 0
  constructor(socket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data))
      if (id !== undefined) this.#waiting.get(id)?.(result)
    })
  }
  static open(url) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url)
      socket.addEventListener('open', () => resolve(new Session(socket)))
      socket.addEventListener('error', () => reject(new Error(`no inspector at ${url}`)))
    })
  }
  ask(method, params = {}) {
    this.#last += 1
    const id = this.#last
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }
  close() {
    this.#socket.close()
  }
}
/** The functions by self time. Times of idleness are not counted. `script` says which source file a line is from. */
export function rowsOf(profile, script) {
  const fileOf = filesOf(script)
  const self = selfTimes(profile)
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const rows = new Map()
  const visit = (id, above) => {
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
function selfTimes({ samples, timeDeltas }) {
  const times = new Map()
  for (const [at, id] of samples.entries())
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1000)
  return times
}
/** esbuild writes a comment with the file's path before each file's code. */
function filesOf(script) {
  const starts = script
    .split('\n')
    .flatMap((text, line) => (/^\/\/ (?:src|node_modules)\//.test(text) ? [{ line, text }] : []))
  return (line) => {
    const start = starts.findLast((one) => one.line <= line)
    return start?.text.slice(3).replace('node_modules/', '') ?? ''
  }
}
