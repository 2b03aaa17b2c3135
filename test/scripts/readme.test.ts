/**
 * README.md and the pages in docs/, run as a reader would: every shell block against a gateway and a simulator, block after
 * block in one shell, and every answer that a page shows against the answer that came.
 */
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_TOKEN, until, type Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { openHooked } from '../support/scenes/hooked.ts'
import { oneOfEach } from '../support/full.ts'
import { blocksOf, PAGES, proseOf, spansOf, type Block } from '../support/pages.ts'
import { Receiver } from '../support/receiver.ts'

/** Commands that cannot run here, by how they begin, and why. Whatever is not in this list is run. */
const NOT_RUN: Record<string, string> = {
  'npm ': 'this is one of its tests; test/scripts/start.test.ts runs npm start',
  'HEYGEN_API_KEY=': 'needs a HeyGen key; test/scripts/verify-live.test.ts runs it',
  'npx wrangler ': 'asks Cloudflare',
  'npx vitest ': 'this is one of its tests',
  'FULL=1 npx vitest ': 'this is one of its tests',
  '| npx wrangler ': 'asks Cloudflare',
  'sleep 600; reseal': 'waits for ten minutes',
  'export REDIRECT_HOSTS': 'test/scripts/redirect-hosts.test.ts',
  'node --import ./examples/redirect-hosts.mjs': 'test/scripts/redirect-hosts.test.ts',
  NODE_OPTIONS: 'test/clients runs what it stands for',
  'REDIRECT_HOSTS=': 'test/scripts/tls-proxy.test.ts',
  'node examples/tls-proxy.mjs': 'test/scripts/tls-proxy.test.ts',
  'export HTTPS_PROXY': 'test/scripts/tls-proxy.test.ts',
  'python3 client.py': 'stands for the reader’s own client',
  'BASE_URL=$GATEWAY':
    'test/scripts/examples/client-examples.test.ts, test/openapi/typed-client.test.ts',
  'SECRET=whsec_': 'test/scripts/examples/receiver-example.test.ts',
  'node scripts/make-catalogue.ts': 'test/scripts/make-catalogue.test.ts',
  'npx node bench/': 'takes minutes, and measures one machine',
  'node bench/': 'takes minutes, and measures one machine',
  'claude mcp add': 'needs Claude Code; test/clients/mcp runs clients',
  'cd examples/client': 'test/openapi/typed-client.test.ts',
  'git pull': 'changes the checkout',
  'caddy trust': 'changes the machine',
}

/** Commands in sentences: these are run, too. */
const INLINE = ['openssl rand -base64 32', 'curl https://YOUR-GATEWAY/healthz']

const LANGUAGES = [
  'sh',
  'http',
  'js',
  'ts',
  'json',
  'yaml',
  'toml',
  'ini',
  'sql',
  'caddyfile',
  'mermaid',
  'tree',
  'text',
]

const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-readme-'))
const open = gatewaysOfFile()
let gateway: Gateway
let receiver: Receiver

beforeAll(async () => {
  receiver = await Receiver.open()
  const options = { accounts: { alice: 2, bob: 3 }, timeScale: 10 }
  gateway = await openHooked(open, options)
  for (const name of ['carol', 'dora']) {
    await gateway.sim.addAccount(`${name}@example.com`, `sk_test_${name}`)
  }
  writeFileSync(path.join(folder, 'curl'), CURL)
  chmodSync(path.join(folder, 'curl'), 0o755)
})

afterAll(async () => {
  await receiver.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What stands for the reader's own values. */
function filledIn(text: string, seen: Map<string, string>): string {
  const values: [string | RegExp, string][] = [
    [/https?:\/\/(?:YOUR-GATEWAY|127\.0\.0\.1:8787)/g, gateway.url],
    [/http:\/\/127\.0\.0\.1:8788/g, gateway.sim.url],
    [/\bADMIN_TOKEN=…/g, `ADMIN_TOKEN=${ADMIN_TOKEN}`],
    [/\bTOKEN=hgw_…/g, `TOKEN=${gateway.token}`],
    [/"sk_…"/g, '"sk_test_carol"'],
    [/"apiKey":"…"/g, '"apiKey":"kling_sim_kim"'],
    [/"accessKey":"…"/g, '"accessKey":"ak_sim_kim"'],
    [/"secretKey":"…"/g, '"secretKey":"sk_secret_kim"'],
    [/https:\/\/app\.example\.com/g, receiver.url],
    ...seen,
  ]
  return values.reduce((filled, [shown, value]) => filled.replaceAll(shown, value), text)
}

/** Jobs end when a page waits for their end, and before the next page begins. */
async function endJobs(): Promise<void> {
  await gateway.sim.control('POST', '/finish', {})
  await until(async () => (await gateway.heldSlots()) === 0)
}

async function prepare({ text }: Block): Promise<void> {
  if (/^until curl/m.test(text)) await endJobs()
  if (text.includes('/v1/deliveries ')) {
    await endJobs()
    await until(async () => receiver.posts('/done')[0]?.status === 200)
    await until(async () => {
      const answer = await gateway.fetch('/v1/deliveries?state=delivered')
      return ((await answer.json()) as { deliveries: unknown[] }).deliveries.length > 0
    })
  }
}

/** README first: it is where a reader begins, and it counts the slots of two accounts. Then whoever adds the one of Kling. */
const FIRST = ['README.md', 'docs/accounts.md']
const RUN = oneOfEach(
  [...FIRST, ...PAGES.filter((page) => !FIRST.includes(page))].filter((page) =>
    blocksOf(page).some(({ language }) => language === 'sh')
  ),
  // Of the guides one, else all.
  (page) => (page.startsWith('docs/guides/') ? 'guide' : page)
)

test('a block of a page says what it is', () => {
  const others = PAGES.flatMap(blocksOf).filter(({ language }) => !LANGUAGES.includes(language))
  expect(others).toEqual([])
})

test('a block of JSON can be parsed', () => {
  const blocks = PAGES.flatMap(blocksOf).filter(({ language }) => language === 'json')
  for (const { text } of blocks) expect(() => JSON.parse(text), text).not.toThrow()
})

test.each(RUN)(
  '%s: every command runs, and the answers are those that the page shows',
  async (page) => {
    const blocks = blocksOf(page)
    const shell = new Shell()
    const seen = new Map<string, string>()
    let answered: Answer | undefined
    for (const [index, block] of blocks.entries()) {
      const at = `${page}:${block.line}`
      if (block.language === 'sh') {
        await prepare(block)
        const answers = await shell.run(filledIn(runnable(block.text), seen), at)
        if (!showsRefusal(blocks[index + 1])) expect(answers.filter(isRefusal), at).toEqual([])
        answered = answers.at(-1)
      } else if (block.language === 'http') {
        const shown = parsed(block.text)
        const came = shown.first.startsWith('HTTP/')
          ? (answered ?? (await provoked(shown, at)))
          : await sent(shown)
        compare(shown, came, at)
        for (const name of ['x-gateway-job', 'x-request-id']) {
          const [ours, theirs] = [shown.headers[name], came.headers[name]]
          if (ours && theirs) seen.set(ours, theirs)
        }
        answered = undefined
      }
    }
    await shell.end()
    await endJobs()
  }
)

test('a command in a sentence is one that runs, or one that cannot run here', async () => {
  const isCommand = /^(?:[A-Z]+=\S+ )?(?:npx|openssl|curl|git|node|caddy|sh|python3) /
  const commands = PAGES.flatMap((page) => spansOf(proseOf(page))).filter((span) =>
    isCommand.test(span)
  )
  expect(commands.length).toBeGreaterThan(5)
  const unknown = commands.filter((span) => !INLINE.includes(span) && !isNotRun(span))
  expect(unknown).toEqual([])
  const shell = new Shell()
  for (const command of INLINE) await shell.run(filledIn(command, new Map()), command)
  await shell.end()
})

test('whatever cannot run here stands on a page', () => {
  const texts = PAGES.map((page) => readFileSync(page, 'utf8')).join('\n')
  expect(Object.keys(NOT_RUN).filter((start) => !texts.includes(start))).toEqual([])
})

function isNotRun(line: string): boolean {
  return Object.keys(NOT_RUN).some((start) =>
    start.startsWith('|') ? line.includes(start) : line.trim().startsWith(start)
  )
}

function runnable(text: string): string {
  return text
    .split('\n')
    .filter((line) => !isNotRun(line))
    .join('\n')
}

function isRefusal({ first }: Answer): boolean {
  return !/^HTTP\/\S+ [123]/.test(first)
}

/** A page shows a call that is refused together with the refusal. */
function showsRefusal(next: Block | undefined): boolean {
  return next?.language === 'http' && isRefusal(parsed(next.text))
}

interface Answer {
  /** The status line of an answer, the request line of a call. */
  first: string
  headers: Record<string, string>
  body: string
}

/** A shell that stays: what one block sets, the next ones have. */
class Shell {
  readonly #child = spawn('sh', [], {
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      GATEWAY: gateway.url,
      TOKEN: gateway.token,
      ADMIN_TOKEN,
    },
    cwd: mkdtempSync(path.join(folder, 'page-')),
  })
  readonly #records = mkdtempSync(path.join(folder, 'records-'))
  #said = ''

  constructor() {
    const add = (chunk: Buffer) => void (this.#said += chunk.toString())
    this.#child.stdout.on('data', add)
    this.#child.stderr.on('data', add)
    this.#child.stdin.write(
      `RECORDS='${this.#records}' CURL="$(PATH='${process.env.PATH}' command -v curl)"\nexport RECORDS CURL\n`
    )
  }

  /** The answers to the block's calls. */
  async run(text: string, at: string): Promise<Answer[]> {
    const [from, before] = [this.#said.length, this.#calls().length]
    const end = `end of ${at}`
    this.#child.stdin.write(`${text}\necho " $? ${end}"\n`)
    await until(async () => this.#said.includes(end, from)).catch(() => {
      throw new Error(`${at} does not come to an end:\n${text}\n${this.#said.slice(from)}`)
    })
    const said = this.#said.slice(from)
    const code = new RegExp(` (\\d+) ${end.replaceAll('.', '\\.')}`).exec(said)?.[1]
    expect(code, `${at}\n${text}\n${said}`).toBe('0')
    return this.#calls()
      .slice(before)
      .map((call) => recorded(this.#records, call))
  }

  #calls(): string[] {
    const files = readdirSync(this.#records).filter((file) => file.endsWith('.headers'))
    return files.map((file) => path.parse(file).name).toSorted()
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    if (this.#child.exitCode === null)
      await new Promise((resolve) => this.#child.once('exit', resolve))
  }
}

/** curl as the pages call it, which also keeps the headers and, unless the page does, the body: two files a call. */
const CURL = `#!/bin/sh
kept=$RECORDS/$(date +%s%N)
case " $* " in
  *' -o '*) set -- -D "$kept.headers" "$@" ;;
  *) set -- -D "$kept.headers" -o "$kept.body" "$@" ;;
esac
"$CURL" -sS --max-time 20 "$@" || echo 'HTTP/1.1 599 curl failed' > "$kept.headers"
if [ -f "$kept.body" ]; then cat "$kept.body"; fi
`

/** With -i the headers stand in the body, too. */
function recorded(folderOfCalls: string, call: string): Answer {
  const [headers, body] = ['headers', 'body'].map((part) => {
    const file = path.join(folderOfCalls, `${call}.${part}`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  })
  return parsed(body?.startsWith('HTTP/') ? body : `${headers}${body}`)
}

function parsed(text: string): Answer {
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/)
  const [first = '', ...lines] = head.split(/\r?\n/)
  const headers = lines.filter(Boolean).map((line) => {
    const [name = '', ...value] = line.split(': ')
    return [name.toLowerCase(), value.join(': ')]
  })
  return {
    first,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: rest.join('\n\n').trim(),
  }
}

/** What a page shows without a call of its own. */
async function provoked(shown: Answer, at: string): Promise<Answer> {
  const how = PROVOKED[shown.headers['x-gateway-error'] ?? '']
  if (!how)
    throw new Error(
      `${at}: this answer stands under no command, and the test does not know how to get it`
    )
  const answer = await how()
  return {
    first: `HTTP/1.1 ${answer.status} ${answer.statusText}`,
    headers: Object.fromEntries(answer.headers),
    body: await answer.text(),
  }
}

const PROVOKED: Record<string, () => Promise<Response>> = {
  slots_full: async () => {
    const started: string[] = []
    for (;;) {
      const answer = await gateway.createVideo()
      const job = answer.headers.get('x-gateway-job')
      if (job !== null) started.push(job)
      else {
        const end = (id: string) =>
          gateway.sim.control('POST', `/jobs/${id}`, { status: 'completed' })
        await Promise.all(started.map(end))
        return answer
      }
    }
  },
  outcome_unknown: async () => {
    const fault = { match: { path: '/v3/voices/speech' }, times: 1, effect: { reset: 'after' } }
    await gateway.sim.control('POST', '/faults', fault)
    return gateway.post('/heygen/v3/voices/speech', { text: 'Hello there.', voice_id: 'v1' })
  },
}

/** The call of the reader's server on that path, once the jobs have ended. */
async function sent({ first }: Answer): Promise<Answer> {
  const [method, where = ''] = first.split(' ')
  await endJobs()
  const [call] = await receiver.heard(where)
  return {
    first: `${method} ${where} HTTP/1.1`,
    headers: (call?.headers ?? {}) as Record<string, string>,
    body: call?.body ?? '',
  }
}

/** The status, the headers that the page names, and the shape of the body. */
function compare(shown: Answer, came: Answer, at: string): void {
  const what = `${at}\n${came.first}\n${came.body}`
  expect(came.first, what).toBe(shown.first)
  for (const [name, value] of Object.entries(shown.headers)) {
    expect(Object.keys(came.headers), what).toContain(name)
    if (isWord(value)) expect(came.headers[name], what).toBe(value)
  }
  if (shown.body === '') return
  const differences = differencesOf(JSON.parse(shown.body), JSON.parse(came.body), '')
  expect(differences, what).toEqual([])
}

/** Ids, times, addresses and names may differ; words may not. */
function isWord(text: string): boolean {
  return !/[\d…@]|https?:/.test(text)
}

function differencesOf(shown: unknown, came: unknown, at: string): string[] {
  if (typeof shown !== 'object' || shown === null) {
    const isSame =
      typeof shown === 'string' && isWord(shown) ? shown === came : typeof shown === typeof came
    return isSame && (shown === null) === (came === null)
      ? []
      : [`${at}: ${JSON.stringify(shown)}, not ${JSON.stringify(came)}`]
  }
  if (typeof came !== 'object' || came === null || Array.isArray(shown) !== Array.isArray(came))
    return [`${at}: ${JSON.stringify(came)}`]
  if (Array.isArray(shown)) {
    const rows = came as unknown[]
    return shown.flatMap((one, n) => {
      const found = rows.map((row) => differencesOf(one, row, `${at}/${n}`))
      return found.some(({ length }) => length === 0)
        ? []
        : (found[0] ?? [`${at}/${n}: is not there`])
    })
  }
  const names = new Set([...Object.keys(shown), ...Object.keys(came)])
  return [...names].flatMap((name) =>
    name in shown && name in came
      ? differencesOf(
          shown[name as keyof typeof shown],
          came[name as keyof typeof came],
          `${at}/${name}`
        )
      : [`${at}/${name}: ${name in came ? 'is not shown' : 'did not come'}`]
  )
}
