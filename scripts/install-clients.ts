/**
 * Installs what has a lock file of its own, because it needs other versions than the gateway: the published clients for test/clients,
 * the tools of scripts/client and the typed client of examples/client. Runs no install scripts. `--full`: also installs test/clients/full,
 * a quarter of a gigabyte.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

const ARGS = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']

/** A folder that was installed after its lock file was written is left as it is. */
export async function installClients(isFull = false): Promise<void> {
  const folders = [
    'test/clients',
    'scripts/client',
    'examples/client',
    ...(isFull ? ['test/clients/full'] : []),
  ]
  await Promise.all(folders.filter(isStale).map(install))
}

function isStale(folder: string): boolean {
  const lock = changedAt(`${folder}/package-lock.json`)
  return changedAt(`${folder}/node_modules/.package-lock.json`) < lock
}

async function install(folder: string): Promise<void> {
  const child = spawn('npm', ARGS, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`npm ci in ${folder} failed`)
}

if (import.meta.main) await installClients(process.argv.includes('--full'))
