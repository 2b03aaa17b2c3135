/**
 * Loads the Worker's own source, unmodified, into this process. `cloudflare:workers` is the only module that Node does not have. A
 * planted fault replaces one text of one file.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

interface Gateway {
  fetch(request: Request, env: unknown, context: unknown): Response | Promise<Response>
}

export type Methods = Record<string, (...values: unknown[]) => unknown>
type ObjectClass = new (context: unknown, env: unknown) => Methods

export interface Build {
  gateway: Gateway
  AccountSlots: ObjectClass
  TenantDesk: ObjectClass
  /** An earlier build, for plans in which the Worker is renewed. */
  before?: Build
}

/** One sabotage: `from` stands exactly once in the file. */
export interface Sabotage {
  file: string
  from: string
  to: string
}

const CLOUDFLARE = `
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env } }
  export class WorkerEntrypoint extends DurableObject {}
  export class RpcTarget {}`

export async function loadBuild(root: string, sabotages: readonly Sabotage[] = []): Promise<Build> {
  const left = new Map(sabotages.map((one) => [pathToFileURL(`${root}/${one.file}`).href, one]))
  registerHooks({
    resolve: (name, context, next) =>
      name === 'cloudflare:workers'
        ? { url: 'sim:cloudflare-workers', shortCircuit: true }
        : next(name, context),
    load: (url, context, next) => {
      if (url === 'sim:cloudflare-workers')
        return { format: 'module', source: CLOUDFLARE, shortCircuit: true }
      if (url.startsWith('file:') && url.endsWith('.json'))
        return { format: 'module', source: jsonModule(url), shortCircuit: true }
      const loaded = next(url, context)
      const sabotage = left.get(url)
      if (!sabotage) return loaded
      left.delete(url)
      return { ...loaded, source: planted(String(loaded.source), sabotage) }
    },
  })
  const module = (await import(pathToFileURL(`${root}/src/index.ts`).href)) as {
    default: Gateway
    AccountSlots: ObjectClass
    TenantDesk: ObjectClass
  }
  const [missed] = left.values()
  if (missed) throw new Error(`${missed.file} was not loaded`)
  const { default: gateway, AccountSlots, TenantDesk } = module
  return { gateway, AccountSlots, TenantDesk }
}

/** A JSON file as bundlers read it: each member is an export of its own. */
function jsonModule(url: string): string {
  const members = JSON.parse(readFileSync(new URL(url), 'utf8')) as Record<string, unknown>
  return Object.entries(members)
    .map(([name, value], n) => {
      const text = JSON.stringify(value)
      return `const m${n} = ${text}; export { m${n} as ${JSON.stringify(name)} }`
    })
    .join('\n')
}

function planted(source: string, { file, from, to }: Sabotage): string {
  if (source.split(from).length !== 2) throw new Error(`${file} does not hold once: ${from}`)
  return source.replace(from, () => to)
}
