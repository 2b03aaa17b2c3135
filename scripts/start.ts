/**
 * `npm start`: starts the gateway with a simulated HeyGen, makes a demo tenant with two accounts, and prints lines to try.
 *
 *   --reset         forget everything in .local/ first
 *   --v3-only       the simulated HeyGen has ended its older API
 *   --only-gateway  the gateway alone, against the real origins of wrangler.toml, with the secrets of .dev.vars
 *
 * Environment: PORT (8787), SIMULATOR_PORT (8788), LOCAL_DIR (.local).
 */
import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { parseArgs, parseEnv } from 'node:util'
import {
  expectStatus,
  findFreePort,
  findSecrets,
  localFolder,
  newSecrets,
  noteRunning,
  openLocalStack,
  PROJECT,
  saveSecrets,
  secretsFile,
  send,
  startWorker,
  stopOnSignals,
  stopWithNpm,
  takeFolder,
  toShownPath,
  type LocalStack,
  type Secrets,
} from './lib/local-stack.ts'
import { writeAssets } from './lib/assets/write-assets.ts'
import type { WorkerLog } from './lib/run-worker.ts'
import { toShortLine } from './lib/show-log.ts'

const DEMO_ACCOUNTS = [
  { email: 'alice@example.com', apiKey: 'sk_demo_alice', maxJobs: 2 },
  { email: 'bob@example.com', apiKey: 'sk_demo_bob', maxJobs: 3 },
]

const VIDEO = {
  type: 'avatar',
  avatar_id: 'Abigail_expressive_2024112501',
  voice_id: '1bd001e7e50f421d891986aad5158bc8',
  script: 'Hello there.',
}

const HELP = `npm start [-- options]: the gateway with a simulated HeyGen behind it

  --reset         forget everything in .local/ first
  --v3-only       the simulated HeyGen has ended its older API (v1, v2), as docs/legacy.md describes
  --only-gateway  the gateway alone, against the real HeyGen, with the secrets of .dev.vars (npm run dev)
  --help          this text

Environment: PORT (8787), SIMULATOR_PORT (8788), LOCAL_DIR (.local)`

/** Before the greeting, only errors are shown. The other log lines are about the calls of the start itself. */
let isGreeted = false

try {
  await main()
} catch (error) {
  console.error(`npm start failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

async function main(): Promise<void> {
  const {
    reset,
    'only-gateway': isAlone,
    'v3-only': isV3Only = false,
    help,
  } = parseArgs({
    options: {
      reset: { type: 'boolean' },
      'only-gateway': { type: 'boolean' },
      'v3-only': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values
  if (help) {
    console.log(HELP)
    return
  }
  // Until the stack is up there is nothing to save. `process.exit` at once also ends the child processes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  stopWithNpm()
  const folder = localFolder()
  takeFolder(folder)
  if (reset) forget(folder, ['gateway', 'gateway-alone', 'simulator', 'secrets.json'])
  await writeAssets()
  if (isAlone) await startAlone(folder)
  else await startBoth(folder, isV3Only)
}

/** Removes only the files that these scripts made. LOCAL_DIR may name a folder that contains other files. */
function forget(folder: string, names: string[]): void {
  for (const name of names) {
    rmSync(path.join(folder, name), { recursive: true, force: true })
  }
}

async function startBoth(folder: string, isV3Only: boolean): Promise<void> {
  // Without the keys of an earlier run, its stored data can never be opened again.
  if (!findSecrets(folder)) forget(folder, ['gateway', 'simulator'])
  const secrets = takeSecrets(folder)
  const port = await takePort('PORT', 8787)
  const simulatorPort = await takePort('SIMULATOR_PORT', 8788, port)
  const options = { folder, secrets, port, simulatorPort, onLog: show, assets: true }
  const stack = await openLocalStack({ ...options, sunset: isV3Only })
  noteRunning(folder, stack)
  stopOnSignals(async () => {
    console.log('\nStopping.')
    await stack.dispose()
    return 0
  })
  const token = await openDemoTenant(folder, secrets, stack)
  await addDemoAccounts(stack, token, isV3Only)
  console.log(toGreeting(stack, token, folder))
  isGreeted = true
}

async function startAlone(folder: string): Promise<void> {
  const { ADMIN_TOKEN, MASTER_KEYS } = takeSecrets(folder)
  const gateway = await startWorker({
    config: path.join(PROJECT, 'wrangler.toml'),
    name: 'gateway',
    persist: path.join(folder, 'gateway-alone'),
    vars: { ADMIN_TOKEN, MASTER_KEYS, ...readDevVars() },
    port: await takePort('PORT', 8787),
    assets: true,
    onLog: show,
  })
  stopOnSignals(async () => {
    await gateway.dispose()
    return 0
  })
  // This call shows a problem with the settings now, and not at the first call of a client.
  await fetch(`${gateway.url}/healthz`)
  isGreeted = true
  console.log(`heygen-gateway alone, against the real HeyGen: ${gateway.url}`)
  console.log(`ADMIN_TOKEN: in .dev.vars if set there, else in ${toShownPath(secretsFile(folder))}`)
}

function readDevVars(): Record<string, string> {
  try {
    return parseEnv(readFileSync(path.join(PROJECT, '.dev.vars'), 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

function takeSecrets(folder: string): Secrets {
  const known = findSecrets(folder)
  if (known) return known
  const secrets = newSecrets()
  saveSecrets(folder, secrets)
  return secrets
}

async function takePort(name: string, otherwise: number, promised?: number): Promise<number> {
  const wanted = Number(process.env[name] || otherwise)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 65_535) {
    throw new Error(`${name} must be a port number, not ${process.env[name]}.`)
  }
  const free = await findFreePort(wanted === promised ? wanted + 1 : wanted)
  const port = free === promised ? await findFreePort(free + 1) : free
  if (port !== wanted) console.log(`Port ${wanted} is busy, taking ${port}`)
  return port
}

function show(log: WorkerLog): void {
  const line = toShortLine(log)
  if (line !== undefined && (isGreeted || log.level === 'error')) console.log(line)
}

/** Returns the token of an earlier run if it still works. Else makes a new token, for the same tenant if it still exists. */
async function openDemoTenant(
  folder: string,
  secrets: Secrets,
  { gatewayUrl }: LocalStack
): Promise<string> {
  if (secrets.token && (await isAccepted(gatewayUrl, secrets.token))) return secrets.token
  const name = 'demo'
  const made =
    (secrets.tenant && (await makeToken(gatewayUrl, secrets, { name, tenant: secrets.tenant }))) ||
    (await makeToken(gatewayUrl, secrets, { name }))
  if (!made) throw new Error('The gateway made no token for the demo tenant.')
  saveSecrets(folder, { ...secrets, tenant: made.tenant, token: made.token })
  return made.token
}

async function isAccepted(gatewayUrl: string, token: string): Promise<boolean> {
  const { status } = await send('GET', `${gatewayUrl}/v1/heygen/accounts`, token)
  return status !== 401 && status !== 402
}

/** Undefined: there is no such tenant. */
async function makeToken(
  gatewayUrl: string,
  secrets: Secrets,
  form: { name: string; tenant?: string }
): Promise<{ token: string; tenant: string } | undefined> {
  const url = `${gatewayUrl}/admin/tokens`
  const answer = await send('POST', url, secrets.ADMIN_TOKEN, form)
  if (answer.status === 404) return undefined
  await expectStatus(answer, 201, 'Making the demo token')
  return (await answer.json()) as { token: string; tenant: string }
}

/**
 * Adds the accounts on every run. A removed account comes back. A changed account stays changed. `isV3Only`: adds all of them again,
 * because the gateway asks what HeyGen serves when an account is added.
 */
async function addDemoAccounts(stack: LocalStack, token: string, isV3Only: boolean): Promise<void> {
  const listed = await send('GET', `${stack.gatewayUrl}/v1/heygen/accounts`, token)
  const known = listed.ok ? ((await listed.json()) as Record<string, { maxJobs: number }>) : {}
  for (const account of DEMO_ACCOUNTS) {
    const { email, apiKey } = account
    const before = known[email]
    if (before && !isV3Only) continue
    const form = { email, apiKeys: [apiKey] }
    const made = await send('POST', `${stack.simulatorUrl}/__sim/accounts`, undefined, form)
    await expectStatus(made, 200, `Making ${email} in the simulator`)
    const { maxJobs } = before ?? account
    const wish = { ...account, maxJobs }
    const added = await send('POST', `${stack.gatewayUrl}/v1/heygen/accounts`, token, wish)
    if (!before) await expectStatus(added, 201, `Adding ${email}`)
  }
}

function toGreeting(stack: LocalStack, token: string, folder: string): string {
  const { gatewayUrl, simulatorUrl } = stack
  const authorization = `-H 'Authorization: Bearer ${token}'`
  const json = "-H 'Content-Type: application/json'"
  const create = `curl -s ${gatewayUrl}/heygen/v3/videos ${authorization} ${json} -d '${JSON.stringify(VIDEO)}'`
  const status = `curl -s ${gatewayUrl}/heygen/v3/videos/$ID ${authorization}`
  const limits = DEMO_ACCOUNTS.map(({ email, maxJobs }) => `${email} (${maxJobs} jobs)`)
  return `
heygen-gateway is ready at ${gatewayUrl}

  Token        ${token}
  Accounts     ${limits.join(', ')}
  ADMIN_TOKEN  in ${toShownPath(secretsFile(folder))}
  Dashboard    ${gatewayUrl}/dashboard: sign in with the token, or with ADMIN_TOKEN
  Simulator    ${simulatorUrl}, where a video takes 8 s

Try:

curl -s ${gatewayUrl}/v1/heygen/accounts ${authorization}
${create}
curl -s ${gatewayUrl}/v1/heygen/scheduler/available ${authorization}

A video, its status until it is done, its file:

ID=$(${create} | ${textOf('video_id')}); echo "$ID"
until ${status} | grep '"status":"completed"'; do sleep 1; done
URL=$(${status} | ${textOf('video_url')}); curl -s -o video.mp4 "$URL"; ls -l video.mp4

All five slots taken, and one more: the last answers 429 with Retry-After:

for n in 1 2 3 4 5 6; do ${create} -w ' %{http_code}\\n'; done

Each call is shown below. Ctrl-C stops everything. More: npm start -- --help`
}

/** A shell command that prints the text of a member of JSON. */
function textOf(member: string): string {
  return String.raw`sed -n 's/.*"${member}":"\([^"]*\)".*/\1/p'`
}
