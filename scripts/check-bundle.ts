/**
 * What is deployed: as small as wrangler's own count says, and it runs. The bundle is made as `wrangler deploy` makes it,
 * then started, and asked for its OpenAPI text, for which it needs every room.
 */
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { runWorker } from './lib/run-worker.ts'

const FOLDER = '.local/bundle'
const KIB_MAX = 200
const SECRETS = {
  ADMIN_TOKEN: 'x'.repeat(32),
  MASTER_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
}

const made = spawnSync('wrangler', ['deploy', '--dry-run', '--outdir', FOLDER], {
  encoding: 'utf8',
})
const [, kib] = /gzip: ([\d.]+) KiB/.exec(made.stdout) ?? []
if (made.status !== 0 || kib === undefined) fail(`${made.stdout}${made.stderr}`)
else if (Number(kib) > KIB_MAX) fail(`The bundle has ${kib} KiB (gzip); ${KIB_MAX} are allowed.`)
else await checkThatItRuns()

async function checkThatItRuns(): Promise<void> {
  const entry = `${FOLDER}/index.js`
  const worker = await runWorker({ config: 'wrangler.toml', entry, vars: SECRETS })
  try {
    const answer = await fetch(`${worker.url}/openapi.json`)
    const expected = JSON.parse(await readFile('docs/openapi.json', 'utf8')) as unknown
    const isSame = JSON.stringify(await answer.json()) === JSON.stringify(expected)
    if (!isSame) fail('The bundle does not answer /openapi.json as docs/openapi.json has it.')
  } finally {
    await worker.dispose()
  }
  if (!process.exitCode) console.log(`bundle: ${String(kib)} KiB (gzip), of ${KIB_MAX}`)
}

function fail(why: string): void {
  console.error(why)
  process.exitCode = 1
}
