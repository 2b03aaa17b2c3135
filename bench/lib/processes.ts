/** Processes of the bench: started, measured through /proc, ended. Linux only. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const BENCH = path.resolve(import.meta.dirname, '..')

export interface Started {
  child: ChildProcess
  port: number
}

/** Starts a program of this folder that sends `{ port }` once it listens. */
export async function startProgram(file: string): Promise<Started> {
  const child = fork(path.join(BENCH, file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [message] = (await once(child, 'message')) as [{ port: number }]
  return { child, port: message.port }
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

/**
 * CPU time of a process in ms: user and system, of all its threads that still run. From `schedstat`, which counts nanoseconds;
 * `stat` counts in steps of 10 ms.
 */
export function cpuMs(pid: number): number {
  let total = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [ns] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
    total += Number(ns) / 1e6
  }
  return total
}

export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}
