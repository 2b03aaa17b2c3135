/**
 * `npm run serve`: the gateway on this machine, for a small team without Cloudflare. It is the same Worker on workerd, with its data on
 * disk, called at the real providers. docs/serve.md says what it cannot do.
 */
import path from 'node:path'
import { parseArgs } from 'node:util'
import { writeAssets } from './lib/assets/write-assets.ts'
import { readWrangler } from './lib/build-worker.ts'
import {
  findSecrets,
  newSecrets,
  noteRunning,
  PROJECT,
  saveSecrets,
  secretsFile,
  startWorker,
  stopOnSignals,
  stopWithNpm,
  takeFolder,
  toShownPath,
  type Secrets,
} from './lib/local-stack.ts'

const HELP = `npm run serve [-- options]: the gateway on this machine, with its data on disk

  --port <port>             the port (8787)
  --host <address>          the address to listen on (127.0.0.1). 0.0.0.0: every one
  --public-origin <origin>  how others reach it, such as https://video.example.com
  --data <folder>           where the data is (.gateway)
  --help                    this text

Environment:
  ADMIN_TOKEN, MASTER_KEYS  the secrets. Without them they are made at the first start and kept in <data>/secrets.json
  each setting of wrangler.toml under [vars], by its name

Limits (docs/serve.md): one process, no replica. Its runtime, workerd by miniflare, is made for development by its makers. It speaks no
TLS: put a proxy in front. Jobs are looked after only while it runs. Back up the data folder only while it is stopped.`

/** How often the process ids in running.json are brought up to date. workerd has another one after a crash. */
const NOTE_EVERY_MS = 1000

try {
  await main()
} catch (error) {
  console.error(`npm run serve failed: ${(error as Error).message}`)
  process.exit(1)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8787' },
      host: { type: 'string', default: '127.0.0.1' },
      'public-origin': { type: 'string' },
      data: { type: 'string', default: path.join(PROJECT, '.gateway') },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return console.log(HELP)
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`--port must be a port number, not ${values.port}.`)
  // Until the Worker is up there is nothing to save. `process.exit` at once also ends the child processes.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))
  stopWithNpm()
  await serve(path.resolve(values.data), values.host, port, values['public-origin'])
}

async function serve(
  folder: string,
  host: string,
  port: number,
  publicOrigin: string | undefined
): Promise<void> {
  takeFolder(folder)
  const { secrets, isNew } = takeSecrets(folder)
  const config = path.join(PROJECT, 'wrangler.toml')
  await writeAssets()
  const gateway = await startWorker({
    config,
    name: 'gateway',
    host,
    port,
    persist: path.join(folder, 'state'),
    assets: true,
    vars: {
      ...(await settingsOfEnvironment(config)),
      ...(publicOrigin === undefined ? {} : { PUBLIC_ORIGIN: publicOrigin }),
      ADMIN_TOKEN: secrets.ADMIN_TOKEN,
      MASTER_KEYS: secrets.MASTER_KEYS,
    },
    // Lines of JSON, as docs/operate.md explains them.
    onLog: ({ message }) => console.log(message),
  })
  const note = () =>
    noteRunning(folder, { gatewayUrl: gateway.url, workers: gateway.pid ? [gateway.pid] : [] })
  note()
  let noted = gateway.pid
  setInterval(() => {
    if (gateway.pid === noted) return
    noted = gateway.pid
    note()
    console.error('workerd has ended and was started again.')
  }, NOTE_EVERY_MS).unref()
  stopOnSignals(async () => {
    console.error('Stopping.')
    await gateway.dispose()
    return 0
  })
  const health = await fetch(`http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/healthz`)
  if (!health.ok) throw new Error(await health.text())
  console.error(`heygen-gateway serves at ${gateway.url}, with its data in ${toShownPath(folder)}.`)
  if (isNew) showNew(secrets, folder)
}

function showNew({ ADMIN_TOKEN, MASTER_KEYS }: Secrets, folder: string): void {
  console.error(`The secrets were made, and are in ${toShownPath(secretsFile(folder))}. They are shown once:

  ADMIN_TOKEN  ${ADMIN_TOKEN}
  MASTER_KEYS  ${MASTER_KEYS}

Keep a copy of MASTER_KEYS elsewhere: without it nothing that the gateway has sealed can be opened again.`)
}

/** Those of the environment are not written to disk. */
function takeSecrets(folder: string): { secrets: Secrets; isNew: boolean } {
  const { ADMIN_TOKEN, MASTER_KEYS } = process.env
  if (ADMIN_TOKEN && MASTER_KEYS) return { secrets: { ADMIN_TOKEN, MASTER_KEYS }, isNew: false }
  const known = findSecrets(folder)
  const secrets = known ?? newSecrets()
  if (!known) saveSecrets(folder, secrets)
  const given = { ...(ADMIN_TOKEN ? { ADMIN_TOKEN } : {}), ...(MASTER_KEYS ? { MASTER_KEYS } : {}) }
  return { secrets: { ...secrets, ...given }, isNew: !known }
}

async function settingsOfEnvironment(config: string): Promise<Record<string, string>> {
  const { vars } = await readWrangler(config)
  return Object.fromEntries(
    Object.keys(vars).flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    })
  )
}
