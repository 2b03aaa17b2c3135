/**
 * `npm run oauth:register`: registers an OAuth client of the operator's own at HeyGen (RFC 7591) and prints its id, for
 * HEYGEN_OAUTH_CLIENT_ID. The client is public: it has no secret. `-- --name <text>` sets the name that people see when they approve.
 * HEYGEN_WEB_ORIGIN in the environment replaces HeyGen's host, for a proxy or the simulator.
 */
import { parseArgs } from 'node:util'

const ORIGIN = 'https://api2.heygen.com'
const TIMEOUT_MS = 30_000

const HELP = `npm run oauth:register [-- --name <text>]

Registers an OAuth client at HeyGen and prints its id. It spends nothing.

  --name <text>  the name that people see when they sign in (heygen-gateway)
  --help         this text`

const { values } = parseArgs({ options: { name: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) {
  console.log(HELP)
  process.exit()
}
const origin = (process.env.HEYGEN_WEB_ORIGIN || ORIGIN).replace(/\/+$/, '')

/** Whether HeyGen lets a client that registered itself use the device grant is not documented (reference/heygen-login.md 3). */
const metadata = {
  client_name: values.name ?? 'heygen-gateway',
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  response_types: [],
  token_endpoint_auth_method: 'none',
  scope: 'openid profile email',
}

async function register(): Promise<string> {
  const answer = await fetch(`${origin}/v1/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(metadata),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw new Error(`${origin} could not be reached: ${(error as Error).message}`)
  })
  const text = await answer.text()
  const id = clientIdIn(text)
  if (answer.ok && id !== undefined) return id
  // An answer that registered something may have a secret in it.
  const what = answer.ok ? 'without a client_id' : text.slice(0, 300)
  throw new Error(`${origin} answered ${answer.status}: ${what}`)
}

function clientIdIn(text: string): string | undefined {
  try {
    const { client_id: id } = JSON.parse(text) as { client_id?: unknown }
    return typeof id === 'string' && /^[\x21-\x7e]{1,200}$/.test(id) ? id : undefined
  } catch {
    return undefined
  }
}

try {
  const id = await register()
  console.log(`The client id: ${id}

Put it into wrangler.toml, under [vars], and deploy:

    HEYGEN_OAUTH_CLIENT_ID = "${id}"

Keep it: accounts that sign in belong to this client. It is no secret. docs/sign-in.md says how to sign in.`)
} catch (error) {
  console.error(`No client was registered. ${(error as Error).message}`)
  process.exitCode = 1
}
