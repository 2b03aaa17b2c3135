/**
 * Installs what has a lock file of its own, because it needs other versions than the gateway: the published clients for test/clients,
 * the tools of scripts/client and the typed client of examples/client. Runs no install scripts. `--full`: also installs test/clients/full,
 * a quarter of a gigabyte.
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Does nothing if the folder was installed after its lock file was written. */
export function installClients(isFull = false): void {
  const folders = [
    'test/clients',
    'scripts/client',
    'examples/client',
    ...(isFull ? ['test/clients/full'] : []),
  ]
  for (const folder of folders) {
    const lock = changedAt(`${folder}/package-lock.json`)
    if (changedAt(`${folder}/node_modules/.package-lock.json`) >= lock) continue
    const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const { status } = spawnSync('npm', args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    if (status !== 0) throw new Error(`npm ci in ${folder} failed`)
  }
}

if (import.meta.main) installClients(process.argv.includes('--full'))
