/**
 * Runs wrangler, which must be on PATH, as npm puts it there. What it says is read in its documented forms: JSON on its standard
 * output, and the file that WRANGLER_OUTPUT_FILE_PATH names. Secrets go to it in a file that only its owner can read, and never as an
 * argument, since everybody on the machine can read arguments.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

interface Ran {
  code: number
  out: string
  /** What it wrote for machines, one JSON text a line. */
  events: Record<string, unknown>[]
}

export class Wrangler {
  readonly #config: string
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-setup-'))

  constructor(config: string) {
    this.#config = config
    process.once('exit', () => this.dispose())
  }

  /** Removes the secrets and everything else in the temporary folder. */
  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async isLoggedIn(): Promise<boolean> {
    return (await this.#run(['whoami', '--json'], 'read')).code === 0
  }

  /** The names of the Worker's secrets. Undefined: there is no Worker of this name yet. */
  async secretNames(): Promise<string[] | undefined> {
    const { code, out } = await this.#run(['secret', 'list'], 'read')
    if (code !== 0 && /^.*Worker "[^"\n]*".* not found/m.test(out)) return undefined
    return namesIn(listIn(code, out, 'secret list'), 'name')
  }

  /** The id of the KV namespace with this title. */
  async namespaceId(title: string): Promise<string | undefined> {
    const { code, out } = await this.#run(['kv', 'namespace', 'list'], 'read')
    const found = listIn(code, out, 'kv namespace list').find((one) => one['title'] === title)
    return found && String(found['id'])
  }

  /** Returns the addresses of the Worker, as wrangler says them. `secrets` are set, the Worker's others stay. */
  async deploy(secrets: Record<string, string> = {}): Promise<string[]> {
    const file = path.join(this.#folder, 'secrets.json')
    const hasSecrets = Object.keys(secrets).length > 0
    if (hasSecrets) writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    try {
      const more = hasSecrets ? ['--secrets-file', file] : []
      const { code, events } = await this.#run(['deploy', ...more], 'show')
      if (code !== 0) throw new Error('wrangler deploy failed. What it said stands above.')
      const deployed = events.findLast(({ type }) => type === 'deploy')
      const targets = deployed?.['targets']
      return Array.isArray(targets) ? targets.map(String) : []
    } finally {
      rmSync(file, { force: true })
    }
  }

  /** `show`: the person sees what wrangler says, and can answer its questions. */
  async #run(args: string[], how: 'read' | 'show'): Promise<Ran> {
    const events = path.join(this.#folder, 'events')
    rmSync(events, { force: true })
    const { ADMIN_TOKEN: _, MASTER_KEYS: __, ...env } = process.env
    const child = spawn('wrangler', [...args, '--config', this.#config], {
      stdio: how === 'show' ? 'inherit' : ['inherit', 'pipe', 'pipe'],
      env: { ...env, WRANGLER_OUTPUT_FILE_PATH: events },
      // On Windows it is a .cmd, which only a shell starts.
      shell: process.platform === 'win32',
    })
    let out = ''
    child.stdout?.on('data', (piece: Buffer) => (out += piece.toString()))
    child.stderr?.on('data', (piece: Buffer) => (out += piece.toString()))
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', () =>
        reject(new Error('wrangler was not found. Run it as npm run setup.'))
      )
      child.once('close', (ended) => resolve(ended ?? 1))
    })
    return { code, out, events: eventsIn(events) }
  }
}

function eventsIn(file: string): Record<string, unknown>[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  } catch {
    return []
  }
}

/** wrangler may print a note before its JSON. */
function listIn(code: number, out: string, what: string): Record<string, unknown>[] {
  const [text] = /^\[[\s\S]*^\]|^\[\]/m.exec(out) ?? []
  if (code === 0 && text !== undefined) return JSON.parse(text) as Record<string, unknown>[]
  throw new Error(`wrangler ${what} failed:\n${out.trim().slice(0, 2000)}`)
}

function namesIn(list: Record<string, unknown>[], member: string): string[] {
  return list.map((one) => String(one[member]))
}
