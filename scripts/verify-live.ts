/**
 * `npm run verify-live`: asks the real HeyGen and Kling with keys of your own, directly and through a local gateway, and prints
 * where the shapes of their answers differ from what this project documents (docs/verify-live.md). It makes GETs of a closed list
 * only. With `--spend` it makes one video.
 */
import { parseArgs } from 'node:util'
import { SignJWT } from 'jose'
import { cleaned, reportOf } from './lib/live/report.ts'
import { compareReads, look, type Side } from './lib/live/compare.ts'
import { HEYGEN_IDS, HEYGEN_READS, KLING_IDS, klingReads } from './lib/live/reads.ts'
import { PRICE, spend } from './lib/live/spend.ts'
import { expectStatus, newSecrets, send, startWorker } from './lib/local-stack.ts'

const HELP = `npm run verify-live -- --key <HeyGen API key> [options]

  --key <key>               a HeyGen API key (or HEYGEN_API_KEY in the environment, which no process list shows)
  --spend                   also makes one video: ${PRICE}
  --kling-key <key>         a Kling API key (or KLING_API_KEY)
  --kling-access-key <key>  a Kling access key, with
  --kling-secret-key <key>  its secret key (or KLING_ACCESS_KEY and KLING_SECRET_KEY)
  --origin <url>            instead of https://api.heygen.com
  --kling-origin <url>      instead of https://api-singapore.klingai.com
  --help                    this text

The report has no key, email, id, link or other value. It can be pasted into an issue.`

interface Options {
  key?: string | undefined
  spends: boolean
  klingKey?: string | undefined
  accessKey?: string | undefined
  secretKey?: string | undefined
  heygenOrigin: string
  klingOrigin: string
}

interface LocalGateway {
  url: string
  token: string
}

try {
  await main()
} catch (error) {
  console.error(`verify-live failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}

async function main(): Promise<void> {
  const options = readOptions()
  if (!options) {
    console.log(HELP)
    return
  }
  const hasKling = options.klingKey !== undefined || options.accessKey !== undefined
  if (options.key === undefined && !hasKling) throw new Error(`a key is missing.\n\n${HELP}`)
  const { ADMIN_TOKEN, MASTER_KEYS } = newSecrets()
  const worker = await startWorker({
    config: 'wrangler.toml',
    name: 'gateway',
    vars: {
      ADMIN_TOKEN,
      MASTER_KEYS,
      HEYGEN_ORIGIN: options.heygenOrigin,
      KLING_ORIGIN: options.klingOrigin,
      LEGACY: 'bridge',
      // Not https, so no webhook is registered and no callback URL is sent.
      PUBLIC_ORIGIN: '',
    },
  })
  try {
    const token = await newToken(worker.url, ADMIN_TOKEN)
    const gateway = { url: worker.url, token }
    const parts = [
      ...(options.key === undefined ? [] : [await heygen(gateway, options, options.key)]),
      ...(hasKling ? [await kling(gateway, options)] : []),
    ]
    console.log(parts.join('\n'))
  } finally {
    await worker.dispose()
  }
}

function readOptions(): Options | undefined {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: {
      key: text,
      spend: { type: 'boolean' },
      'kling-key': text,
      'kling-access-key': text,
      'kling-secret-key': text,
      origin: text,
      'kling-origin': text,
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return undefined
  const { env } = process
  return {
    key: values.key ?? env['HEYGEN_API_KEY'],
    spends: values.spend === true,
    klingKey: values['kling-key'] ?? env['KLING_API_KEY'],
    accessKey: values['kling-access-key'] ?? env['KLING_ACCESS_KEY'],
    secretKey: values['kling-secret-key'] ?? env['KLING_SECRET_KEY'],
    heygenOrigin: values.origin ?? 'https://api.heygen.com',
    klingOrigin: values['kling-origin'] ?? 'https://api-singapore.klingai.com',
  }
}

async function newToken(url: string, adminToken: string): Promise<string> {
  const answer = await send('POST', `${url}/admin/tokens`, adminToken, { name: 'verify-live' })
  await expectStatus(answer, 201, 'Making a token of the local gateway')
  return ((await answer.json()) as { token: string }).token
}

async function heygen(gateway: LocalGateway, options: Options, key: string): Promise<string> {
  const direct = sideOf(options.heygenOrigin, { 'x-api-key': key })
  const me = await look(direct, '/v3/users/me')
  if (me.status !== 200)
    throw new Error(`HeyGen answers ${me.status} to this key. Nothing else was asked.`)
  await addAccount(gateway, 'heygen', { apiKey: key, maxJobs: 1 })
  const through = sideOf(`${gateway.url}/heygen`, { authorization: `Bearer ${gateway.token}` })
  const [reads, ids] = [HEYGEN_READS, HEYGEN_IDS]
  const found = await compareReads({ provider: 'heygen', reads, ids, direct, through, onStep })
  const spent = options.spends ? await spend(through, onStep) : { lines: [], ids: [] }
  const report = [
    reportOf('HeyGen', found.findings),
    ...(spent.lines.length === 0 ? [] : ['### The video', '', ...spent.lines, '']),
  ].join('\n')
  return cleaned(report, [key, ...found.ids, ...spent.ids, ...namesIn(me.body)])
}

async function kling(gateway: LocalGateway, options: Options): Promise<string> {
  const { klingKey, accessKey, secretKey, klingOrigin } = options
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    throw new Error('--kling-access-key and --kling-secret-key belong together.')
  }
  const email = 'verify-live@example.com'
  const pair = accessKey === undefined ? {} : { accessKey, secretKey }
  const form = {
    email,
    maxJobs: 1,
    ...(klingKey === undefined ? {} : { apiKey: klingKey }),
    ...pair,
  }
  await addAccount(gateway, 'kling', form)
  const direct: Side = {
    origin: klingOrigin,
    headers: async () => ({
      authorization: `Bearer ${
        accessKey !== undefined && secretKey !== undefined
          ? await klingToken(accessKey, secretKey)
          : klingKey
      }`,
    }),
  }
  const through = sideOf(`${gateway.url}/kling`, { authorization: `Bearer ${gateway.token}` })
  const [reads, ids] = [klingReads(Date.now()), KLING_IDS]
  const found = await compareReads({ provider: 'kling', reads, ids, direct, through, onStep })
  const secrets = [klingKey, accessKey, secretKey].filter((secret) => secret !== undefined)
  return cleaned(reportOf('Kling', found.findings), [...secrets, ...found.ids])
}

function klingToken(accessKey: string, secretKey: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(accessKey)
    .setNotBefore('-5s')
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secretKey))
}

async function addAccount(
  { url, token }: LocalGateway,
  provider: string,
  form: Record<string, unknown>
): Promise<void> {
  const answer = await send('POST', `${url}/v1/${provider}/accounts`, token, form)
  if (answer.status !== 201) {
    throw new Error(`the gateway did not take the ${provider} account: ${answer.status}.`)
  }
}

function sideOf(origin: string, headers: Record<string, string>): Side {
  return { origin, headers: async () => headers }
}

function namesIn(me: unknown): string[] {
  const { data } = (me ?? {}) as { data?: { email?: string; username?: string } }
  return [data?.email, data?.username].filter((name) => name !== undefined)
}

/** Progress goes to stderr, so that stdout is the report. */
function onStep(line: string): void {
  console.error(line)
}
