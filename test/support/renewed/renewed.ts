/**
 * Starts Workers in a workerd that another test has left (renewal.ts). A workerd whose work does not end is not used again. A test
 * that kills or restarts workerd, or measures its memory, needs its own (`isAlone` of openGateway).
 */
import { callControl } from './control.ts'
import { runWorker, type RunningWorker } from '../../../scripts/lib/run-worker.ts'

const PATIENCE_MS = 100_000

/** The log of a workerd that no test uses is dropped. */
const ignore: (message: string) => void = () => undefined

interface Reusable {
  worker: RunningWorker
  /** The log function of the test that uses the workerd now. */
  onLog: (message: string) => void
  /** The number of the last turn whose first line was read in the log. */
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
  const worker = await runWorker({ config, name, entry, onLog, isDirect: true })
  return Object.assign(logs, { worker })
}

/** False: the work of the last turn does not end. */
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
