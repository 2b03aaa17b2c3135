/** Reads a wrangler.toml and bundles its Worker with esbuild, as wrangler does. */
import path from 'node:path'
import { build, type OutputFile } from 'esbuild'
import { keptOnce } from './kept-once.ts'

/** The members of the configuration that are read here. wrangler's own type is in a package that it does not ship. */
export type WranglerConfig = {
  name?: string
  main?: string
  configPath?: string
  compatibility_date?: string
  compatibility_flags: string[]
  vars: Record<string, string>
  kv_namespaces: { binding: string; id?: string }[]
  durable_objects: { bindings: { name: string; class_name: string }[] }
  migrations: { new_sqlite_classes?: string[] }[]
  exports?: Record<string, { type: string; storage?: string }>
  ratelimits?: {
    name: string
    namespace_id: string
    simple: { limit: number; period: 10 | 60 }
  }[]
  assets?: { directory?: string; binding?: string }
}

/** wrangler takes seconds to load, so it is loaded only if no earlier result was kept. */
export function readWrangler(config: string): Promise<WranglerConfig> {
  return keptOnce(`config ${config}`, async () => {
    const { unstable_readConfig: readConfig } = await import('wrangler')
    return readConfig({ config }, { hideWarnings: true }) as WranglerConfig
  })
}

/** The texts of a Worker's modules by their names, and the name of the first. */
export interface Modules {
  main: string
  texts: Record<string, string>
}

/** A Worker in one text. */
export async function bundle(entry: string): Promise<string> {
  const { main, texts } = await modulesOf(entry)
  return texts[main] ?? ''
}

/** The result is kept, because tests start the same Worker many times. */
export function modulesOf(entry: string, alias: Record<string, string> = {}): Promise<Modules> {
  return keptOnce(nameOf(entry, alias), async () => {
    const [file] = await buildAll([entry], { alias })
    if (!file) throw new Error(`esbuild made nothing of ${path.basename(entry)}`)
    return { main: MAIN, texts: { [MAIN]: file.text } }
  })
}

/**
 * Builds Workers that have most of their modules in common, and keeps them for `modulesOf`. That takes as long as building one of
 * them. A module that must be evaluated before another one may be evaluated later here: esbuild only keeps the order in a Worker
 * that is built by itself.
 */
export async function prepareWorkers(entries: string[]): Promise<void> {
  const files = await buildAll(entries, { splitting: true })
  const texts = Object.fromEntries(
    files.map((file) => [path.relative(OUT, file.path), file.text] as const)
  )
  const mains = new Set(entries.map(mainOf))
  const common = Object.entries(texts).filter(([name]) => !mains.has(name))
  await Promise.all(
    entries.map((entry) => {
      const main = mainOf(entry)
      const own = { ...Object.fromEntries(common), [main]: texts[main] ?? '' }
      return keptOnce(nameOf(entry, {}), async () => ({ main, texts: own }))
    })
  )
}

const MAIN = 'bundle.js'
/** Nothing is written there. */
const OUT = path.resolve('.built')

function nameOf(entry: string, alias: Record<string, string>): string {
  return JSON.stringify(['modules', path.resolve(entry), alias])
}

/** The name of an entry among the files that are built together. */
function mainOf(entry: string): string {
  return path.relative('.', entry).replace(/\.ts$/, '.js')
}

async function buildAll(
  entries: string[],
  options: { splitting?: boolean; alias?: Record<string, string> }
): Promise<OutputFile[]> {
  const { outputFiles } = await build({
    entryPoints: entries,
    outdir: OUT,
    outbase: '.',
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    logLevel: 'silent',
    ...options,
  })
  return outputFiles
}
