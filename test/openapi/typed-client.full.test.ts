/** The types of examples/client under TypeScript 5, which most projects have. `npm run check` reads them with the newest one. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { installClients } from '../../scripts/install-clients.ts'

test('the types of the client hold under strict with TypeScript 5', async () => {
  await installClients()
  const tsc = 'scripts/client/node_modules/typescript/bin/tsc'
  const { status, stdout } = spawnSync('node', [tsc, '-p', 'examples/client'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([0, ''])
})
