/**
 * `/v1/{provider}/accounts/sign-in`: adds an account by a sign-in that a person approves in a browser. The desk waits for the person
 * (docs/rfc/0005-sign-in.md). These paths come before `/accounts/{email}`.
 */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { findAccount } from '#domain/accounts/account.ts'
import { PENDING_MAX, type DeviceCodes, type SignIn } from '#domain/accounts/sign-in.ts'
import type { SignInAnswer } from '#domain/ports/desk.ts'
import { AppError } from '#domain/runtime/errors.ts'
import { RETRY_AFTER_SECONDS_MAX } from '#domain/text/retry-after.ts'
import { CannotOpen } from '#domain/access/sealed-text.ts'
import { keyMissing, logMissingKey } from '#flows/access/missing-master-key.ts'
import { openSignIn } from '#flows/accounts/sign-in.ts'
import type { Provider, ProviderSignIn } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { readBody } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import { accountView, toView } from './account-view.ts'
import { accountEmail, maxJobsField } from './accounts.ts'

const codes = {
  id: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.optional(z.string()),
  expires_in: z.int(),
  interval: z.int(),
}
const begun = z.object({ ...codes, status: z.literal('pending') })
const state = z
  .object({
    ...z.partial(z.object(codes)).shape,
    id: z.string(),
    status: z.enum(['pending', 'done', 'denied', 'expired', 'failed', 'cancelled']),
    account: z.optional(accountView),
    error: z.optional(z.string()),
  })
  .register(z.globalRegistry, { id: 'SignIn' })

const KEY_MISSING =
  'The codes of this sign-in cannot be opened: the master key that sealed them is not in MASTER_KEYS.'
const NOT_FOUND = 'There is no such sign-in. It may have ended more than a day ago.'
const WHY = {
  denied: 'The person refused. Start a new sign-in.',
  expired: 'Nobody approved in time. Start a new sign-in.',
  failed: 'The sign-in failed. Start a new one.',
  cancelled: 'It was cancelled.',
}

export function signIns(provider: Provider, signIn: ProviderSignIn): App {
  const app = newApp()
  const { name } = provider

  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/',
      summary: `Start to add a ${name} account by a sign-in in a browser`,
      body: formOf(),
      form: true,
      answers: { 202: begun, 501: ownError, 502: ownError },
    },
    async (c) => {
      const missing = signIn.missingSetting(c.get('ports').settings)
      if (missing !== undefined) throw new AppError('not_implemented', missing)
      const limited = formOf(provider.accounts.maxJobsLimit(c.get('ports').settings))
      return begin(c, provider, await readBody(c, limited, { ignoresBlanks: true }))
    }
  )

  route(
    app,
    {
      method: 'get',
      needs: 'full',
      path: '/{id}',
      summary: `Whether a ${name} sign-in was approved`,
      answers: { 200: state, 404: ownError, 503: ownError },
    },
    async (c) => {
      const id = c.req.param('id') ?? ''
      const found = await c.get('ports').desk(c.get('caller').tenant, name).findSignIn(id)
      if (!found) throw new AppError('not_found', NOT_FOUND)
      return c.json(await toState(c, provider, found), 200, NO_STORE)
    }
  )

  route(
    app,
    {
      method: 'delete',
      needs: 'full',
      path: '/{id}',
      summary: `Cancel a ${name} sign-in that waits for the person`,
      answers: { 204: '', 404: ownError, 409: ownError },
    },
    async (c) => {
      const id = c.req.param('id') ?? ''
      const desk = c.get('ports').desk(c.get('caller').tenant, name)
      const found = await desk.cancelSignIn(id, actorOf(c))
      if (!found) throw new AppError('not_found', NOT_FOUND)
      if (found.status === 'cancelled') return c.body(null, 204)
      const how = found.status === 'granted' ? 'was approved' : `has ended: ${found.status}`
      throw new AppError('conflict', `The sign-in ${how}. It cannot be cancelled any more.`)
    }
  )
  return app
}

const NO_STORE = { 'cache-control': 'no-store' }

/** `ceiling` is a setting; the schema in the OpenAPI text does not have it. */
function formOf(ceiling?: number) {
  return z.strictObject({ maxJobs: maxJobsField(ceiling), email: z.optional(accountEmail) })
}

async function begin(
  c: Context<AppEnv>,
  provider: Provider,
  { maxJobs, email }: { maxJobs: number; email?: string | undefined }
): Promise<Response> {
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const wish = {
    id: ports.newId(),
    maxJobs,
    publicOrigin: ports.settings.publicOrigin || new URL(c.req.url).origin,
    ...(email === undefined ? {} : { email }),
  }
  const answer = await ports.desk(tenant, provider.name).beginSignIn(wish, actorOf(c))
  if (!answer.ok) throw refusalOf(c, provider, answer)
  ports.log('sign_in_begun', { provider: provider.name, tenant })
  return c.json(await toState(c, provider, answer.signIn), 202, NO_STORE)
}

function refusalOf(
  c: Context<AppEnv>,
  { name }: Provider,
  answer: Exclude<SignInAnswer, { ok: true }>
): AppError {
  switch (answer.reason) {
    case 'closed':
      return new AppError('unauthorized', 'Unauthorized')
    case 'full': {
      const message = `${PENDING_MAX} sign-ins wait for a person already. Approve or cancel one of them, or wait until one expires.`
      return new AppError('token_limit', message, { retryAfterSeconds: RETRY_AFTER_SECONDS_MAX })
    }
    case 'setup':
      c.get('ports').log('sign_in_client_refused', { provider: name, message: answer.message })
      return new AppError('not_implemented', answer.message)
    case 'unreachable':
      return new AppError('upstream_unreachable', answer.message)
  }
}

async function toState(c: Context<AppEnv>, provider: Provider, signIn: SignIn) {
  const { id, status, account: email, reason } = signIn
  if (status === 'pending') return { id, status, ...(await toCodes(c, provider, signIn)) }
  if (status === 'granted') return { id, status: 'pending' }
  if (status !== 'done') return { id, status, error: reason ?? WHY[status] }
  const { tenant } = c.get('caller')
  const snapshot = await c.get('ports').accounts.fresh(tenant, provider.name)
  const account = email === undefined ? undefined : findAccount(snapshot, email)
  // The desk saved it. What this isolate remembers of it is from before.
  if (account) c.get('ports').hints.forget(account.key)
  return {
    id,
    status,
    ...(account ? { account: await toView(c.get('ports'), provider, account) } : {}),
  }
}

async function toCodes(c: Context<AppEnv>, provider: Provider, signIn: SignIn) {
  const ports = c.get('ports')
  const where = { provider: provider.name, tenant: c.get('caller').tenant }
  const opening = openSignIn<DeviceCodes>(ports, where, signIn)
  const open = await opening.catch((error: unknown) => {
    if (!(error instanceof CannotOpen)) throw error
    logMissingKey(ports, 'sign-in', error)
    throw keyMissing(KEY_MISSING)
  })
  const { userCode, verificationUri, verificationUriComplete: complete } = open
  return {
    user_code: userCode,
    verification_uri: verificationUri,
    ...(complete === undefined ? {} : { verification_uri_complete: complete }),
    expires_in: Math.max(0, Math.ceil((signIn.expiresAt - ports.now()) / 1000)),
    interval: Math.ceil(signIn.paceMs / 1000),
  }
}
