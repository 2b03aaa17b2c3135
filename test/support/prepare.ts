/**
 * Runs before the first test (vitest.config.ts). Installs the clients for test/clients, and makes one folder in which all test
 * processes keep what they share, so that each Worker is built once. There is no such folder in watch mode, because files change.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { endOrphans } from './orphans.ts'
import { installClients } from '../../scripts/install-clients.ts'
import { prepareWorkers, readWrangler } from '../../scripts/lib/build-worker.ts'
import { CLOCKED, COUNTING, PLAIN, SIMULATOR } from './renewed/entries.ts'

/** Not fixture-worker.ts, which needs its modules in order. */
const WORKERS = [
  'src/index.ts',
  'simulator/index.ts',
  PLAIN,
  CLOCKED,
  COUNTING,
  SIMULATOR,
  ...[
    'binds/late-bind',
    'binds/unbinding',
    'deaf',
    'dying',
    'events/pushes',
    'events/sending',
    'gone',
    'line',
    'lossy',
    'objects/placing',
    'slow-claims',
    'sql',
    'stale',
    'storm',
  ].map((name) => `test/support/workers/${name}-worker.ts`),
]

export async function setup({ config }: TestProject): Promise<(() => void) | undefined> {
  await installClients(process.env.FULL === '1')
  if (config.watch) return undefined
  const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-run-'))
  process.env['KEPT_ONCE'] = folder
  await Promise.all([
    prepareWorkers(WORKERS),
    ...['wrangler.toml', 'simulator/wrangler.toml'].map((file) => readWrangler(path.resolve(file))),
  ])
  process.once('exit', () => endOrphans(folder))
  return () => rmSync(folder, { recursive: true, force: true })
}
