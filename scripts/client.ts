/**
 * Writes examples/client/gateway.d.ts, the types of a client, from docs/openapi.json. With `--check` it only says whether the file is
 * up to date. The generator needs TypeScript 5 and has a lock of its own (scripts/client/).
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { installClients } from './install-clients.ts'

const FILE = 'examples/client/gateway.d.ts'
const DRAFT = '.local/client'
const HEAD = '// Made by `npm run client` from docs/openapi.json. Do not change it by hand.\n'

function typesNow(): string {
  mkdirSync(DRAFT, { recursive: true })
  const args = ['scripts/client/node_modules/openapi-typescript/bin/cli.js', 'docs/openapi.json']
  const { status, stderr } = spawnSync('node', [...args, '-o', `${DRAFT}/gateway.d.ts`], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  const text = readFileSync(`${DRAFT}/gateway.d.ts`, 'utf8')
  // A method that a path does not have needs no line.
  return HEAD + text.replaceAll(/^ +\w+\?: never;\n/gm, '').replaceAll(/^    /gm, '  ')
}

await installClients()
const now = typesNow()
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, now)
} else if (readFileSync(FILE, 'utf8') !== now) {
  console.error(`${FILE} is not what docs/openapi.json says: run "npm run client".`)
  process.exitCode = 1
}
