/** Writes docs/openapi.json from the running Worker. With `--check` it only says whether the file is up to date. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { runWorker } from './lib/run-worker.ts'

const FILE = 'docs/openapi.json'
const SECRETS = {
  ADMIN_TOKEN: randomBytes(24).toString('base64url'),
  MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
}

async function documentNow(): Promise<string> {
  const worker = await runWorker({ config: 'wrangler.toml', vars: SECRETS })
  try {
    const answer = await fetch(`${worker.url}/openapi.json`)
    return `${JSON.stringify(await answer.json(), null, 2)}\n`
  } finally {
    await worker.dispose()
  }
}

const now = await documentNow()
if (!process.argv.includes('--check')) {
  await writeFile(FILE, now)
} else if ((await readFile(FILE, 'utf8').catch(() => '')) !== now) {
  console.error(
    `${FILE} is not what the routes say: run "npm run openapi" and look at the difference.`
  )
  process.exitCode = 1
}
