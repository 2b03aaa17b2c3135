/**
 * Workers that begin in a workerd which another test has left (renewal.ts). One that does not come to rest is not used
 * again. Whoever kills, weighs or restarts workerd takes one of its own (`isAlone` of openGateway).
 */
import { callControl } from './control.ts'
import { runWorker, type RunningWorker } from '../../../scripts/lib/run-worker.ts'

const PATIENCE_MS = 30_000

/** While nobody has it. */
const ignore: (message: string) => void = () => undefined

interface Reusable {
  worker: RunningWorker
  /** Of whoever has it now. */
  onLog: (message: string) => void
  /** The last of its turns whose beginning was read in its log. */
  readTurn: number
}

interface Wanted {
  config: string
  name: string
  entry: string
  vars: Record<string, string>
  onLog?: (message: string) => void
}

const left = new Map<string, Reusable[]>()

export async function takeWorker(wanted: Wanted): Promise<RunningWorker> {
  const { entry, vars, onLog } = wanted
  const known = left.get(entry)?.pop()
  const taken = known ?? (await startReusable(wanted))
  const { worker } = taken
  if (!(await renew(taken, vars))) {
    await worker.dispose()
    if (!known) throw new Error(`${entry} does not begin`)
    return takeWorker(wanted)
  }
  taken.onLog = onLog ?? ignore
  let isLeft = false
  const dispose = async () => {
    if (isLeft) return
    isLeft = true
    const isAtRest = await renew(taken, {})
    taken.onLog = ignore
    if (isAtRest) left.set(entry, [...(left.get(entry) ?? []), taken])
    else await worker.dispose()
  }
  return { url: worker.url, port: worker.port, pid: worker.pid, dispose }
}

async function startReusable({ config, name, entry }: Wanted): Promise<Reusable> {
  const logs = { onLog: ignore, readTurn: 0 }
  const onLog = ({ message }: { message: string }) => {
    const [, turn] = /^renewed (\d+)$/.exec(message) ?? []
    if (turn === undefined) logs.onLog(message)
    else logs.readTurn = Number(turn)
  }
  const worker = await runWorker({ config, name, entry, onLog })
  return Object.assign(logs, { worker })
}

/** False: what was done last does not end. */
async function renew(one: Reusable, vars: Record<string, string>): Promise<boolean> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  try {
    const { text } = await callControl('POST', `${one.worker.url}/__renew`, { vars }, signal)
    const { turn } = JSON.parse(text) as { turn?: number }
    while (turn !== undefined && one.readTurn < turn) {
      signal.throwIfAborted()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return turn !== undefined
  } catch {
    return false
  }
}
