/** Loads the Worker's source in Node and lists its routes, with the descriptions that `route()` kept. Nothing is started and nothing is called. */
import { registerHooks } from 'node:module'
import { readFileSync } from 'node:fs'
import type * as z from 'zod'

/** `Described` of src/http/request/route.ts, which cannot be imported here: it needs the types of workerd. */
export interface Described {
  summary: string
  isAdmin?: boolean
  needs?: 'use' | 'full'
  body?: z.core.$ZodObject
  form?: boolean
  eachOf?: z.core.$ZodObject
  query?: z.core.$ZodObject
  answers: Record<number, z.core.$ZodType | string>
}

export interface AppRoute {
  method: string
  /** The whole path, with `{name}` for parameters and no slash at the end. */
  path: string
  /** Absent: the route was not mounted with `route()`. */
  described?: Described
}

export type DescribedRoute = AppRoute & { described: Described }

/** What Node lacks: workerd's own modules, and JSON without an import attribute, which the Worker's bundler reads. */
const WORKERD = `data:text/javascript,${encodeURIComponent(
  'export class DurableObject {}; export class WorkerEntrypoint {}; export const env = {}'
)}`

function allowWorkerSource(): void {
  registerHooks({
    resolve: (name, context, next) =>
      name.startsWith('cloudflare:') ? { url: WORKERD, shortCircuit: true } : next(name, context),
    load: (url, context, next) => {
      if (!url.endsWith('/package.json')) return next(url, context)
      const { version } = JSON.parse(readFileSync(new URL(url), 'utf8')) as { version: string }
      const source = `export const version = ${JSON.stringify(version)}`
      return { format: 'module', source, shortCircuit: true }
    },
  })
}

export async function routesOfApp(): Promise<{ routes: AppRoute[]; ownError: z.core.$ZodType }> {
  allowWorkerSource()
  const { default: app } = (await import('../../../src/index.ts' as string)) as {
    default: { routes: { method: string; path: string; handler: object }[] }
  }
  const { descriptions, ownError } = (await import(
    '../../../src/http/request/route.ts' as string
  )) as {
    descriptions: WeakMap<object, Described>
    ownError: z.core.$ZodType
  }
  const routes = app.routes.flatMap(({ method, path, handler }) => {
    if (method === 'ALL' || path.includes('*')) return []
    const described = descriptions.get(handler)
    const shown = path.replaceAll(/:(\w+)/g, '{$1}').replace(/(.)\/$/, '$1')
    return [{ method: method.toLowerCase(), path: shown, ...(described ? { described } : {}) }]
  })
  return { routes, ownError }
}
