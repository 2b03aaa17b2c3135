/**
 * Checks the bundle that `wrangler deploy` would upload: its size by wrangler's own count, the licences of the packages in it, and
 * that it runs. It starts the bundle, makes a token and asks with it, which needs every layer: routes, flows, KV and both objects.
 */
import { randomBytes } from 'node:crypto'
import { BUNDLE, makeBundle } from './lib/bundle.ts'
import { NOTICES, notesOnFile, noticesOf } from './lib/notices.ts'
import { runWorker } from './lib/run-worker.ts'

const KIB_MAX = 320
const SECRETS = {
  ADMIN_TOKEN: randomBytes(24).toString('base64url'),
  MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
}

async function doesItRun(): Promise<boolean> {
  const entry = `${BUNDLE}/index.js`
  const worker = await runWorker({ config: 'wrangler.toml', entry, vars: SECRETS })
  const ask = async (path: string, token: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    return fetch(`${worker.url}${path}`, { ...init, headers })
  }
  try {
    const body = JSON.stringify({ name: 'check' })
    const made = await ask('/admin/tokens', SECRETS.ADMIN_TOKEN, { method: 'POST', body })
    const { token = '' } = (await made.json()) as { token?: string }
    const slots = await ask('/v1/heygen/scheduler/available', token)
    return JSON.stringify(await slots.json()) === '{"executing":[],"available":[]}'
  } finally {
    await worker.dispose()
  }
}

const { kib, packages } = makeBundle()
const problems = [
  ...(kib > KIB_MAX ? [`The bundle has ${kib} KiB (gzip); ${KIB_MAX} are allowed.`] : []),
  ...((await noticesOf(packages)) === notesOnFile()
    ? []
    : [`${NOTICES} is not what the bundle needs: run "npm run notices".`]),
  ...((await doesItRun()) ? [] : ['The bundle does not serve a new token.']),
]
for (const problem of problems) console.error(problem)
if (problems.length === 0) console.log(`bundle: ${kib} KiB (gzip), of ${KIB_MAX}`)
process.exitCode = problems.length === 0 ? 0 : 1
