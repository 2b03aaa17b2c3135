/** Answers 405, with Allow, where one of our own paths does not have the method. */
import { createMiddleware } from 'hono/factory'
import { AppError } from '#domain/runtime/errors.ts'
import { addressOf } from './address.ts'
import type { AppEnv } from './app-env.ts'
import type { App } from './route.ts'

interface OwnPath {
  form: RegExp
  methods: Set<string>
}

/** Reads the routes at the first request, because most are mounted after this middleware. */
export function knownMethods(app: App) {
  let known: OwnPath[] | undefined
  return createMiddleware<AppEnv>(async function knownMethods(c, next) {
    const { pathname, surface } = addressOf(c)
    if (surface.kind === 'own') {
      known ??= pathsOf(app)
      refuse(known, pathname.replace(/(.)\/$/, '$1'), c.req.method)
    }
    await next()
  })
}

function refuse(known: OwnPath[], path: string, method: string): void {
  const here = known.filter(({ form }) => form.test(path))
  const methods = new Set(here.flatMap((one) => [...one.methods]))
  if (methods.has('GET')) methods.add('HEAD')
  if (methods.size === 0 || methods.has(method)) return
  const allow = [...methods].toSorted().join(', ')
  throw new AppError(
    'method_not_allowed',
    `This path does not support ${method}. It supports ${allow}.`,
    {
      allow,
    }
  )
}

function pathsOf(app: App): OwnPath[] {
  const byPath = new Map<string, Set<string>>()
  for (const { method, path } of app.routes) {
    if (method === 'ALL' || path.includes('*')) continue
    const methods = byPath.get(path) ?? new Set()
    byPath.set(path, methods.add(method))
  }
  return [...byPath].map(([path, methods]) => ({ form: toForm(path), methods }))
}

function toForm(path: string): RegExp {
  const segments = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', String.raw`\.`)))
  return new RegExp(`^${segments.join('/').replace(/(.)\/$/, '$1')}$`)
}
