/**
 * `POST /v1/{provider}/queue/pause` and `/resume`: all of the line, an account, a token, or a token at one account. Nothing is started
 * there. Creations are queued as before, and deadlines go on.
 */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { findAccount } from '#domain/accounts/account.ts'
import { emailOf, type Pause } from '#domain/line/pauses.ts'
import { laneName } from '#domain/queue/item-lists.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readBody } from '#http/request/read-body.ts'
import { ownError, route, type App } from '#http/request/route.ts'

const text = z.optional(z.string().check(z.minLength(1), z.maxLength(254)))
const form = z.strictObject({ account: text, token: text })
export const pausedShape = z.array(
  z.object({ account: z.optional(z.string()), token: z.optional(z.string()) })
)
const paused = z.object({ paused: pausedShape })

const answers = {
  200: paused,
  400: ownError,
  401: ownError,
  402: ownError,
  403: ownError,
  404: ownError,
}

export function addPauses(app: App, provider: Provider): void {
  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/pause',
      summary: 'Start nothing that is queued: at all, on an account, of a token, or both',
      body: form,
      answers,
    },
    (c) => change(c, provider, true)
  )
  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/resume',
      summary: 'End a pause, named as when it was begun. Other pauses stand',
      body: form,
      answers,
    },
    (c) => change(c, provider, false)
  )
}

async function change(
  c: Context<AppEnv>,
  provider: Provider,
  isPaused: boolean
): Promise<Response> {
  const { account: email, token } = await readBody(c, form, { mayBeEmpty: true })
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const pause: Pause = {
    ...(token === undefined ? {} : { token }),
    ...(email === undefined ? {} : { lane: await laneOf(c, provider, email) }),
  }
  // A token that is gone may be resumed, but not paused.
  if (token !== undefined && isPaused) {
    const known = await ports.registrar.listTokens()
    const isOurs = known.some((one) => one.id === token && one.tenant === tenant)
    if (!isOurs) throw new AppError('not_found', `There is no token with the id ${token}`)
  }
  const standing = await ports.desk(tenant, provider.name).pauseLine(pause, isPaused, actorOf(c))
  ports.log(isPaused ? 'queue_paused' : 'queue_resumed', { provider: provider.name, tenant })
  return c.json({ paused: standing.map(showPause) })
}

async function laneOf(c: Context<AppEnv>, { name }: Provider, email: string): Promise<string> {
  const snapshot = await c.get('ports').accounts.fresh(c.get('caller').tenant, name)
  const account = findAccount(snapshot, email)
  if (!account) throw new AppError('not_found', `There is no account ${email}`)
  return laneName({ lane: account.email, laneSince: account.createdAt })
}

export function showPause({ lane, token }: Pause) {
  return {
    ...(lane === undefined ? {} : { account: emailOf(lane) }),
    ...(token === undefined ? {} : { token }),
  }
}
