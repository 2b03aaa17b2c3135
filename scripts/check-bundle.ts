/**
 * Checks the bundle that `wrangler deploy` would upload: its size by wrangler's own count, the licences of the packages in it, and
 * that it runs. It starts the bundle and reads `/openapi.json`, which needs every room.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { BUNDLE, makeBundle } from './lib/bundle.ts'
import { NOTICES, notesOnFile, noticesOf } from './lib/notices.ts'
import { runWorker } from './lib/run-worker.ts'

const KIB_MAX = 240
const SECRETS = {
  ADMIN_TOKEN: randomBytes(24).toString('base64url'),
  MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
}

async function doesItRun(): Promise<boolean> {
  const entry = `${BUNDLE}/index.js`
  const worker = await runWorker({ config: 'wrangler.toml', entry, vars: SECRETS })
  try {
    const answer = await fetch(`${worker.url}/openapi.json`)
    const expected = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as unknown
    return JSON.stringify(await answer.json()) === JSON.stringify(expected)
  } finally {
    await worker.dispose()
  }
}

const { kib, packages } = makeBundle()
const problems = [
  ...(kib > KIB_MAX ? [`The bundle has ${kib} KiB (gzip); ${KIB_MAX} are allowed.`] : []),
  ...(noticesOf(packages) === notesOnFile()
    ? []
    : [`${NOTICES} is not what the bundle needs: run "npm run notices".`]),
  ...((await doesItRun())
    ? []
    : ['The bundle does not answer /openapi.json as docs/openapi.json has it.']),
]
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`bundle: ${kib} KiB (gzip), of ${KIB_MAX}`)
process.exitCode = problems.length === 0 ? 0 : 1
