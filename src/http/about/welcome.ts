/** `GET /` names the gateway and its version. `GET /healthz` says whether it can serve. Neither needs a token or calls anything. */
import type { Context, Next } from 'hono'
import { AppError } from '#domain/runtime/errors.ts'
import { VERSION } from '#domain/runtime/version.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { respondError } from '#http/request/respond-error.ts'

/** Answers `/` only. The router also sends `//` here, which goes on to the 404. A browser is sent to the dashboard. */
export async function welcome(c: Context<AppEnv>, next: Next): Promise<Response | undefined> {
  if (new URL(c.req.url).pathname !== '/') return void (await next())
  if (c.req.header('accept')?.includes('text/html')) return c.redirect('/dashboard')
  const names = PROVIDERS.map(({ name }) => name)
  return c.json({
    name: 'heygen-gateway',
    version: VERSION,
    about: 'Many accounts behind one URL and one token.',
    dropIn: names.map((name) => `/${name}/*`),
    accounts: names.map((name) => `/v1/${name}/accounts`),
    dashboard: '/dashboard',
    docs: '/docs',
    openapi: '/openapi.json',
    health: '/healthz',
    readOn:
      'README.md and docs/ of the repository: docs/errors.md for errors, docs/operate.md for operators',
  })
}

/** 503 with the name of the bad setting, if there is one. Never shows its value. */
export function healthz(settingsProblem: (env: Env, origin: string) => AppError | undefined) {
  return (c: Context<AppEnv>): Response => {
    const problem = settingsProblem(c.env, new URL(c.req.url).origin)
    if (!problem) return c.json({ ok: true })
    return c.json({ ok: false, error: problem.message }, 503)
  }
}

export function notFound(c: Context<AppEnv>): Response {
  return respondError(new AppError('not_found', 'There is no such path.'), c)
}
