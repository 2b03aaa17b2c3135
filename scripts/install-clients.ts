/**
 * Installs the published clients for test/clients, without their install scripts. They have lock files of their own, because some
 * need other versions than the gateway. `--full`: also installs those of test/clients/full, a quarter of a gigabyte.
 */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Does nothing if the folder was installed after its lock file was written. */
export function installClients(isFull: boolean): void {
  const folders = ['test/clients', ...(isFull ? ['test/clients/full'] : [])]
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
