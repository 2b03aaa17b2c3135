/**
 * `npm run setup`: deploys the gateway, or upgrades it. Run `npx wrangler login` first. It makes what is missing and changes no
 * secret that the Worker has. Each step can be repeated, so a run that failed is run again.
 *
 * What is not secret is kept in wrangler.toml (the name, PUBLIC_ORIGIN), so that `npm run deploy` uses the same. wrangler makes the KV
 * namespace by itself and keeps it at later deploys. It fails where an earlier deploy made the namespace and then not the Worker;
 * for that case the namespace's id is written into wrangler.toml.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { PROJECT, toShownPath } from './lib/local-stack.ts'
import { hasNamespaceId, valueOf, withNamespaceId, withValue } from './lib/setup/config-text.ts'
import { makeFirstToken } from './lib/setup/first-token.ts'
import { Wrangler } from './lib/setup/wrangler.ts'

const HELP = `npm run setup [-- options]: deploys the gateway to Cloudflare, or upgrades it. Run "npx wrangler login" first.

  --name <name>    the Worker's name (heygen-gateway). It is written into wrangler.toml
  --config <file>  another wrangler.toml in this folder, for a second gateway
  --wait <seconds> how long to wait until the gateway answers (180)
  --help           this text

Environment, read only where the Worker has no such secret yet, or to make the first token:
  ADMIN_TOKEN, MASTER_KEYS   instead of new ones, for example those of the gateway that moves here`

const REGISTRY = 'REGISTRY'
const PAUSE_MS = 2000

interface Setup {
  wrangler: Wrangler
  config: string
  waitMs: number
}

try {
  await main()
} catch (error) {
  console.error(`\nThe setup did not end: ${(error as Error).message}`)
  console.error('What was done stays. Run it again when the cause is gone.')
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      config: { type: 'string' },
      wait: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return console.log(HELP)
  const config = path.resolve(values.config ?? path.join(PROJECT, 'wrangler.toml'))
  const waitMs = Number(values.wait ?? 180) * 1000
  if (!Number.isFinite(waitMs)) throw new Error('--wait must be a number of seconds.')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130))
  const wrangler = new Wrangler(config)
  try {
    if (values.name !== undefined) edit(config, (text) => withName(text, values.name ?? ''))
    await setUp({ wrangler, config, waitMs })
  } finally {
    wrangler.dispose()
  }
}

async function setUp({ wrangler, config, waitMs }: Setup): Promise<void> {
  const text = readFileSync(config, 'utf8')
  const name = valueOf(text, 'name')
  console.log(`This deploys the Worker ${name}, with ${toShownPath(config)}. It

  1. looks which secrets the Worker has, and makes those that are missing
  2. deploys; wrangler makes the KV namespace if there is none
  3. writes the Worker's address into ${toShownPath(config)}, if PUBLIC_ORIGIN is empty, and deploys again
  4. waits until the gateway answers, and makes a first token if there is none
`)
  if (!(await wrangler.isLoggedIn()))
    throw new Error('wrangler is not logged in. Run: npx wrangler login')
  const known = await wrangler.secretNames()
  if (known === undefined) await adoptNamespace(wrangler, config, name)
  // It takes a while to load, and most of what can go wrong goes wrong before.
  const { writeAssets } = await import('./lib/assets/write-assets.ts')
  await writeAssets()
  const { secrets, made } = missingSecrets(known ?? [])
  show(made)
  const targets = await wrangler.deploy(secrets)
  const origin = await settleOrigin({ wrangler, config }, targets)
  await waitFor(origin, waitMs)
  const adminToken = secrets['ADMIN_TOKEN'] ?? process.env.ADMIN_TOKEN
  console.log(
    `\n${known === undefined ? 'The gateway runs' : 'The gateway is up to date'}: ${origin}`
  )
  console.log(`The dashboard: ${origin}/dashboard`)
  if (adminToken) return showToken(await makeFirstToken(origin, adminToken))
  console.log(`No secret was changed, and no token was made.
If you have no token yet, run this again with ADMIN_TOKEN in the environment.`)
}

function showToken(made: { token: string; tenant: string } | undefined): void {
  if (!made) return console.log('There is a token already, so none was made.')
  console.log(`The first token, shown once (tenant ${made.tenant}): ${made.token}`)
}

function withName(text: string, name: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new Error('--name must be lower-case letters, digits and dashes, at most 63.')
  return withValue(text, 'name', name)
}

/** A namespace that a failed deploy left behind. wrangler would try to make it again, and Cloudflare refuses a second of one title. */
async function adoptNamespace(wrangler: Wrangler, config: string, name: string): Promise<void> {
  if (hasNamespaceId(readFileSync(config, 'utf8'), REGISTRY)) return
  const id = await wrangler.namespaceId(`${name}-${REGISTRY.toLowerCase()}`)
  if (id === undefined) return
  edit(config, (text) => withNamespaceId(text, REGISTRY, id))
  console.log(
    `The KV namespace ${name}-${REGISTRY.toLowerCase()} is there already; its id is now in ${toShownPath(config)}.`
  )
}

/** Secrets that the Worker lacks: those of the environment, else new ones. Only new ones are shown. */
function missingSecrets(known: string[]): {
  secrets: Record<string, string>
  made: Record<string, string>
} {
  const secrets: Record<string, string> = {}
  const made: Record<string, string> = {}
  const make = {
    ADMIN_TOKEN: () => randomBytes(36).toString('base64url'),
    MASTER_KEYS: () => `k1:${randomBytes(32).toString('base64')}`,
  }
  for (const [name, makeOne] of Object.entries(make)) {
    if (known.includes(name)) continue
    const given = process.env[name]
    secrets[name] = given || makeOne()
    if (!given) made[name] = secrets[name]
  }
  return { secrets, made }
}

/** Before the deploy, so that no crash can leave a gateway with keys that nobody has seen. */
function show(made: Record<string, string>): void {
  const { ADMIN_TOKEN, MASTER_KEYS } = made
  if (ADMIN_TOKEN !== undefined)
    console.log(`ADMIN_TOKEN, the operator's token, shown once: ${ADMIN_TOKEN}`)
  if (MASTER_KEYS !== undefined)
    console.log(`MASTER_KEYS, shown once: ${MASTER_KEYS}
Keep MASTER_KEYS outside of Cloudflare. Without it nothing that the gateway has sealed can be opened again.`)
  if (Object.keys(made).length > 0)
    console.log(
      'If the deploy below fails, they may not have been stored; the next run then makes others.\n'
    )
}

/** The address in the configuration. If there is none, the Worker's own address is written into it, and deployed. */
async function settleOrigin(
  { wrangler, config }: Pick<Setup, 'wrangler' | 'config'>,
  targets: string[]
): Promise<string> {
  const before = valueOf(readFileSync(config, 'utf8'), 'PUBLIC_ORIGIN')
  if (before !== '') return before.replace(/\/+$/, '')
  const [origin] = targets.flatMap(originIn)
  if (origin === undefined)
    throw new Error(
      `wrangler named no address of the Worker. Write it into PUBLIC_ORIGIN in ${toShownPath(config)}.`
    )
  edit(config, (text) => withValue(text, 'PUBLIC_ORIGIN', origin))
  console.log(
    `\nPUBLIC_ORIGIN in ${toShownPath(config)} is now ${origin}. Keep this change: npm run deploy uses it.\n`
  )
  await wrangler.deploy()
  return origin
}

/** wrangler names a workers.dev address as a URL, and a domain as `example.com (custom domain)`. A route with a path is no origin. */
function originIn(target: string): string[] {
  if (/^https?:\/\//.test(target)) return [new URL(target).origin]
  const [, domain] = /^([a-z0-9.-]+) \(custom domain/.exec(target) ?? []
  return domain === undefined ? [] : [`https://${domain}`]
}

async function waitFor(origin: string, waitMs: number): Promise<void> {
  const end = Date.now() + waitMs
  for (let isFirst = true; ; isFirst = false) {
    const said = await healthOf(origin)
    if (said === undefined) return
    if (Date.now() >= end) throw new Error(`${origin}/healthz does not answer 200: ${said}`)
    if (isFirst)
      console.log(`\nWaiting for ${origin}/healthz. A new address may take a few minutes.`)
    await pause(Math.min(PAUSE_MS, end - Date.now()))
  }
}

/** Undefined: it answers 200. */
async function healthOf(origin: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(10_000) })
    const body = (await answer.text()).slice(0, 300)
    return answer.status === 200 ? undefined : `${answer.status} ${body}`
  } catch (error) {
    const { cause, message } = error as Error
    return cause instanceof Error ? cause.message : message
  }
}

function edit(config: string, change: (text: string) => string): void {
  const before = readFileSync(config, 'utf8')
  const after = change(before)
  if (after !== before) writeFileSync(config, after)
}
