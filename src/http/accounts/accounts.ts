/** `/v1/{provider}/accounts`: lists, adds, checks, changes and removes accounts, as in seeds 000, 001 and 004. */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { findAccount, type Account } from '#domain/accounts/account.ts'
import { choiceOf, PRIORITY_MAX, WEIGHT_MAX } from '#domain/accounts/balancing.ts'
import { AppError, NO_CONFIGURATION } from '#domain/runtime/errors.ts'
import { detailsOf } from '#flows/accounts/account-details.ts'
import { addAccount, changeChoice, changeLimit } from '#flows/accounts/add-account.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { notePartial } from '#http/request/partial.ts'
import { readBody, readQuery } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'
import { testAccount, testView } from './account-test.ts'
import { drainAccount } from './drain.ts'
import { accountView, seeAccounts, shownAs, toShown, toView } from './account-view.ts'

const NOT_THIS = 'Account configuration not found. To create configuration use POST /accounts.'

const errors = { 401: ownError, 402: ownError }
const removal = z.object({ now: z.optional(z.enum(['true', 'false'])) })

export function accounts(provider: Provider): App {
  const app = newApp()
  const { name } = provider
  const form = accountForm(provider)

  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/',
      summary: `Add, update or check a ${name} account`,
      body: form,
      form: true,
      answers: {
        200: accountView,
        201: accountView,
        ...errors,
        403: ownError,
        404: ownError,
        409: ownError,
        502: ownError,
      },
    },
    async (c) => {
      const limited = accountForm(provider, provider.accounts.maxJobsLimit(c.get('ports').settings))
      const lacking = (fields: Record<string, unknown>) => lackingIn(provider, fields)
      const read = await readBody(c, limited, { ignoresBlanks: true, lacking })
      return save(c, provider, read as AccountForm)
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/',
      summary: `All ${name} accounts, by email`,
      answers: { 200: z.record(z.string(), accountView), ...errors, 404: NO_CONFIGURATION },
    },
    async (c) => {
      const { accounts: all } = await c.get('ports').accounts.fresh(c.get('caller').tenant, name)
      if (all.length === 0) throw new AppError('no_accounts', NO_CONFIGURATION, { plainText: true })
      const ports = c.get('ports')
      const seen = await seeAccounts(ports, all)
      const views = all.map((one) => [one.email, shownAs(ports, provider, one, seen.get(one))])
      notePartial(
        c,
        all.filter((one) => !seen.has(one)).map((account) => ({ account }))
      )
      return c.json(Object.fromEntries(views) as Record<string, unknown>)
    }
  )

  route(
    app,
    {
      method: 'get',
      path: '/{email}',
      summary: `One ${name} account`,
      answers: { 200: accountView, ...errors, 404: NOT_THIS },
    },
    async (c) => {
      const account = await find(c, provider)
      const [shown, details] = await Promise.all([
        toView(c.get('ports'), provider, account),
        detailsOf(c.get('ports'), provider, account),
      ])
      return c.json({ ...shown, ...details })
    }
  )

  changing(app, provider)
  return app
}

function changing(app: App, provider: Provider): void {
  route(
    app,
    {
      method: 'patch',
      needs: 'full',
      path: '/{email}',
      summary: `Change the limit, weight or priority of a ${provider.name} account`,
      body: ANY_CHANGE,
      answers: { 200: accountView, 400: ownError, ...errors, 403: ownError, 404: NOT_THIS },
    },
    async (c) => change(c, provider, await find(c, provider))
  )

  route(
    app,
    {
      method: 'delete',
      needs: 'full',
      path: '/{email}',
      summary: `Remove a ${provider.name} account`,
      query: removal,
      answers: { 204: '', ...errors, 403: ownError, 404: NOT_THIS },
    },
    async (c) => remove(c, provider, await find(c, provider))
  )

  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/{email}/unpark',
      summary: `End the parking of a ${provider.name} account`,
      answers: { 200: accountView, ...errors, 403: ownError, 404: NOT_THIS },
    },
    async (c) => unpark(c, provider, await find(c, provider))
  )

  for (const isDrained of [true, false]) {
    const what = isDrained ? 'Let the jobs of' : 'Let new jobs start again on'
    const then = isDrained ? ' end, and start no new ones on it' : ''
    route(
      app,
      {
        method: 'post',
        needs: 'full',
        path: isDrained ? '/{email}/drain' : '/{email}/undrain',
        summary: `${what} a ${provider.name} account${then}`,
        answers: { 200: accountView, ...errors, 403: ownError, 404: NOT_THIS, 409: ownError },
      },
      async (c) => drainAccount(c, provider, await find(c, provider), isDrained)
    )
  }

  route(
    app,
    {
      method: 'post',
      needs: 'full',
      path: '/{email}/test',
      summary: `Ask ${provider.name} now whether an account works, by a free read`,
      answers: { 200: testView, ...errors, 403: ownError, 404: NOT_THIS },
    },
    async (c) => c.json(await testAccount(c, provider, await find(c, provider)))
  )
}

async function save(c: Context<AppEnv>, provider: Provider, form: AccountForm): Promise<Response> {
  const { email, maxJobs, dryRun, weight, priority, ...fields } = form
  const choice = choiceOf({ weight, priority })
  const ports = c.get('ports')
  const { tenant } = c.get('caller')
  const isLimitOnly = Object.values(fields).every((value) => value === undefined)
  if (isLimitOnly && email !== undefined && !dryRun) {
    const before = findAccount(await ports.accounts.list(tenant, provider.name), email)
    const parked = before ? (await ports.slots(before.key).view(tenant)).parkings : []
    const by = actorOf(c)
    const limited = await changeLimit(ports, provider, { tenant, email, maxJobs, by })
    const account = await changeChoice(ports, provider, limited, { change: choice, by })
    const shown = await toView(c.get('ports'), provider, account)
    // A new limit ends the account's parkings.
    const unparked =
      'parked' in shown || parked.length === 0 ? {} : { unparked: parked.map(toShown) }
    return c.json({ ...shown, ...unparked })
  }
  const isDryRun = dryRun === true
  const { account, isNew } = await addAccount(ports, provider, {
    tenant,
    maxJobs,
    fields,
    choice,
    isDryRun,
    by: actorOf(c),
    publicOrigin: ports.settings.publicOrigin || new URL(c.req.url).origin,
    ...(email === undefined ? {} : { email }),
  })
  if (!isDryRun) {
    const event = isNew ? 'account_added' : 'account_updated'
    ports.log(event, { provider: provider.name, tenant, email: account.email })
  }
  const shown = { ...provider.accounts.toView(account), ...choiceOf(account) }
  return c.json(shown, isDryRun ? 200 : 201)
}

async function change(c: Context<AppEnv>, provider: Provider, account: Account): Promise<Response> {
  const ports = c.get('ports')
  const ceiling = provider.accounts.maxJobsLimit(ports.settings)
  const { maxJobs, ...choice } = await readBody(c, changeForm(ceiling))
  const by = actorOf(c)
  const { tenant, email } = account
  const limited =
    maxJobs === undefined
      ? account
      : await changeLimit(ports, provider, { tenant, email, maxJobs, by })
  const changed = await changeChoice(ports, provider, limited, { change: choice, by })
  return c.json(await toView(ports, provider, changed))
}

async function remove(c: Context<AppEnv>, provider: Provider, account: Account): Promise<Response> {
  const ports = c.get('ports')
  const { tenant, email, key } = account
  const { now } = readQuery(c, removal)
  const snapshot = await ports
    .desk(tenant, provider.name)
    .removeAccount(email, now === 'true', actorOf(c))
  if (snapshot) ports.accounts.remember(tenant, provider.name, snapshot)
  ports.hints.forget(key)
  ports.log('account_removed', { provider: provider.name, tenant, email, isNow: now === 'true' })
  return c.body(null, 204)
}

async function unpark(c: Context<AppEnv>, provider: Provider, account: Account): Promise<Response> {
  const ports = c.get('ports')
  const { key, tenant, email } = account
  // The audit line comes first, so that no account is unparked without one.
  const entry = { action: 'account.unparked', tenant, provider: provider.name } as const
  await ports
    .desk(tenant, provider.name)
    .noteAudit({ ...entry, subject: account.email }, actorOf(c))
  if (account.isImported === true) {
    const saved = await ports.desk(tenant, provider.name).endImport(email)
    if (saved.ok) ports.accounts.remember(tenant, provider.name, saved.snapshot)
  } else await ports.slots(key).unpark(tenant)
  ports.hints.forget(key)
  ports.log('unparked', { provider: provider.name, tenant, email, scope: 'all' })
  return c.json(await toView(c.get('ports'), provider, account))
}

/** Checks only that the email fits into a path and a header. */
const EMAIL = /^[^\s@/\\]+@[^\s@/\\]+$/

function isPrintable(text: string): boolean {
  return !/\p{C}/u.test(text)
}

export const accountEmail = z
  .string()
  .check(
    z.trim(),
    z.minLength(3),
    z.maxLength(254),
    z.regex(EMAIL, 'is not an email address'),
    z.refine(isPrintable, 'is not an email address')
  )

export function maxJobsField(ceiling?: number) {
  return z.int().check(z.gte(1), ...(ceiling === undefined ? [] : [z.lte(ceiling)]))
}

interface AccountForm {
  email?: string
  maxJobs: number
  weight?: number
  priority?: number
  dryRun?: boolean
  [field: string]: unknown
}

const weightField = z.int().check(z.gte(1), z.lte(WEIGHT_MAX))
const priorityField = z.int().check(z.gte(1), z.lte(PRIORITY_MAX))

/** Null: as if it had never been set. */
function changeForm(ceiling?: number) {
  return z.strictObject({
    maxJobs: z.optional(maxJobsField(ceiling)),
    weight: z.optional(z.nullable(weightField)),
    priority: z.optional(z.nullable(priorityField)),
  })
}

const ANY_CHANGE = changeForm()

/** `ceiling` is a setting; the schema in the OpenAPI text does not have it. */
function accountForm(provider: Provider, ceiling?: number) {
  return z.strictObject({
    email: z.optional(accountEmail),
    ...provider.accounts.fields,
    maxJobs: maxJobsField(ceiling),
    weight: z.optional(weightField),
    priority: z.optional(priorityField),
    dryRun: z.optional(z.boolean()),
  })
}

/** An email alone is enough to change a limit. Otherwise one field of the credential is needed. */
function lackingIn(provider: Provider, fields: Record<string, unknown>): string[] {
  const { needsOneOf } = provider.accounts
  const names = ['email', ...Object.keys(provider.accounts.fields)]
  if (!needsOneOf || names.some((name) => fields[name] !== undefined)) return []
  return [`one of ${needsOneOf.join(', ')}`]
}

async function find(c: Context<AppEnv>, provider: Provider): Promise<Account> {
  const snapshot = await c.get('ports').accounts.fresh(c.get('caller').tenant, provider.name)
  const account = findAccount(snapshot, c.req.param('email') ?? '')
  if (!account) throw new AppError('account_not_found', NOT_THIS, { plainText: true })
  return account
}
