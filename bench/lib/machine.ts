/** What a result must be read with: date, commit, versions, machine. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

export interface Machine {
  date: string
  commit: string
  /** Whether there were changes that were not committed. */
  isChanged: boolean
  versions: { node: string; workerd: string; hono: string }
  cpu: string
  cores: number
  memoryGiB: number
  /** The load of the machine in the last minute, before the run: 0 is calm. */
  load: number
}

export function describeMachine(): Machine {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  const [load = 0] = loadavg()
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD'),
    isChanged: git('status', '--porcelain', '--untracked-files=no') !== '',
    versions: { node: process.version, workerd: versionOf('workerd'), hono: versionOf('hono') },
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: Math.round(load * 10) / 10,
  }
}

function versionOf(name: string): string {
  const text = readFileSync(`node_modules/${name}/package.json`, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
