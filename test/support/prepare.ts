/**
 * Before the first test (vitest.config.ts): the clients that test/clients is about, and one folder in which the processes that
 * run the tests keep what all of them need, so that each Worker is built once. Not while files are watched: they change.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { endOrphans } from './orphans.ts'
import { installClients } from '../../scripts/install-clients.ts'
import { prepareWorker } from '../../scripts/lib/build-worker.ts'
import { CLOCKED, PLAIN, SIMULATOR } from './renewed/entries.ts'

const USUAL = [
  { config: 'wrangler.toml', entry: PLAIN },
  { config: 'wrangler.toml', entry: CLOCKED },
  { config: 'simulator/wrangler.toml', entry: SIMULATOR },
]

export async function setup({ config }: TestProject): Promise<(() => void) | undefined> {
  installClients(process.env.FULL === '1')
  if (config.watch) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-run-'))
  process.env['KEPT_ONCE'] = folder
  await Promise.all(USUAL.map(prepareWorker))
  process.once('exit', () => endOrphans(folder))
  return () => rmSync(folder, { recursive: true, force: true })
}
