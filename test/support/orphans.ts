/**
 * A process that runs tests ends its workerds when it exits. Where it was killed instead, because it did not end in time, they
 * would go on for ever: they are known by the folder of their run (prepare.ts), which they have in their environment.
 * Only where there is a /proc.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

interface Process {
  pid: number
  parent: number
}

/** Once the processes that run tests are gone: one whose parent lives would be started again. */
export function endOrphans(folder: string): void {
  for (const { pid, parent } of workerdsOf(folder)) if (parent === 1) process.kill(pid, 'SIGKILL')
}

function workerdsOf(folder: string): Process[] {
  if (!existsSync('/proc/self/environ')) return []
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => readProcess(pid, folder) ?? [])
}

/** Undefined: another process, or one that has ended meanwhile. */
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
