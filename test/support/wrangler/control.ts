/**
 * A stand-in for wrangler and Cloudflare. `wrangler` on PATH asks this; a deploy runs the real Worker in workerd, behind an address that
 * stays. It says what wrangler 4.155 says in its source, and fails where a test asks it to.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { RunningWorker } from '../../../scripts/lib/run-worker.ts'
import { PLAIN } from '../renewed/entries.ts'
import { takeWorker } from '../renewed/renewed.ts'

interface Asked {
  args: string[]
  secrets?: string
  file?: string
  mode?: number
  env: string
}

/** Where the next call fails. `lost`: the answer to the making of a token does not arrive, although the token is made. */
export type Fault =
  | 'logged-out'
  | 'after-namespace'
  | 'after-upload'
  | 'second-deploy'
  | 'silent'
  | 'lost'

interface Said {
  code: number
  out: string
  event?: string
}

const ok = (out = ''): Said => ({ code: 0, out })
const no = (error: string): Said => ({ code: 1, out: `\n✘ [ERROR] ${error}\n` })

/** The program that asks waits for the answer, so its file is still there. */
function toAsked(body: string): Asked {
  const [args = '', env = ''] = body.split('\n---\n')
  const all = args.split('\n')
  const at = all.indexOf('--secrets-file')
  const file = at === -1 ? undefined : all[at + 1]
  if (file === undefined) return { args: all, env }
  return {
    args: all,
    env,
    file,
    secrets: readFileSync(file, 'utf8'),
    mode: statSync(file).mode & 0o777,
  }
}

export class StandIn {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-setup-test-'))
  readonly config = path.join(this.folder, 'wrangler.toml')
  readonly asked: Asked[] = []
  fault: Fault | undefined
  namespaces: { id: string; title: string }[] = []
  /** The Worker at Cloudflare. */
  deployed: { secrets: Record<string, string>; vars: Record<string, string> } | undefined
  url = ''
  #controlUrl = ''
  readonly #servers: Server[] = []
  #running: { worker: RunningWorker; state: string } | undefined

  static async open(): Promise<StandIn> {
    const standIn = new StandIn()
    copyFileSync('wrangler.toml', standIn.config)
    const program = path.join(standIn.folder, 'wrangler')
    copyFileSync('test/support/wrangler/wrangler.sh', program)
    chmodSync(program, 0o755)
    standIn.#controlUrl = await standIn.#listen(async (_, body) => {
      const asked = toAsked(body)
      standIn.asked.push(asked)
      const { code, out, event = '' } = standIn.#answer(asked)
      return { status: 200, body: `${code}\n${event}\n${out}` }
    })
    standIn.url = await standIn.#listen((request, body) => standIn.#serve(request, body))
    return standIn
  }

  get env(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env
    return { PATH: `${this.folder}:${PATH}`, HOME, CONTROL_URL: this.#controlUrl }
  }

  async close(): Promise<void> {
    await this.#running?.worker.dispose()
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Files with secrets that a run left behind. */
  leftBehind(): string[] {
    return this.asked.flatMap(({ file }) => (file && existsSync(file) ? [file] : []))
  }

  #answer(asked: Asked): Said {
    const [first, second] = asked.args
    if (first === 'whoami')
      return this.fault === 'logged-out'
        ? no('You are not authenticated.')
        : ok('{"loggedIn":true}')
    if (first === 'secret' && second === 'list') return this.#secretList()
    if (first === 'kv') return ok(`${JSON.stringify(this.namespaces, null, 2)}\n`)
    if (first === 'deploy') return this.#deploy(asked)
    return no(`Unknown arguments: ${asked.args.join(' ')}`)
  }

  #secretList(): Said {
    if (!this.deployed)
      return no(
        `Worker "${this.#read('name')}" not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first to create it.`
      )
    const list = Object.keys(this.deployed.secrets).map((name) => ({ name, type: 'secret_text' }))
    return ok(`${JSON.stringify(list, null, 2)}\n`)
  }

  #deploy(asked: Asked): Said {
    const given = JSON.parse(asked.secrets ?? '{}') as Record<string, string>
    const secrets = { ...this.deployed?.secrets, ...given }
    const missing = ['ADMIN_TOKEN', 'MASTER_KEYS'].filter((name) => !(name in secrets))
    if (missing.length > 0)
      return no(`The following required secrets have not been set: ${missing.join(', ')}`)
    const title = `${this.#read('name')}-registry`
    const hasId = /^id = "(.+)"/m.exec(readFileSync(this.config, 'utf8'))?.[1]
    if (hasId !== undefined && !this.namespaces.some(({ id }) => id === hasId))
      return no('KV namespace not found. [code: 10041]')
    if (!this.deployed && hasId === undefined) {
      if (this.namespaces.some((one) => one.title === title))
        return no('A namespace with this account ID and title already exists. [code: 10014]')
      this.namespaces.push({ id: 'abc123', title })
    }
    if (this.fault === 'after-namespace') return no('A request to the Cloudflare API failed.')
    const isSecond = this.deployed !== undefined
    if (this.fault === 'second-deploy' && isSecond)
      return no('A request to the Cloudflare API failed.')
    this.deployed = { secrets, vars: { PUBLIC_ORIGIN: this.#read('PUBLIC_ORIGIN') } }
    if (this.fault === 'after-upload') return no('The triggers could not be deployed.')
    const event = JSON.stringify({ type: 'deploy', version: 1, targets: [this.url] })
    return { ...ok('Uploaded\n'), event }
  }

  #read(name: string): string {
    return new RegExp(`^${name} = "(.*)"`, 'm').exec(readFileSync(this.config, 'utf8'))?.[1] ?? ''
  }

  /** The Worker starts with the first call that comes after a deploy. Its data begins anew if a setting has changed. */
  async #worker(): Promise<RunningWorker> {
    const { secrets, vars } = this.deployed ?? { secrets: {}, vars: {} }
    const state = JSON.stringify({ ...vars, ...secrets })
    if (this.#running?.state === state) return this.#running.worker
    await this.#running?.worker.dispose()
    const worker = await takeWorker({
      config: 'wrangler.toml',
      name: 'gateway',
      vars: { ...vars, ...secrets },
      entry: PLAIN,
      onLog: () => undefined,
    })
    this.#running = { worker, state }
    return worker
  }

  async #serve({ method = 'GET', url = '/', headers }: IncomingMessage, body: string) {
    if (!this.deployed || this.fault === 'silent') return undefined
    const { url: origin } = await this.#worker()
    const { authorization = '', 'content-type': type = 'text/plain' } = headers
    const answer = await fetch(origin + url, {
      method,
      headers: { authorization, 'content-type': type },
      ...(body ? { body } : {}),
    })
    const isLost = this.fault === 'lost' && method === 'POST'
    if (isLost) {
      this.fault = undefined
      return undefined
    }
    return { status: answer.status, body: await answer.text() }
  }

  /** Without an answer the connection is broken. */
  async #listen(
    answer: (
      request: IncomingMessage,
      body: string
    ) => Promise<{ status: number; body: string } | undefined>
  ): Promise<string> {
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request) body += String(piece)
      const said = await answer(request, body).catch(() => undefined)
      if (!said) return request.socket.destroy()
      response.writeHead(said.status, { 'content-type': 'application/json' })
      response.end(said.body)
    })
    this.#servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
}
