/** Lints docs/openapi.json and docs/openapi-drop-in.json with the rules of scripts/client/redocly.yaml. A warning fails as well. */
import { spawnSync } from 'node:child_process'
import { installClients } from './install-clients.ts'

await installClients()
const { status, stdout, stderr } = spawnSync(
  'node',
  [
    'node_modules/@redocly/cli/bin/cli.js',
    'lint',
    '../../docs/openapi.json',
    '../../docs/openapi-drop-in.json',
    '--max-problems=20',
  ],
  { cwd: 'scripts/client', encoding: 'utf8', env: { ...process.env, REDOCLY_TELEMETRY: 'off' } }
)
const text = `${stdout}${stderr}`
if (status !== 0 || /\d+ warning/.test(text.replaceAll(/\b0 warnings/g, ''))) {
  console.error(text)
  process.exitCode = 1
}
