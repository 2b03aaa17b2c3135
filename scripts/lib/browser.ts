/** Finds a Chromium, or installs Debian's. `CHROMIUM` names another program. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

export function findBrowser(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env
  if (CHROMIUM) return CHROMIUM
  const folders = PATH.split(path.delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(canRun)
}

/** Says what it does before it does it. */
export function installBrowser(): string {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo']
  for (const args of [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-qy', '--no-install-recommends', 'chromium'],
  ]) {
    const command = [...sudo, ...args]
    console.log(`There is no Chromium here. Running: ${command.join(' ')}`)
    spawnSync(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const found = findBrowser()
  if (found) return found
  throw new Error('Chromium could not be installed. Install one, or name it: CHROMIUM=/path/to/it')
}

/** A sandbox of Chromium does not work for root. */
export function browserArgs(): string[] {
  return process.getuid?.() === 0 ? ['--no-sandbox'] : []
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
