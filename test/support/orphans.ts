/**
 * Ends workerd processes that a killed test process left. A test process ends its workerds when it exits. If it was killed, because
 * it did not end in time, they would run for ever. They are found by the folder of their run (prepare.ts) in their environment.
 * Works only on systems with /proc.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

interface Process {
  pid: number
  parent: number
}

/** Call it when the test processes are gone, because a living one would start its workerd again. */
export function endOrphans(folder: string): void {
  for (const { pid, parent } of workerdsOf(folder)) if (parent === 1) process.kill(pid, 'SIGKILL')
}

function workerdsOf(folder: string): Process[] {
  if (!existsSync('/proc/self/environ')) return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => readProcess(pid, folder) ?? [])
}

/** Undefined: the process is not of this run, or it has ended meanwhile. */
function readProcess(pid: string, folder: string): Process | undefined {
  try {
    const [name = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (!name.endsWith('/workerd')) return undefined
    const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    if (!environ.includes(`KEPT_ONCE=${folder}`)) return undefined
    const [, , parent = ''] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { pid: Number(pid), parent: Number(parent) }
  } catch {
    return undefined
  }
}
