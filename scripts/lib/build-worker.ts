/** Reads a wrangler.toml and bundles its Worker with esbuild, as wrangler does. */
import path from 'node:path'
import { build } from 'esbuild'
import { keptOnce } from './kept-once.ts'

/** Reads and builds what `runWorker` will need, so that the first start is fast. */
export async function prepareWorker({
  config,
  entry,
}: {
  config: string
  entry: string
}): Promise<void> {
  await readWrangler(path.resolve(config))
  await bundle(path.resolve(entry))
}

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

/** The result is kept, because tests start the same Worker many times. */
export async function bundle(
  entry: string | undefined,
  alias: Record<string, string> = {}
): Promise<string> {
  if (!entry) throw new Error('The wrangler.toml names no main, and no entry was given')
  const name = JSON.stringify(['bundle', entry, alias])
  return keptOnce(name, () => makeBundle(entry, alias))
}

async function makeBundle(entry: string, alias: Record<string, string>): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    alias,
    logLevel: 'silent',
  })
  const file = result.outputFiles[0]
  if (!file) throw new Error(`esbuild made nothing of ${path.basename(entry)}`)
  return file.text
}
